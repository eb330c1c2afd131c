"""How a supervisor and the process talk: SIGTERM and SIGINT stop it, SIGHUP reloads, and it says what it is at."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ldap_token_bridge.observe import LineWriter, Metrics, log

from .bridge import Bridge
from .supervisor import Supervisor
from .unnoticed import collect_less_often

_HELD = (signal.SIGHUP,)
_UNREADY = "not ready: the directory refuses the bridge's own account; see the log"
_REFUSED = "what changed cannot be used, so what was in force stays; see the log"


def hold_hangups() -> None:
    """Until `run_until_signalled` heeds them: by itself SIGHUP ends a process, also one that is about to start."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)


async def run_until_signalled(bridge: Bridge, supervisor: Supervisor) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reloads. The supervisor hears of all three."""
    loop = asyncio.get_running_loop()
    stopping, hangup = asyncio.Event(), asyncio.Event()

    async def tell_ready(*, usable: bool = True) -> None:
        status = f"Listening on {bridge.address}"
        if not bridge.ready.is_set():
            status += f"; {_UNREADY}"
        await supervisor.ready(status if usable else f"{status}; {_REFUSED}")

    async def tell_when_ready() -> None:
        if not bridge.ready.is_set():
            await bridge.ready.wait()
            await tell_ready()

    async def reload() -> None:
        """One for all SIGHUPs that came during the one before, or during the start."""
        while True:
            await hangup.wait()
            hangup.clear()
            try:
                await supervisor.reloading()
                await tell_ready(usable=await bridge.reload())
            except Exception as error:  # noqa: BLE001 -- the next SIGHUP is to be heeded all the same
                log().error("a reload failed in a way that it should not; please report this", error=repr(error))
                await tell_ready(usable=False)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, hangup.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
    collect_less_often()
    with _output_apart(bridge.metrics):
        await bridge.start()
        await tell_ready()
        reassurance, reloads = loop.create_task(supervisor.reassure()), loop.create_task(reload())
        welcome = loop.create_task(tell_when_ready())
        try:
            await stopping.wait()
        finally:
            reloads.cancel()
            welcome.cancel()
            await supervisor.stopping()
            await bridge.stop()
            reassurance.cancel()


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
