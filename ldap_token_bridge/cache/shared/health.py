"""Whether the store is worth asking: never a login that waits for one that is slow or down."""

import time
from collections.abc import Callable
from typing import Protocol

FAILURES = 3
_SHORTEST, _LONGEST = 1.0, 5.0  # seconds for which it is left alone
_CALM = 60.0  # seconds without trouble after which it is trusted again


class StoreEvents(Protocol):
    """Who hears of what the store does, for metrics and log."""

    def operation(self, operation: str, outcome: str, seconds: float) -> None:
        """read, write, claim or swap; and that was a hit, miss, ok, refused, failed, late, skipped or dropped."""

    def state(self, *, up: bool, why: str) -> None:
        """It began to answer, or ceased to; told once for each change."""

    def unsealed(self, kind: str) -> None:
        """An entry of that kind was not written by a bridge of this key, or not lately; it counts for nothing."""


class Silent:
    """Nobody hears."""

    def operation(self, operation: str, outcome: str, seconds: float) -> None:
        """See StoreEvents."""

    def state(self, *, up: bool, why: str) -> None:
        """See StoreEvents."""

    def unsealed(self, kind: str) -> None:
        """See StoreEvents."""


class Health:
    """Down from the third failure in a row on, until the store has been tried again; `clock` in seconds.

    Who fails again soon after is left alone for longer.
    """

    def __init__(self, events: StoreEvents, clock: Callable[[], float] = time.monotonic) -> None:
        self._events = events
        self._clock = clock
        self._up: bool | None = None  # nobody has asked yet
        self._failures = 0
        self._pause = _SHORTEST
        self._try_at = 0.0
        self._up_since = 0.0

    @property
    def is_up(self) -> bool:
        """Whether requests may ask it."""
        return self._up is True

    @property
    def may_try(self) -> bool:
        """Whether it is time to find out if it is back."""
        return self._clock() >= self._try_at

    def answered(self) -> None:
        """In time, whatever it said."""
        self._failures = 0

    def failed(self, why: str) -> None:
        """It did not answer a request, or not in time."""
        self._failures += 1
        if self._failures >= FAILURES and self._up:
            self.went_down(why)

    def went_down(self, why: str) -> None:
        """It is not to be asked for a while."""
        if self._up:
            calm = self._clock() - self._up_since > _CALM
            self._pause = _SHORTEST if calm else min(self._pause * 2, _LONGEST)
        self._try_at = self._clock() + self._pause
        self._change(up=False, why=why)

    def came_up(self) -> None:
        """It was tried, and is fine."""
        self._failures = 0
        if not self._up:
            self._up_since = self._clock()
        self._change(up=True, why="")

    def _change(self, *, up: bool, why: str) -> None:
        if up is not self._up:
            self._up = up
            self._events.state(up=up, why=why)
