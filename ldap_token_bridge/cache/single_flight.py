"""Many who ask for the same thing at the same time cost one piece of work.

A hundred pipelines that start with one stale password must not become a hundred failed binds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Shares the outcome, or the error, of one call under way among all who ask under the same key."""

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Task[V]] = {}

    async def run(self, key: K, work: Callable[[], Awaitable[V]], deadline: Deadline) -> V:
        """The outcome of `work`, which runs only if no call under `key` is under way.

        Each waiter has its own deadline and raises TimeoutError at it. Neither that nor a waiter's cancellation ends
        the work, since others may wait for it; `work` must therefore hold to a deadline itself. After `close`
        waiters get Unavailable.
        """
        task = self._flights.get(key)
        if task is None:
            task = asyncio.ensure_future(_call(work))
            self._flights[key] = task
            task.add_done_callback(lambda done: self._land(key, done))
        async with asyncio.timeout_at(deadline.at):
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                if task.cancelled() and not _is_cancelled():
                    raise Unavailable("the bridge gave up what this request waited for") from None
                raise

    def _land(self, key: K, task: asyncio.Task[V]) -> None:
        del self._flights[key]
        if not task.cancelled():
            task.exception()  # taken up here, so that asyncio does not complain if every waiter has gone

    def __len__(self) -> int:
        return len(self._flights)

    async def close(self) -> None:
        """Cancel what is under way."""
        tasks: list[asyncio.Task[Any]] = list(self._flights.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_cancelled() -> bool:
    """Whether it is the one who waits that was cancelled."""
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0


async def _call(work: Callable[[], Awaitable[V]]) -> V:
    return await work()
