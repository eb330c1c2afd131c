"""A scripted LDAP server for tests that wait for other programs: it lives in a thread with an event loop of its own."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from .scripted_ldap import ScriptedLdap

_QUIET = 3  # looks, one after the other, that found nothing


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
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        """Also for the server what it does not know of yet: a TLS handshake under way is a task of asyncio's own.

        One that is through just now begins to be served, so it is looked until nothing is left.
        """
        await self.server.stop()
        quiet = 0
        while quiet < _QUIET:
            await asyncio.sleep(0.02)  # what was accepted just now begins: a task that never began would close nothing
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            quiet = 0 if left else quiet + 1
