"""One server's connections for searches: few, bound as the service account, shared by all requests at once."""

import asyncio
import math

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.values import dataclass

from .address import ServerAddress
from .channels import SearchChannel
from .errors import INSUFFICIENT_RIGHTS, Overloaded, SearchFailed, ServiceAccountRefused, TimedOut, TransportFailure
from .lifetime import Lifetime, Roster
from .model import Entry, SearchRequest
from .options import LdapOptions, Observer
from .paging import read_all
from .service_account import ServiceAccount
from .timing import Timing

MAX_PIPELINED = 500  # searches under way on one connection; slapd ends it at 1,000 (conn_max_pending_auth)
GROW_AGAIN_AFTER = 5.0  # seconds without trying to add a connection, after that has failed
WEED_AGAIN_AFTER = 1.0  # seconds in which connections that are not used are not looked at
# Who a connection is, a server decides at its bind: rights that were given since count on a new one alone. So many
# seconds it is believed that they were not.
RIGHTS_STAY = 10.0
_OWN_LIMIT = Deadline(math.inf)


@dataclass(eq=False, slots=True)
class _Slot:
    channel: SearchChannel
    lifetime: Lifetime
    retired: bool = False

    def is_over(self, now: float) -> bool:
        """Whether it is to be used no more."""
        return not self.channel.is_open or self.lifetime.is_over(now) or self.channel.is_worn


class SearchPool:
    """Opens connections when they are needed; a second one only when the first is busy, without making anyone wait."""

    def __init__(
        self, address: ServerAddress, options: LdapOptions, account: ServiceAccount, observe: Observer, roster: Roster
    ) -> None:
        self._address = address
        self._options = options
        self._account = account
        self._observe = observe
        self._roster = roster
        self._name = str(address)
        self._slots: list[_Slot] = []
        self._opening: asyncio.Task[_Slot] | None = None
        self._grow_after = 0.0
        self._weed_after = 0.0

    async def search(self, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
        """All entries; once more on a fresh connection if the pooled one turns out to have died.

        Raises ServerFailure, SearchFailed, or Overloaded if too many searches are under way.
        """
        found = self._pick(born_after=0.0)
        slot = found or await self._opened(deadline)
        try:
            return await self._run(slot, request, deadline)
        except TimedOut:
            raise  # the time that another try would need is gone
        except TransportFailure:
            if found is None:
                raise
        slot = self._pick(born_after=asyncio.get_running_loop().time()) or await self._opened(deadline)
        return await self._run(slot, request, deadline)

    @property
    def in_use(self) -> int:
        """Connections on which a search is under way."""
        return sum(bool(slot.channel.load) for slot in self._slots)

    async def close(self) -> None:
        """Ends an opening that is under way; the connections themselves are the roster's to close."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait((self._opening,))

    async def _run(self, slot: _Slot, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
        slot.lifetime.used(asyncio.get_running_loop().time())
        with Timing(self._observe, "search", self._name) as timing:
            try:
                entries = await read_all(slot.channel, request, deadline)
            except SearchFailed as failure:
                timing.finish(ok=False)
                now = asyncio.get_running_loop().time()
                if failure.code == INSUFFICIENT_RIGHTS and now - slot.lifetime.born >= RIGHTS_STAY:
                    self._retire(slot)
                raise
            finally:
                if slot.retired and not slot.channel.load:
                    slot.channel.hang_up()
            timing.finish(ok=True)
            return entries

    def _pick(self, *, born_after: float) -> _Slot | None:
        """A connection that may be used now; None if one has to be opened."""
        now = asyncio.get_running_loop().time()
        if now >= self._weed_after:
            self._weed(now)
        while True:
            fitting = [slot for slot in self._slots if slot.lifetime.born >= born_after] if born_after else self._slots
            if not fitting:
                return None
            slot = min(fitting, key=_load)
            if not slot.is_over(now):
                break
            self._weed(now)
        if slot.channel.load and len(self._slots) < self._options.search_connections and now >= self._grow_after:
            self._open_one()
        if slot.channel.load >= MAX_PIPELINED:
            raise Overloaded(detail=f"{self._name}: {MAX_PIPELINED} searches under way on every connection")
        return slot

    def _weed(self, now: float) -> None:
        """Drops connections that have died; lets those end that have lived or idled long enough."""
        self._weed_after = now + WEED_AGAIN_AFTER
        for slot in [slot for slot in self._slots if slot.is_over(now)]:
            self._retire(slot)

    def _retire(self, slot: _Slot) -> None:
        """No more searches on it; it ends when those under way have ended."""
        if slot in self._slots:
            self._slots.remove(slot)
            slot.retired = True
            if slot.channel.is_open and not slot.channel.load:
                slot.channel.hang_up()

    async def _opened(self, deadline: Deadline) -> _Slot:
        """The connection that is being opened: one try for all who wait, whoever of them goes away."""
        task = self._open_one()
        try:
            async with asyncio.timeout_at(deadline.at):
                return await asyncio.shield(task)
        except TimeoutError:
            raise TimedOut("the request's time was over before a connection was ready", counts=False) from None
        except asyncio.CancelledError:
            if task.cancelled():
                raise TransportFailure("the bridge is closing its connections", counts=False) from None
            raise

    def _open_one(self) -> "asyncio.Task[_Slot]":
        if self._opening is None or self._opening.done():
            self._opening = asyncio.get_running_loop().create_task(self._open(), name=f"open {self._name}")
            self._opening.add_done_callback(self._note)
        return self._opening

    def _note(self, task: "asyncio.Task[_Slot]") -> None:
        """Reads the outcome, for there may be nobody who waits for it."""
        if not task.cancelled() and task.exception() is not None:
            self._grow_after = asyncio.get_running_loop().time() + GROW_AGAIN_AFTER

    async def _open(self) -> _Slot:
        self._roster.check()
        self._account.check()
        with Timing(self._observe, "connect", self._name) as timing:
            channel = await SearchChannel.open(self._address, self._options, _OWN_LIMIT)
            timing.finish(ok=True)
        self._roster.add(channel)
        try:
            with Timing(self._observe, "bind", self._name) as timing:
                try:
                    await self._account.login(channel)
                except ServiceAccountRefused:
                    timing.finish(ok=False)
                    raise
                timing.finish(ok=True)
        except BaseException:
            channel.hang_up()
            raise
        slot = _Slot(channel, Lifetime(asyncio.get_running_loop().time()))
        self._slots.append(slot)
        return slot


def _load(slot: _Slot) -> int:
    return slot.channel.load
