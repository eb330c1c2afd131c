"""The shared store's server in memory: exactly what the real one does, as the conformance suite holds it to."""

from collections.abc import Callable, Sequence

from ldap_token_bridge.cache.shared.backend import StoreDown, Write


class MemoryBackend:
    """See `Backend`; several stores may have the same. `clock` gives seconds; `down` makes it refuse."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.entries: dict[str, tuple[bytes, float]] = {}
        self.down = False
        self._clock = clock

    async def read(self, names: Sequence[str], at_most: int) -> list[bytes | None]:
        """See Backend."""
        self._refuse_if_down()
        values = [self._value(name) for name in names]
        return [None if value is None else value[:at_most] for value in values]

    async def write(self, writes: Sequence[Write]) -> None:
        """See Backend."""
        self._refuse_if_down()
        for one in writes:
            if one.value is None:
                self.entries.pop(one.name, None)
            else:
                self._put(one.name, one.value, one.milliseconds)

    async def claim(self, name: str, milliseconds: int) -> bool:
        """See Backend."""
        self._refuse_if_down()
        if self._value(name) is not None:
            return False
        self._put(name, b"1", milliseconds)
        return True

    async def swap(self, name: str, old: bytes | None, new: bytes, milliseconds: int) -> bool:
        """See Backend."""
        self._refuse_if_down()
        if self._value(name) != old:
            return False
        self._put(name, new, milliseconds)
        return True

    async def close(self) -> None:
        """See Backend."""

    def _refuse_if_down(self) -> None:
        if self.down:
            raise StoreDown("down")

    def _value(self, name: str) -> bytes | None:
        value, end = self.entries.get(name, (None, 0.0))
        return value if self._clock() < end else None

    def _put(self, name: str, value: bytes, milliseconds: int) -> None:
        self.entries[name] = value, self._clock() + milliseconds / 1000
