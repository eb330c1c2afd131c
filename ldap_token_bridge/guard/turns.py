"""No more logins at once from one address than it has failures left; the others wait, in the order they came."""

import asyncio
from collections.abc import Awaitable, Callable
from heapq import heappop, heappush
from itertools import count

from ldap_token_bridge.deadline import Deadline

Left = Callable[[str], Awaitable[tuple[int, float]]]


class Turns:
    """Who waits is not refused: most of those before may be right."""

    def __init__(self) -> None:
        self._under_way: dict[str, int] = {}
        self._queues: dict[str, list[tuple[int, asyncio.Future[None]]]] = {}  # heaps, by when they came
        self._numbers = count()

    async def take(self, client: str, left: Left, deadline: Deadline) -> float:
        """0 when it is this login's turn, which must then be given up by `done`; or the seconds until one may try.

        Raises TimeoutError at the deadline.
        """
        number = next(self._numbers)
        while True:
            failures, seconds = await left(client)
            if failures == 0:
                self._wake(client)
                return max(seconds, 1.0)
            under_way = self._under_way.get(client, 0)
            if under_way < failures:
                self._under_way[client] = under_way + 1
                self._wake(client)
                return 0.0
            await self._wait(client, deadline, number)

    def done(self, client: str) -> None:
        """A login has come to its end."""
        self._under_way[client] -= 1
        self._wake(client)

    async def _wait(self, client: str, deadline: Deadline, number: int) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._queues.setdefault(client, []), (number, mine))
        try:
            async with asyncio.timeout_at(deadline.at):
                await mine
        except BaseException:
            if not mine.cancelled():
                self._wake(client)  # the turn that this one does not take
            raise

    def _wake(self, client: str) -> None:
        """The next in the queue looks again."""
        queue = self._queues.get(client)
        while queue:
            _, first = heappop(queue)
            if not first.done():
                first.set_result(None)
                break
        if not queue:
            self._queues.pop(client, None)
            if not self._under_way.get(client):
                self._under_way.pop(client, None)

    def __len__(self) -> int:
        return len(self._under_way)
