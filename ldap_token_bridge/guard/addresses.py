"""The failures from each address, counted in a moving window."""

import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Protocol

from .recent import Recent
from .rule import Budget, left_of, within

# What one customer of a provider has to choose from (RFC 6177): whoever has one address there has them all.
_IPV6_PREFIX = 64


def client_key(address: IPv4Address | IPv6Address | None) -> str:
    """Under what an address counts. All whose address a trusted proxy did not tell count as one."""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), _IPV6_PREFIX), strict=False).network_address)
    return str(address or "?")


class AddressFailures(Protocol):
    """Where they are counted: in memory, or in a store that replicas share. `client` is a `client_key`."""

    async def left(self, client: str) -> tuple[int, float]:
        """How many failures are left, and the seconds until there is one more."""

    async def add(self, client: str) -> None:
        """One more failure."""


class MemoryAddressFailures:
    """In this process. `clock` gives seconds and never goes back."""

    def __init__(self, budget: Budget, max_addresses: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget, self._clock = budget, clock
        self._windows = Recent[str, tuple[float, ...]](max_addresses, budget.seconds, clock)

    async def left(self, client: str) -> tuple[int, float]:
        """See AddressFailures."""
        return left_of(self._windows.get(client) or (), self._budget, self._clock())

    async def add(self, client: str) -> None:
        """See AddressFailures. Beyond the budget nothing is counted, or who goes on trying would never be let in."""
        now = self._clock()
        times = within(self._windows.get(client) or (), self._budget, now)
        if len(times) < self._budget.failures:
            self._windows.put(client, (*times, now))

    def __len__(self) -> int:
        return len(self._windows)
