"""How a supervisor talks to the process: SIGTERM and SIGINT stop it, SIGHUP reloads."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ldap_token_bridge.observe import LineWriter, Metrics

from .bridge import Bridge


async def run_until_signalled(bridge: Bridge) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reloads."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    reloads: set[asyncio.Task[bool]] = set()

    def reload() -> None:
        task = loop.create_task(bridge.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
    with _output_apart(bridge.metrics):
        await bridge.start()
        try:
            await stopping.wait()
        finally:
            for task in reloads:
                task.cancel()
            await bridge.stop()


@contextmanager
def _output_apart(metrics: Metrics) -> Iterator[None]:
    """Audit trail and log are written by threads: a pipe that nobody empties must not stop the event loop."""
    streams = sys.stdout, sys.stderr
    out, err = (
        LineWriter(stream, metrics.dropped_lines.labels(name).inc)
        for stream, name in zip(streams, ("stdout", "stderr"), strict=True)
    )
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        out.close()
        err.close()
