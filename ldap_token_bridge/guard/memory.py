"""A store for limits that is bounded, cheap and goes by the clock it is given.

The one that limits brings along looks through all its keys at each hit, keeps some for ever, and goes by the time of
day, which can be set back.
"""

import time
from collections.abc import Callable

from limits.aio.storage import MovingWindowSupport, Storage

from .recent import Recent


class BoundedMemory(Storage, MovingWindowSupport):
    """At most `max_keys` moving windows of `seconds`; `clock` gives seconds and never goes back."""

    STORAGE_SCHEME = None

    def __init__(self, max_keys: int, seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._windows = Recent[str, tuple[float, ...]](max_keys, seconds, clock)

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """limits: count `amount` if no more than `limit` are then within `expiry` seconds."""
        times = self._within(key, expiry)
        if len(times) + amount > limit:
            return False
        self._windows.put(key, (*times, *[self._clock()] * amount))
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """limits: when the oldest that counts was counted, and how many there are."""
        times = self._within(key, expiry)[-limit:]
        return (times[0] if times else self._clock()), len(times)

    def _within(self, key: str, expiry: int) -> tuple[float, ...]:
        oldest = self._clock() - expiry
        return tuple(at for at in self._windows.get(key) or () if at > oldest)

    @property
    def base_exceptions(self) -> type[Exception]:
        """limits: what a broken store raises; memory never is."""
        return ValueError

    async def check(self) -> bool:
        """limits: whether the store can be used."""
        return True

    async def clear(self, key: str) -> None:
        """limits: forget one window."""
        self._windows.discard(key)

    async def reset(self) -> int | None:
        """limits: forget all windows."""
        count = len(self._windows)
        self._windows.clear()
        return count

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """limits: for fixed windows, which are not kept here."""
        raise NotImplementedError

    async def get(self, key: str) -> int:
        """limits: the same."""
        raise NotImplementedError

    async def get_expiry(self, key: str) -> float:
        """limits: the same."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._windows)
