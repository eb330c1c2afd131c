"""How much of a server one account may take up: someone's hundred wrong passwords must not keep others waiting."""

import asyncio
from collections import deque

from ldap_token_bridge.deadline import Deadline

from .errors import Overloaded

WAITING_PER_USER = 64


class PerUser:
    """Lets at most `limit` binds of one DN go on at a time; a bounded number of more waits in line."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._under_way: dict[bytes, int] = {}
        self._lines: dict[bytes, deque[asyncio.Future[None]]] = {}

    def entered(self, dn: bytes) -> bool:
        """Whether there was room; then `leave` must follow, and otherwise `turn`."""
        count = self._under_way.get(dn, 0)
        if count >= self._limit:
            return False
        self._under_way[dn] = count + 1
        return True

    async def turn(self, dn: bytes, deadline: Deadline) -> None:
        """Waits for a turn; `leave` must follow. Raises Overloaded if that takes too long or too many wait."""
        line = self._lines.setdefault(dn, deque())
        if len(line) >= WAITING_PER_USER:
            raise Overloaded(detail=f"{len(line)} binds of one account wait already")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            async with asyncio.timeout_at(deadline.at):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave(dn)  # it was this one's turn already
            elif turn in line:
                line.remove(turn)
            if isinstance(error, TimeoutError):
                raise Overloaded(detail="too many binds of one account were under way for too long") from None
            raise

    def leave(self, dn: bytes) -> None:
        """Passes the turn to the next in line."""
        line = self._lines.get(dn)
        while line:
            turn = line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._lines.pop(dn, None)
        count = self._under_way[dn] - 1
        if count:
            self._under_way[dn] = count
        else:
            del self._under_way[dn]
