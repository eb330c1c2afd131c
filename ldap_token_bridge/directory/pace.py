"""How long the directory takes over a wrong password, so that a name which is nobody's takes as long.

A server answers at once for an entry that is not there. For one that is, it computes a hash and may write down the
failure, which takes a multiple of the time.
"""

import secrets
from collections import deque
from collections.abc import Callable

_REMEMBERED = 64
_TOO_OLD = 600.0  # seconds; a slow hour must not slow down what follows


class Pace:
    """The latest refusals of real accounts; `clock` gives seconds and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refusals: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)

    def add(self, seconds: float) -> None:
        """A wrong password was just refused after that many seconds."""
        self._refusals.append((self._clock(), seconds))

    def missing(self, spent: float) -> float:
        """Seconds to wait after `spent`, to have taken as long as one of the latest refusals, taken at random."""
        latest = [seconds for at, seconds in self._refusals if self._clock() - at < _TOO_OLD]
        return max(0.0, secrets.choice(latest) - spent) if latest else 0.0
