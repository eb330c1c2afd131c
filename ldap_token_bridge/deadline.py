"""One deadline a request, passed down to every wait, so that no sum of time-outs can exceed it."""

import asyncio
import math
from collections.abc import Coroutine
from typing import Any, TypeVar

from ldap_token_bridge.values import dataclass

T = TypeVar("T")
_GRACE = 0.05  # seconds in which the waits within a piece of work end it, and tell why


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the running event loop's clock, in seconds (`loop.time()`)."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The deadline that many seconds from now."""
        return cls(asyncio.get_running_loop().time() + seconds)

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at - asyncio.get_running_loop().time())

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and one `seconds` from now: a single operation's own limit."""
        return Deadline(min(self.at, asyncio.get_running_loop().time() + seconds))


class Alarm:
    """At a wait's limit (seconds on the loop's clock) its future gets the result None, unless it is done by then.

    One timer of the loop for many waits: a time-out for each costs more than what is waited for. Used within one loop.
    """

    __slots__ = ("_rings_at", "_timer", "_waits")

    def __init__(self) -> None:
        self._waits: dict[asyncio.Future[Any], float] = {}
        self._rings_at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, wait: asyncio.Future[Any], limit: float) -> None:
        """Ends the wait at its limit, until it is forgotten. None must be a result that it may have."""
        self._waits[wait] = limit
        if limit < self._rings_at:
            self._set(limit, wait.get_loop())

    def forget(self, wait: asyncio.Future[Any]) -> None:
        """The wait is over. The timer stays for the next one, which mostly has a later limit."""
        self._waits.pop(wait, None)

    def _set(self, moment: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = moment
        self._timer = loop.call_at(moment, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        # A timer may be early by as much as the clock does not tell apart.
        now = max(loop.time(), self._rings_at)
        self._timer, self._rings_at = None, math.inf
        for wait in [wait for wait, limit in self._waits.items() if limit <= now]:
            del self._waits[wait]
            self._end(wait)
        if self._waits:
            self._set(min(self._waits.values()), loop)

    def _end(self, wait: asyncio.Future[Any]) -> None:
        if not wait.done():
            wait.set_result(None)


class Backstop(Alarm):
    """Ends work that has not ended by itself a moment after its deadline; each wait within it has a limit of its own.

    Work that is cancelled has less to tell than a wait that timed out: which server was silent, and whether a password
    was sent. The moment begins when the loop comes to the deadline: after a standstill all are over at the same time,
    and the waits within are to have their turn first.
    """

    __slots__ = ("_ended", "_graces")

    def __init__(self) -> None:
        super().__init__()
        self._graces: dict[asyncio.Future[Any], asyncio.TimerHandle] = {}
        self._ended: set[asyncio.Future[Any]] = set()

    async def hold(self, work: Coroutine[Any, Any, T], deadline: Deadline) -> T:
        """What comes of the work, in the task of who asks. Raises TimeoutError if it had to be ended."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("work is held to a deadline in the task that it runs in")
        self.watch(task, deadline.at)
        try:
            return await work
        except asyncio.CancelledError:
            is_ours = task in self._ended
            self._ended.discard(task)
            if not is_ours or task.uncancel() > 0:
                raise  # by somebody else
            raise TimeoutError from None
        finally:
            self.forget(task)
            if grace := self._graces.pop(task, None):
                grace.cancel()
            if task in self._ended:  # and the work made something else of it
                self._ended.discard(task)
                task.uncancel()

    def _end(self, wait: asyncio.Future[Any]) -> None:
        self._graces[wait] = wait.get_loop().call_later(_GRACE, self._cancel, wait)

    def _cancel(self, task: asyncio.Future[Any]) -> None:
        del self._graces[task]
        self._ended.add(task)
        task.cancel()
