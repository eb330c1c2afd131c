"""As single flights, without a task: who comes first makes the call, and if that one is cancelled the next takes over.

Two tasks, with the waits and timers around them, were a twelfth of a first login. This is for calls that may be made
anew, or that know by themselves when they must not be.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from types import TracebackType
from typing import Any, Generic, NamedTuple, TypeVar

from ldap_token_bridge.deadline import Alarm, Deadline

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Outcome(NamedTuple, Generic[V]):
    """`value` if there is no `error`, which was raised at `trace`; none of them counts if the call was cancelled."""

    is_told: bool
    value: V | None = None
    error: Exception | None = None
    trace: TracebackType | None = None


_CANCELLED = _Outcome[Any](is_told=False)


class Relay(Generic[K, V]):
    """Shares the outcome, or the error, of one call under way among all who ask under the same key."""

    def __init__(self) -> None:
        self._waits: dict[K, list[asyncio.Future[_Outcome[V] | None]]] = {}  # None: waited too long
        self._alarm = Alarm()

    async def run(self, key: K, work: Callable[[], Coroutine[Any, Any, V]], deadline: Deadline) -> V:
        """The outcome of `work`, which runs only if no call under `key` is under way.

        Who waits for another's call raises TimeoutError at the own deadline; `work` must hold to one itself.
        """
        while (waits := self._waits.get(key)) is not None:
            outcome = await self._outcome(waits, deadline)
            try:
                if outcome.error is not None:
                    raise outcome.error.with_traceback(outcome.trace)  # or each who waits would make it longer
                if outcome.is_told:
                    return outcome.value  # type: ignore[return-value]  # without an error it is what `work` gave
            finally:
                del outcome, waits  # the error's frames lead here: a cycle would hold what they know, a password too
        waits = self._waits[key] = []
        outcome = _CANCELLED
        try:
            value = await work()
            outcome = _Outcome(is_told=True, value=value)
        except Exception as error:
            outcome = _Outcome(is_told=True, error=error, trace=error.__traceback__)
            raise
        finally:
            del self._waits[key]
            _tell(waits, outcome)
            del outcome, waits  # as above
        return value

    async def _outcome(self, waits: "list[asyncio.Future[_Outcome[V] | None]]", deadline: Deadline) -> "_Outcome[V]":
        wait: asyncio.Future[_Outcome[V] | None] = asyncio.get_running_loop().create_future()
        waits.append(wait)
        self._alarm.watch(wait, deadline.at)
        try:
            outcome = await wait
        finally:
            self._alarm.forget(wait)
        if outcome is None:
            raise TimeoutError
        return outcome

    def __len__(self) -> int:
        return len(self._waits)

    async def close(self) -> None:
        """Nothing to cancel: each call is made by one of those who ask."""


def _tell(waits: "list[asyncio.Future[_Outcome[V] | None]]", outcome: "_Outcome[V]") -> None:
    for wait in waits:
        if not wait.done():
            wait.set_result(outcome)
