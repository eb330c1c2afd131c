"""A bounded cache whose entries live for a fixed time."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import TTLCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ExpiringCache(Generic[K, V]):
    """At most `max_size` entries for `seconds` each; zero seconds means that nothing is kept.

    `clock` gives seconds from any fixed point, and never goes back.
    """

    def __init__(self, max_size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._enabled = seconds > 0 and max_size > 0
        self._entries: TTLCache[K, V] = TTLCache(max(1, max_size), seconds, timer=clock)

    def get(self, key: K) -> V | None:
        """The value, or None if there is none or its time is over."""
        return self._entries.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value from now on; an earlier one under the same key is replaced."""
        if self._enabled:
            self._entries[key] = value

    def discard(self, key: K) -> None:
        """Forget one value."""
        self._entries.pop(key, None)

    def __len__(self) -> int:
        self._entries.expire()
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._entries)} entries>"
