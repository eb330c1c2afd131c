"""The failures from each address, counted in a moving window."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Protocol

from limits import RateLimitItemPerSecond
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter

from .rule import Budget

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


class WindowedAddressFailures:
    """In a store of limits; `clock` is the store's."""

    def __init__(self, budget: Budget, storage: Storage, clock: Callable[[], float]) -> None:
        self._limit = RateLimitItemPerSecond(budget.failures, budget.seconds)
        self._limiter = MovingWindowRateLimiter(storage)
        self._clock = clock

    async def left(self, client: str) -> tuple[int, float]:
        """See AddressFailures."""
        ends, left = await self._limiter.get_window_stats(self._limit, client)
        return max(0, left), max(0.0, ends - self._clock())

    async def add(self, client: str) -> None:
        """See AddressFailures."""
        await self._limiter.hit(self._limit, client)
