"""The demo from start to end: start the world, walk or wait, take everything away again."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Literal, TextIO

from .invite import print_invitations, print_world
from .report import as_json, print_outcome, print_summary
from .walk import Outcome, walk
from .world import World, running_world

Form = Literal["text", "json"]

OK, NOT_OK = 0, 1


def run_demo(*, once: bool, form: Form) -> int:
    """Runs the demo on standard output and returns the exit code; raises BridgeError if it cannot start.

    Without `once` it stays until Ctrl-C if there is a terminal, and text is wanted; else it walks.
    """
    out = sys.stdout  # kept: the bridge's own standard output is turned away while it runs
    stay = not once and form == "text" and out.isatty()
    return asyncio.run(_until_stopped(_demo(out, form, stay=stay), stopped=OK if stay else NOT_OK))


async def _demo(out: TextIO, form: Form, *, stay: bool) -> int:
    async with running_world() as world:
        if form == "text":
            print_world(world, out)
        if stay:
            print_invitations(world, out)
            out.write("Ctrl-C ends the demo and removes everything.\n")
            await asyncio.Event().wait()
        return await _walk(world, out, form)


async def _walk(world: World, out: TextIO, form: Form) -> int:
    outcomes: list[Outcome] = []
    async for outcome in walk(world):
        outcomes.append(outcome)
        if form == "text":
            print_outcome(outcome, out)
    if form == "text":
        print_summary(outcomes, out)
    else:
        out.write(f"{as_json(world, outcomes)}\n")
    return OK if all(outcome.right for outcome in outcomes) else NOT_OK


async def _until_stopped(work: Coroutine[Any, Any, int], *, stopped: int) -> int:
    """The work's result, or `stopped` after Ctrl-C, SIGTERM or a closed terminal; all is put away by then."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return stopped
