"""A plain TCP balancer: each connection goes to the next replica in turn that takes it, and stays there.

It looks into nothing and checks nobody's health: whoever refuses a connection is passed over, for that connection.
"""

import asyncio
import itertools
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

_CONNECT_SECONDS = 1.0


class Balancer:
    """Listens on a free port of 127.0.0.1 and passes on to `ports` there; a context manager."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = tuple(ports)
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._passing: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.taken = Counter[int]()
        """How many connections each replica took, by its port."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _hang_up(self) -> None:
        self._server.close()
        for writer in self._passing.values():
            writer.transport.abort()
        await asyncio.gather(*self._passing)
        await asyncio.sleep(0.05)  # transports end

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._passing[task] = writer
        try:
            with suppress(OSError):
                there_reader, there_writer = await self._connect()
                try:
                    await asyncio.gather(_pass_on(reader, there_writer), _pass_on(there_reader, writer))
                finally:
                    there_writer.close()
        finally:
            writer.close()
            del self._passing[task]

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        first = next(self._turn)
        for step in range(len(self._ports)):
            port = self._ports[(first + step) % len(self._ports)]
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    streams = await asyncio.open_connection("127.0.0.1", port)
                self.taken[port] += 1
                return streams
        raise ConnectionRefusedError


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Until the source ends; then its target learns that, in the same way."""
    try:
        while chunk := await source.read(65536):
            target.write(chunk)
            await target.drain()
        target.write_eof()
    except ConnectionError:
        target.transport.abort()
    except OSError:
        target.close()
