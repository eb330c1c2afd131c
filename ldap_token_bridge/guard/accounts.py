"""The failures of each account: reserved before the directory is asked, given back if it did not count them."""

import time
from collections.abc import Callable
from typing import Protocol

from .recent import Recent
from .rule import Budget, is_over, wait_of

FEWEST_COUNTED = 100_000
"""Failures count for so many accounts at least, however few are remembered otherwise: who makes some hundred fail
would push the count of another out of memory, and have the directory lock it. An entry takes some 300 octets."""


class AccountFailures(Protocol):
    """Where they are counted: in memory, or in a store that replicas share."""

    def wait(self, account: str) -> float:
        """The seconds to wait as far as this process knows, without asking anybody and without counting."""

    async def reserve(self, account: str) -> float:
        """Count a failure in advance, in one step, and give 0; or count nothing and give the seconds to wait."""

    async def confirm(self, account: str) -> None:
        """It has failed just now: the directory counts from here on, not from when it was asked."""

    async def give_back(self, account: str) -> None:
        """The directory has not counted it."""

    async def forget(self, account: str) -> None:
        """The directory has just taken a password, and forgotten all failures."""


class MemoryAccountFailures:
    """In this process. `clock` gives seconds and never goes back."""

    def __init__(self, budget: Budget, max_accounts: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget, self._clock = budget, clock
        self._streaks = Recent[str, tuple[float, ...]](max_accounts, budget.memory, clock)

    def wait(self, account: str) -> float:
        """See AccountFailures."""
        return wait_of(self._streaks.get(account) or (), self._budget, self._clock())

    async def reserve(self, account: str) -> float:
        """See AccountFailures; nothing else runs between the look and the count."""
        now = self._clock()
        streak = self._streaks.get(account) or ()
        wait = wait_of(streak, self._budget, now)
        if wait:
            return wait
        self._streaks.put(account, (*(() if is_over(streak, self._budget, now) else streak), now))
        return 0.0

    async def confirm(self, account: str) -> None:
        """See AccountFailures."""
        streak = self._streaks.get(account) or ()
        self._streaks.put(account, (*streak[:-1], self._clock()))

    async def give_back(self, account: str) -> None:
        """See AccountFailures; whichever of several under way it is, the number is right."""
        streak = self._streaks.get(account) or ()
        if len(streak) > 1:
            self._streaks.put(account, streak[:-1])
        else:
            self._streaks.discard(account)

    async def forget(self, account: str) -> None:
        """See AccountFailures."""
        self._streaks.discard(account)

    def __len__(self) -> int:
        return len(self._streaks)
