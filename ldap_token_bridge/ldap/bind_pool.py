"""One server's connections for users' binds: one bind at a time on each, never a search, a bounded queue."""

import asyncio

from ldap_token_bridge.deadline import Deadline

from .address import ServerAddress
from .channels import BindChannel
from .errors import DirectoryDown
from .lifetime import Lifetime, Roster
from .options import LdapOptions, Observer
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
        self._turns = asyncio.Semaphore(options.bind_connections)
        self._max_waiting = WAITING_PER_CONNECTION * options.bind_connections
        self._waiting = 0
        self._idle: list[tuple[BindChannel, Lifetime]] = []

    async def bind(self, dn: bytes, password: bytes, deadline: Deadline) -> Answer:
        """The server's answer to one bind.

        Raises BindInterrupted (written, no answer), another TransportFailure (nothing written), DirectoryDown (queue).
        """
        await self._turn(deadline)
        try:
            channel, lifetime = await self._ready(deadline)
            with Timing(self._observe, "bind", self._name) as timing:
                answer = await channel.bind(dn, password, deadline)
                timing.finish(ok=answer.code == 0)
            lifetime.used(asyncio.get_running_loop().time())
            self._idle.append((channel, lifetime))
            return answer
        finally:
            self._turns.release()

    async def _turn(self, deadline: Deadline) -> None:
        """Waits in line for a connection, no longer than one operation may take."""
        if not self._turns.locked():
            await self._turns.acquire()
            return
        if self._waiting >= self._max_waiting:
            raise DirectoryDown(detail=f"{self._name}: {self._waiting} binds wait already")
        self._waiting += 1
        try:
            async with asyncio.timeout_at(deadline.within(self._options.operation_timeout).at):
                await self._turns.acquire()
        except TimeoutError:
            raise DirectoryDown(detail=f"{self._name}: every bind connection was busy for too long") from None
        finally:
            self._waiting -= 1

    async def _ready(self, deadline: Deadline) -> tuple[BindChannel, Lifetime]:
        """An idle connection that is alive, the last used first, or a new one."""
        self._roster.check()
        now = asyncio.get_running_loop().time()
        while self._idle:
            channel, lifetime = self._idle.pop()
            if channel.is_open and not lifetime.is_over(now):
                return channel, lifetime
            channel.hang_up()
        with Timing(self._observe, "connect", self._name) as timing:
            channel = await BindChannel.open(self._address, self._options, deadline)
            timing.finish(ok=True)
        self._roster.add(channel)
        return channel, Lifetime(asyncio.get_running_loop().time())
