"""How long a connection may live: below the 900 s after which Active Directory drops an idle one (MaxConnIdleTime)."""

import asyncio
import random

from .connection import Connection
from .errors import TransportFailure

MAX_IDLE = 240.0  # seconds; also below the usual idle limits of firewalls and load balancers
MAX_AGE = 800.0  # seconds; so that certificates and load balancing are taken up anew


class Lifetime:
    """One connection's clock, with jitter so that connections opened together do not end together."""

    __slots__ = ("_idle", "_last_use", "_until", "born")

    def __init__(self, now: float) -> None:
        jitter = random.uniform(0.75, 1.0)  # noqa: S311 -- spreads load, guards nothing
        self.born = now
        self._last_use = now
        self._idle = MAX_IDLE * jitter
        self._until = now + MAX_AGE * jitter

    def used(self, now: float) -> None:
        """The connection does something."""
        self._last_use = now

    def is_over(self, now: float) -> bool:
        """Whether the connection is to be replaced."""
        return now >= self._until or now - self._last_use >= self._idle


class Roster:
    """Every connection that has a socket, so that closing can wait for the last of them."""

    def __init__(self) -> None:
        self._connections: set[Connection] = set()
        self._closed = False

    def count(self, kind: type[Connection]) -> int:
        """How many connections of that kind are open."""
        return sum(isinstance(connection, kind) and connection.is_open for connection in self._connections)

    def check(self) -> None:
        """Raises TransportFailure once nothing may be opened any more."""
        if self._closed:
            raise TransportFailure("the bridge has closed its connections", counts=False)

    def add(self, connection: Connection) -> None:
        """Keeps it until its socket is gone. Raises TransportFailure, and closes it, if it comes too late."""
        if self._closed:
            connection.abort()
        self.check()
        self._connections.add(connection)
        connection.closed.add_done_callback(lambda _: self._connections.discard(connection))

    async def close(self) -> None:
        """Closes all, and whatever is opened from now on."""
        self._closed = True
        await asyncio.gather(*(connection.close() for connection in self._connections))
