"""A bounded cache whose entries live for a fixed time."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ExpiringCache(Generic[K, V]):
    """At most `max_size` entries for `seconds` each; zero seconds means that nothing is kept.

    The oldest go first. `clock` gives seconds from any fixed point, and never goes back.
    """

    def __init__(self, max_size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_size = max_size
        self._seconds = seconds if max_size > 0 else 0.0
        self._clock = clock
        # In the order of being put there, each with its end. A plain dict looks through all gaps for its oldest entry.
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, or None if there is none or its time is over."""
        entry = self._entries.get(key)
        return entry[0] if entry is not None and self._clock() < entry[1] else None

    def put(self, key: K, value: V, age: float = 0.0) -> None:
        """Keep a value that was learned `age` seconds ago; an earlier one under the same key is replaced."""
        if age >= self._seconds:
            return
        now = self._clock()
        self._entries.pop(key, None)
        self._drop_ended(now)
        if len(self._entries) >= self._max_size:
            self._entries.popitem(last=False)
        self._entries[key] = value, now + self._seconds - age

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
        now = self._clock()
        return [(key, value) for key, (value, end) in self._entries.items() if now < end]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def __len__(self) -> int:
        self._drop_ended(self._clock())
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._entries)} entries>"

    def _drop_ended(self, now: float) -> None:
        """From the oldest on. One that came with an age ends before older ones, and may stay until their time."""
        while self._entries:
            oldest = next(iter(self._entries))
            if now < self._entries[oldest][1]:
                break
            del self._entries[oldest]
