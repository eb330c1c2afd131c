"""Entries of the store: sealed with the time of their writing, and believed only for so long after it."""

from collections.abc import Callable

from ldap_token_bridge.values import dataclass

from .health import StoreEvents
from .key import Vault

_FAST_CLOCK = 5.0  # seconds that another replica's clock may be ahead


@dataclass(frozen=True, slots=True)
class Entry:
    """Where something stands, and for how many seconds from its writing on it is believed."""

    kind: str
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """What was written `age` seconds ago."""

    value: bytes
    age: float


class Seals:
    """Made and broken with the key of `vault`; `now` gives seconds since 1970. `events` hears of what is not ours."""

    def __init__(self, vault: Vault, events: StoreEvents, now: Callable[[], float]) -> None:
        self._vault = vault
        self._events = events
        self._now = now

    def seal(self, entry: Entry, value: bytes, age: float = 0.0) -> bytes:
        """What was learned `age` seconds ago, as it stands in the store."""
        return self._vault.seal(entry.name, value, self._now() - age)

    def opened(self, entry: Entry, raw: bytes | None) -> Found | None:
        """What stands in the store, if a bridge of this key wrote it there, and lately enough."""
        if raw is None:
            return None
        opened = self._vault.unseal(entry.name, raw)
        age = self._now() - opened[1] if opened else 0.0
        if opened is None or not -_FAST_CLOCK <= age < entry.seconds:
            self._events.unsealed(entry.kind)
            return None
        return Found(opened[0], max(0.0, age))
