"""One deadline a request, passed down to every wait, so that no sum of time-outs can exceed it."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the running event loop's clock, in seconds (`loop.time()`)."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The deadline that many seconds from now."""
        return cls(asyncio.get_running_loop().time() + seconds)

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at - asyncio.get_running_loop().time())

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and one `seconds` from now: a single operation's own limit."""
        return Deadline(min(self.at, asyncio.get_running_loop().time() + seconds))
