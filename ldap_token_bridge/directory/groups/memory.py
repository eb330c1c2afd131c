"""What is remembered of groups between two logins of different people."""

import time
from collections.abc import Callable

from ldap_token_bridge.cache import ExpiringCache
from ldap_token_bridge.values import dataclass


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """What stands behind a SID: its DN, empty if it has no entry here, and the DNs of the groups it is in directly."""

    dn: str
    member_of: tuple[str, ...] = ()


class GroupMemory:
    """Groups by SID, at most `size` of them, and how long they and the graph are good: `seconds`, 0 for not at all."""

    def __init__(self, size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self.by_sid = ExpiringCache[str, KnownGroup](size, seconds, clock)
        self.seconds = seconds
        self.clock = clock
        self.epoch = 0
        """Another one, and what was read in the one before is not good any more."""
        self._others: list[GroupMemory] = []

    def apart(self) -> "GroupMemory":
        """Another one of the same kind, for another domain: its built-in groups have the same SIDs."""
        other = GroupMemory(self._size, self.seconds, self.clock)
        self._others.append(other)
        return other

    def clear(self) -> None:
        """Forget everything, for all domains."""
        self.epoch += 1
        self.by_sid.clear()
        for other in self._others:
            other.clear()

    def __len__(self) -> int:
        return len(self.by_sid) + sum(map(len, self._others))
