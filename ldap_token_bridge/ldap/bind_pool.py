"""One server's connections for users' binds: one bind at a time on each, never a search, a bounded queue."""

import asyncio
from collections import deque
from contextlib import suppress

from ldap_token_bridge.deadline import Alarm, Deadline

from .address import ServerAddress
from .channels import BindChannel
from .errors import Overloaded
from .lifetime import Lifetime, Roster
from .options import LdapOptions, Observer
from .per_user import PerUser
from .responses import Answer
from .timing import Timing

WAITING_PER_CONNECTION = 128


class BindPool:
    """Opens connections when they are needed, and keeps those whose last bind was answered."""

    def __init__(self, address: ServerAddress, options: LdapOptions, observe: Observer, roster: Roster) -> None:
        self._address = address
        self._options = options
        self._observe = observe
        self._roster = roster
        self._name = str(address)
        self._free = options.bind_connections
        self._max_waiting = WAITING_PER_CONNECTION * options.bind_connections
        self._line: deque[asyncio.Future[bool | None]] = deque()  # True: go on; None: waited too long
        self._per_user = PerUser(max(1, options.bind_connections // 2))
        self._alarm = Alarm()
        self._idle: list[tuple[BindChannel, Lifetime]] = []

    async def bind(self, dn: bytes, password: bytes, deadline: Deadline) -> Answer:
        """The server's answer to one bind.

        Raises BindInterrupted (written, no answer), another TransportFailure (nothing written), Overloaded (queue).
        """
        loop = asyncio.get_running_loop()
        if not self._per_user.entered(dn):
            await self._per_user.turn(dn, deadline.within(self._options.operation_timeout))
        try:
            return await self._bind(dn, password, deadline, loop)
        finally:
            self._per_user.leave(dn)

    @property
    def in_use(self) -> int:
        """Connections that check a password, or are being opened for it."""
        return self._options.bind_connections - self._free

    @property
    def waiting(self) -> int:
        """Binds in line for a connection."""
        return len(self._line)

    async def _bind(self, dn: bytes, password: bytes, deadline: Deadline, loop: asyncio.AbstractEventLoop) -> Answer:
        if self._free:
            self._free -= 1
        else:
            await self._turn(deadline, loop)
        try:
            self._roster.check()
            channel, lifetime = self._kept(loop.time()) or await self._new(deadline)
            with Timing(self._observe, "bind", self._name) as timing:
                answer = await channel.bind(dn, password, deadline)
                timing.finish(ok=answer.code == 0)
            lifetime.used(loop.time())
            self._idle.append((channel, lifetime))
            return answer
        finally:
            self._next()

    async def _turn(self, deadline: Deadline, loop: asyncio.AbstractEventLoop) -> None:
        """Waits in line for a connection, no longer than one operation may take."""
        if len(self._line) >= self._max_waiting:
            raise Overloaded(detail=f"{self._name}: {len(self._line)} binds wait already")
        turn: asyncio.Future[bool | None] = loop.create_future()
        self._line.append(turn)
        self._alarm.watch(turn, min(deadline.at, loop.time() + self._options.operation_timeout))
        try:
            its_turn = await turn
        except asyncio.CancelledError:
            if turn.cancelled() or not turn.result():
                self._leave(turn)
            else:
                self._next()  # it was this one's turn already
            raise
        finally:
            self._alarm.forget(turn)
        if not its_turn:
            self._leave(turn)
            raise Overloaded(detail=f"{self._name}: every bind connection was busy for too long")

    def _leave(self, turn: "asyncio.Future[bool | None]") -> None:
        """Whoever waits no longer does not count as waiting."""
        with suppress(ValueError):  # `_next` may have passed over it already
            self._line.remove(turn)

    def _next(self) -> None:
        """Gives a connection's turn to the first in line who still waits."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1

    def _kept(self, now: float) -> tuple[BindChannel, Lifetime] | None:
        """An idle connection that is alive, the last used first."""
        while self._idle:
            channel, lifetime = self._idle.pop()
            if channel.is_open and not lifetime.is_over(now):
                return channel, lifetime
            channel.hang_up()
        return None

    async def _new(self, deadline: Deadline) -> tuple[BindChannel, Lifetime]:
        with Timing(self._observe, "connect", self._name) as timing:
            channel = await BindChannel.open(self._address, self._options, deadline)
            timing.finish(ok=True)
        self._roster.add(channel)
        return channel, Lifetime(asyncio.get_running_loop().time())
