"""Budgets that replicas share: what failed at one bridge counts at all of them.

Each bridge counts by itself as well, and both must agree: whatever becomes of the store, lost, cut off or hostile, no
bridge lets more through than it would alone.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable

from ldap_token_bridge.cache import Entry, ExpiringCache, SharedStore, StoreDown
from ldap_token_bridge.guard import (
    FEWEST_COUNTED,
    AccountFailures,
    AddressFailures,
    Budget,
    Budgets,
    MemoryAccountFailures,
    MemoryAddressFailures,
    is_over,
    left_of,
    wait_of,
    within,
)
from ldap_token_bridge.values import dataclass

_Clock = Callable[[], float]


@dataclass(slots=True)
class BudgetPlace:
    """The store that the budgets are in now, which a reload may change; without one each bridge counts by itself."""

    store: SharedStore | None = None


@dataclass(frozen=True, slots=True)
class _Streak:
    """Failures in a row, as seconds since 1970, and when a success or an operator ended those before."""

    failures: tuple[float, ...] = ()
    ended_at: float = 0.0

    def octets(self) -> bytes:
        return json.dumps([self.failures, self.ended_at]).encode()

    @classmethod
    def of(cls, octets: bytes | None) -> "_Streak":
        failures, ended_at = json.loads(octets) if octets else ((), 0.0)
        return cls(tuple(failures), ended_at)


class SharedAccountFailures:
    """See AccountFailures. `now` gives seconds since 1970; the replicas' clocks should agree."""

    def __init__(
        self, own: AccountFailures, budget: Budget, max_accounts: int, place: BudgetPlace, kind: str, now: _Clock
    ) -> None:
        self._own = own
        self._budget = budget
        self._place = place
        self._kind = kind
        self._now = now
        self._failed_at = ExpiringCache[str, float](max_accounts, budget.memory)

    def wait(self, account: str) -> float:
        """See AccountFailures."""
        return self._own.wait(account)

    async def reserve(self, account: str) -> float:
        """See AccountFailures."""
        wait = 0.0

        def count(streak: _Streak) -> _Streak | None:
            nonlocal wait
            now = self._now()
            wait = wait_of(streak.failures, self._budget, now)
            if wait:
                return None
            earlier = () if is_over(streak.failures, self._budget, now) else streak.failures
            return _Streak((*earlier, now), streak.ended_at)

        shared = await self._change(account, count)
        if wait:
            return wait
        if shared and shared.ended_at > (self._failed_at.get(account) or 0.0):
            # The password was right at another bridge since it was last wrong here.
            await self._own.forget(account)
        own = await self._own.reserve(account)
        if own:
            await self._change(account, _without_last)
        else:
            self._failed_at.put(account, self._now())
        return own

    async def confirm(self, account: str) -> None:
        """See AccountFailures."""
        now = self._now()
        await self._own.confirm(account)
        self._failed_at.put(account, now)
        await self._change(account, lambda streak: _Streak((*streak.failures[:-1], now), streak.ended_at))

    async def give_back(self, account: str) -> None:
        """See AccountFailures."""
        await self._own.give_back(account)
        await self._change(account, _without_last)

    async def forget(self, account: str) -> None:
        """See AccountFailures."""
        await self._own.forget(account)
        now = self._now()
        await self._change(account, lambda _: _Streak((), now))

    async def _change(self, account: str, change: Callable[[_Streak], _Streak | None]) -> _Streak | None:
        """What the store has then; None if it cannot say, or nothing was to be changed."""
        store = self._place.store
        if store is None:
            return None

        def changed(octets: bytes | None) -> bytes | None:
            new = change(_Streak.of(octets))
            return new.octets() if new else None

        entry = store.permanent(self._kind, self._budget.memory, account.encode())
        try:
            octets = await store.change(entry, changed, store.patience())
        except StoreDown:
            return None
        return _Streak.of(octets) if octets else None


class SharedAddressFailures:
    """See AddressFailures. What failed here is told to the others a moment later."""

    def __init__(self, own: AddressFailures, budget: Budget, place: BudgetPlace, now: _Clock) -> None:
        self._own = own
        self._budget = budget
        self._place = place
        self._now = now
        self._untold = defaultdict[str, list[float]](list)
        self._telling: set[asyncio.Task[None]] = set()

    async def left(self, client: str) -> tuple[int, float]:
        """See AddressFailures."""
        left, seconds = await self._own.left(client)
        store = self._place.store
        if store is None or left == 0:
            return left, seconds
        (found,) = await store.read([self._entry(store, client)], store.patience())
        left, seconds = await self._own.left(client)  # some may have failed while the store was asked
        shared_left, shared_seconds = left_of(json.loads(found.value) if found else (), self._budget, self._now())
        return (min(left, shared_left), seconds) if shared_left else (0, shared_seconds)

    async def add(self, client: str) -> None:
        """See AddressFailures."""
        await self._own.add(client)
        if self._place.store is None or not self._place.store.is_up:
            return
        is_told = client in self._untold
        self._untold[client].append(self._now())
        if not is_told:
            task = asyncio.create_task(self._tell(client, self._place.store))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell(self, client: str, store: SharedStore) -> None:
        mine: list[float] = []

        def with_mine(octets: bytes | None) -> bytes:
            nonlocal mine
            mine += self._untold.pop(client, [])
            times = sorted([*(json.loads(octets) if octets else ()), *mine])
            return json.dumps(within(times, self._budget, self._now())).encode()

        try:
            await store.change(self._entry(store, client), with_mine, store.patience())
        except StoreDown:
            self._untold.pop(client, None)  # it counts here

    def _entry(self, store: SharedStore, client: str) -> Entry:
        return store.permanent("address", self._budget.seconds, client.encode())


def shared_budgets(
    account: Budget | None, address: Budget | None, max_entries: int, place: BudgetPlace, now: _Clock = time.time
) -> Budgets:
    """Budgets of all bridges that share the store in `place`; None is `off`."""
    max_entries = max(max_entries, FEWEST_COUNTED)

    def accounts(kind: str) -> SharedAccountFailures | None:
        if account is None:
            return None
        own = MemoryAccountFailures(account, max_entries)
        return SharedAccountFailures(own, account, max_entries, place, kind, now)

    addresses = None
    if address:
        addresses = SharedAddressFailures(MemoryAddressFailures(address, max_entries), address, place, now)
    memory = account.memory if account else 0.0
    return Budgets(accounts("streak"), accounts("stranger"), addresses, memory=memory)


def _without_last(streak: _Streak) -> _Streak:
    return _Streak(streak.failures[:-1], streak.ended_at)
