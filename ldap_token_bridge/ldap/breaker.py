"""When a server is left alone: five seconds after three transport failures in a row, then until a probe succeeds."""

import math
from collections.abc import Callable
from enum import Enum, auto

from .errors import TransportFailure

FAILURES = 3
OPEN_SECONDS = 5.0


class BreakerState(Enum):
    """CLOSED: use it. OPEN: leave it alone. PROBE: ask whether it is back, without anybody's password."""

    CLOSED = auto()
    OPEN = auto()
    PROBE = auto()


class Breaker:
    """One server's record; `clock` in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0
        self._answered_at = -math.inf
        self._last: TransportFailure | None = None

    @property
    def state(self) -> BreakerState:
        """What to do with the server now."""
        if self._failures < FAILURES:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._open_until else BreakerState.PROBE

    @property
    def is_sound(self) -> bool:
        """Whether nothing has failed since the last answer."""
        return not self._failures

    def failed(self, failure: TransportFailure) -> None:
        """Counts a failure, once: several requests may have waited for the same connection."""
        if not failure.counts or failure is self._last:
            return
        self._last = failure
        self._failures += 1
        if self._failures >= FAILURES:
            self._open_until = self._clock() + OPEN_SECONDS

    def answered(self) -> None:
        """The server answered, whatever it said."""
        self._failures = 0
        self._last = None
        self._answered_at = self._clock()

    def answered_since(self, moment: float) -> bool:
        """Whether anything was answered after that moment, to anybody."""
        return self._answered_at > moment
