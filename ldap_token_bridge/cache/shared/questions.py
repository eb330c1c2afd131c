"""Questions to the store, each counted: within what a request has left for them, or without a request's hurry."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ldap_token_bridge.values import dataclass

from .backend import StoreDown
from .health import Health, StoreEvents

V = TypeVar("V")

UNHURRIED = 1.0  # seconds for what no request waits for
_AT_ONCE = 16


@dataclass(slots=True)
class Patience:
    """The seconds that one request still has for the store."""

    left: float


class Questions:
    """Tells `health` and `events` what becomes of each. `timeout`: what a request has at first; `clock` in seconds."""

    def __init__(self, health: Health, events: StoreEvents, timeout: float, clock: Callable[[], float]) -> None:
        self._health = health
        self._events = events
        self._timeout = timeout
        self._clock = clock
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def within(
        self, patience: Patience, operation: str, work: Callable[[], Awaitable[V]], outcome: Callable[[V], str]
    ) -> V:
        """Within what a request has left; raises StoreDown, which is counted here."""
        start = self._clock()
        if not self._health.is_up or patience.left <= 0:
            self._events.operation(operation, "skipped", 0.0)
            raise StoreDown("not asked")
        try:
            async with asyncio.timeout(patience.left), self._room:
                answer = await work()
        except (TimeoutError, StoreDown) as error:
            self._health.failed(str(error) or f"no answer within {self._timeout * 1000:.0f} ms")
            late = isinstance(error, TimeoutError)
            self._events.operation(operation, "late" if late else "failed", self._clock() - start)
            raise StoreDown(str(error)) from None
        finally:
            patience.left -= self._clock() - start
        self._health.answered()
        self._events.operation(operation, outcome(answer), self._clock() - start)
        return answer

    async def unhurried(self, operation: str, work: Callable[[], Awaitable[V]]) -> V:
        """Without a request's hurry; raises StoreDown, which says nothing of its health."""
        start, outcome = self._clock(), "failed"
        try:
            async with asyncio.timeout(UNHURRIED):
                answer = await work()
            outcome = "ok"
        except TimeoutError:
            outcome = "late"
            raise StoreDown(f"no answer within {UNHURRIED:.0f} s") from None
        finally:
            self._events.operation(operation, outcome, self._clock() - start)
        return answer
