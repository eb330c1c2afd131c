"""A long line to a server: what goes over it arrives later, both ways. `python -m tests.support.delay_line`."""

import asyncio
import sys
from collections import deque
from pathlib import Path

from .process import Process, answers, free_port


class DelayLine(Process):
    """A process of its own that listens on a free port and passes on to `target`; a context manager."""

    def __init__(self, target: int, round_trip: float, log: Path) -> None:
        """`target` is a port of 127.0.0.1; `round_trip` in seconds is what a question and its answer take longer."""
        self.port = free_port()
        super().__init__(
            [sys.executable, "-m", "tests.support.delay_line", str(self.port), str(target), str(round_trip / 2)],
            log,
            lambda: answers("127.0.0.1", self.port),
            {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])},
        )


class _End(asyncio.Protocol):
    """One end of a connection: what comes in goes out at the other, later."""

    def __init__(self, seconds: float, target: int = 0) -> None:
        self._seconds, self._target = seconds, target
        self._under_way: deque[bytes] = deque()
        self._transport: asyncio.Transport | None = None
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._target:
            self._dialling = asyncio.ensure_future(self._dial())

    async def _dial(self) -> None:
        far = _End(self._seconds)
        far.other = self
        await asyncio.get_running_loop().create_connection(lambda: far, "127.0.0.1", self._target)
        self.other = far

    def data_received(self, data: bytes) -> None:
        self._under_way.append(data)
        asyncio.get_running_loop().call_later(self._seconds, self._arrive)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        asyncio.get_running_loop().call_later(self._seconds, self._hang_up)

    def _arrive(self) -> None:
        # The oldest, whichever timer it was: octets never overtake each other.
        if self.other and self.other._transport:
            self.other._transport.write(self._under_way.popleft())

    def _hang_up(self) -> None:
        if self.other and self.other._transport:
            self.other._transport.close()


async def _serve(port: int, target: int, seconds: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _End(seconds, target), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
