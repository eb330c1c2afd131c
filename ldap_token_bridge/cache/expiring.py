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
        self._seconds = seconds if max_size > 0 else 0.0
        self._clock = clock
        self._entries: TTLCache[K, tuple[V, float]] = TTLCache(max(1, max_size), seconds, timer=clock)

    def get(self, key: K) -> V | None:
        """The value, or None if there is none or its time is over."""
        value, end = self._entries.get(key, (None, 0.0))
        return value if self._clock() < end else None

    def put(self, key: K, value: V, age: float = 0.0) -> None:
        """Keep a value that was learned `age` seconds ago; an earlier one under the same key is replaced."""
        if age < self._seconds:
            self._entries[key] = value, self._clock() + self._seconds - age

    def discard(self, key: K) -> None:
        """Forget one value."""
        self._entries.pop(key, None)

    def discard_if(self, is_meant: Callable[[K, V], bool]) -> None:
        """Forget all entries that are meant; looks at each."""
        for key, value in self.items():
            if is_meant(key, value):
                self.discard(key)

    def items(self) -> list[tuple[K, V]]:
        """All entries whose time is not over."""
        found = ((key, self.get(key)) for key in list(self._entries))  # one may end between the two
        return [(key, value) for key, value in found if value is not None]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def __len__(self) -> int:
        self._entries.expire()
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._entries)} entries>"
