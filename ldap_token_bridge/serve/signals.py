"""How a supervisor talks to the process: SIGTERM and SIGINT stop it, SIGHUP reloads."""

import asyncio
import signal

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
    await bridge.start()
    try:
        await stopping.wait()
    finally:
        for task in reloads:
            task.cancel()
        await bridge.stop()
