"""Many who ask for the same thing at the same time cost one piece of work.

A hundred pipelines that start with one stale password must not become a hundred failed binds.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

from ldap_token_bridge.deadline import Alarm, Deadline
from ldap_token_bridge.errors import Unavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Flight(Generic[V]):
    """A call under way, in a task of its own: it goes on whether or not somebody waits for it.

    What was begun ahead of time is nobody's in particular, and what is told in several steps must be told to its end.
    """

    __slots__ = ("_alarm", "_waits", "task")

    def __init__(self, work: Coroutine[Any, Any, V], alarm: Alarm) -> None:
        self.task = asyncio.get_running_loop().create_task(work)
        self._alarm = alarm
        self._waits: list[asyncio.Future[bool | None]] = []  # True: landed; None: waited too long

    async def outcome(self, deadline: Deadline) -> V:
        """What came of it, or its error. Raises TimeoutError at the deadline, Unavailable if it was given up."""
        task = self.task
        if not task.done():
            wait: asyncio.Future[bool | None] = task.get_loop().create_future()
            self._waits.append(wait)
            self._alarm.watch(wait, deadline.at)
            try:
                has_landed = await wait
            finally:
                self._alarm.forget(wait)
            if not has_landed:
                raise TimeoutError
        if task.cancelled():
            raise Unavailable("the bridge gave up what this request waited for")
        try:
            return task.result()
        finally:
            del task, self  # an error's frames lead here: a cycle would hold what they know, a password too

    def land(self) -> None:
        """Whoever waits goes on."""
        if not self.task.cancelled():
            self.task.exception()  # taken up here, so that asyncio does not complain if every waiter has gone
        for wait in self._waits:
            if not wait.done():
                wait.set_result(True)


class SingleFlight(Generic[K, V]):
    """Shares the outcome, or the error, of one call under way among all who ask under the same key."""

    def __init__(self) -> None:
        self._flights: dict[K, Flight[V]] = {}
        self._alarm = Alarm()

    async def run(self, key: K, work: Callable[[], Coroutine[Any, Any, V]], deadline: Deadline) -> V:
        """The outcome of `work`, which runs only if no call under `key` is under way.

        Each waiter has its own deadline and raises TimeoutError at it. Neither that nor a waiter's cancellation ends
        the work, since others may wait for it; `work` must therefore hold to a deadline itself. After `close`
        waiters get Unavailable.
        """
        return await self.begin(key, work).outcome(deadline)

    def begin(self, key: K, work: Callable[[], Coroutine[Any, Any, V]]) -> Flight[V]:
        """The call under `key` that is under way; `work`, begun now, if there is none."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = Flight(work(), self._alarm)
            flight.task.add_done_callback(partial(self._land, key, flight))
        return flight

    def _land(self, key: K, flight: Flight[V], _task: asyncio.Task[V]) -> None:
        del self._flights[key]
        flight.land()

    def __len__(self) -> int:
        return len(self._flights)

    async def close(self) -> None:
        """Cancel what is under way."""
        tasks: list[asyncio.Task[Any]] = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
