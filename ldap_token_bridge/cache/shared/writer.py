"""Writes to the store, in order and behind the back of requests, which never wait for them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from .backend import Write

_MOST_WAITING = 2000
_AT_ONCE = 64


class Writer:
    """`send` is given some writes at a time, and never raises."""

    def __init__(self, send: Callable[[Sequence[Write]], Awaitable[None]], on_drop: Callable[[], None]) -> None:
        self._send = send
        self._on_drop = on_drop
        self._waiting: deque[Write] = deque()
        self._work = asyncio.Event()

    def add(self, *writes: Write) -> None:
        """To be sent soon, in this order; dropped if too many wait already."""
        if len(self._waiting) + len(writes) > _MOST_WAITING:
            self._on_drop()
            return
        self._waiting += writes
        self._work.set()

    async def run(self) -> None:
        """Sends for ever."""
        while True:
            await self._work.wait()
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            if not self._waiting:
                self._work.clear()
            await self._send(batch)
