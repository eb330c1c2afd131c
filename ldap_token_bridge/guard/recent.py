"""A bounded memory of what happened lately: what was touched last is kept longest."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """At most `max_size` values, each for `seconds` since it was put; the oldest make room."""

    def __init__(self, max_size: int, seconds: float, clock: Callable[[], float]) -> None:
        self._max_size, self._seconds, self._clock = max_size, seconds, clock
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, or None if there is none or its time is over."""
        self._expire()
        entry = self._entries.get(key)
        return entry[1] if entry else None

    def put(self, key: K, value: V) -> None:
        """Keep a value from now on."""
        self._entries[key] = self._clock(), value
        self._entries.move_to_end(key)
        self._expire()
        if len(self._entries) > self._max_size:
            self._entries.popitem(last=False)

    def discard(self, key: K) -> None:
        """Forget one value."""
        self._entries.pop(key, None)

    def __len__(self) -> int:
        self._expire()
        return len(self._entries)

    def _expire(self) -> None:
        oldest = self._clock() - self._seconds
        while self._entries and next(iter(self._entries.values()))[0] <= oldest:
            self._entries.popitem(last=False)
