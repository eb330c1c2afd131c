"""A scripted LDAP server for tests that wait for other programs: it lives in a thread with an event loop of its own."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from .scripted_ldap import ScriptedLdap


class ScriptedThread:
    """Runs `server` while the context lasts."""

    def __init__(self, server: ScriptedLdap) -> None:
        self.server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.server.start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(10)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.05), self._loop).result(10)  # transports end
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
