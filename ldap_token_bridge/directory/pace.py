"""How long the directory takes over a wrong password, so that a name which is nobody's takes as long.

A server answers at once for an entry that is not there. For one that is, it computes a hash and may write down the
failure, which takes a multiple of the time.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable

_REMEMBERED = 64
_TOO_OLD = 600.0  # seconds; a slow hour must not slow down what follows
# A timer ends up to a millisecond late, for the loop waits in whole ones: as long as many a refusal takes by itself.
_COARSE = 0.0011
_TURNS = 1000  # of the loop, at most, for the rest: each takes some 10 µs


class Pace:
    """The latest refusals of real accounts; `clock` gives seconds and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refusals: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)

    def add(self, seconds: float) -> None:
        """A wrong password was just refused after that many seconds."""
        self._refusals.append((self._clock(), seconds))

    async def hold_back(self, start: float, at_most: float) -> None:
        """Wait until as long after `start` as one of the latest refusals took, at random; `at_most` so many seconds."""
        now = self._clock()
        latest = [seconds for at, seconds in self._refusals if now - at < _TOO_OLD]
        end = min(start + secrets.choice(latest), now + at_most) if latest else now
        if end - now > _COARSE:
            await asyncio.sleep(end - now - _COARSE)
        for _ in range(_TURNS):
            if self._clock() >= end:
                break
            await asyncio.sleep(0)  # others go on meanwhile
