"""Everything at once for a while, and what has grown by then: `--soak SECONDS` makes it longer."""

import random
import time
from collections.abc import Iterator

from tests.bench.figures import Figure, figure
from tests.bench.place import Place
from tests.bench.progress import steps
from tests.support import many_people

from . import asks
from .bridge import BenchBridge
from .client import ask_at_once
from .resources import descriptors, memory
from .wrk import Ask

LINES = (
    "service_soak_rate",
    "service_soak_start_mb",
    "service_soak_end_mb",
    "service_soak_start_descriptors",
    "service_soak_end_descriptors",
)

_SLICES = 6
_REST = 1.0  # seconds
_CLOSE = "Connection: close"


def soak(place: Place, _rounds: int) -> Iterator[Figure]:
    """All 10,000 people, wrong passwords, people without a login, connections that come and go; times as by default.

    "start" is when each request was answered once: what grows from then on would go on growing.
    """
    every = _all()
    times = {"credentials": "60s", "groups": "5m", "rejected": "60s"}
    with BenchBridge(place, "soak", changes={"cache": times}) as bridge:
        file = bridge.asks("all", every)
        ask_at_once(bridge.url, every)
        start = _needed(bridge)
        seconds = max(1, place.soak_seconds // _SLICES)
        loads = list(steps(LINES[0], (bridge.load(file, seconds) for _ in range(_SLICES)), _SLICES))
        if any(load.broken for load in loads):
            raise RuntimeError("some never got a reply")
        end = _needed(bridge)
    yield figure(LINES[0], [load.rate for load in loads], "1/s")
    for name, value in zip(LINES[1:3], (start[0], end[0]), strict=True):
        yield figure(name, [value / 1e6], "MB")
    for name, value in zip(LINES[3:], (start[1], end[1]), strict=True):
        yield figure(name, [value], "count")


def _needed(bridge: BenchBridge) -> tuple[float, int]:
    """Octets and descriptors, once the connections of the last load are closed."""
    time.sleep(_REST)
    return memory(bridge.pid, "Rss"), descriptors(bridge.pid)


def _all() -> list[Ask]:
    everyone = range(many_people.PEOPLE)
    every = [asks.of_person(number) for number in everyone]
    every += [asks.wrong(number) for number in everyone[::10]]
    every += [asks.ask([asks.PUBLIC]) for _ in everyone[::10]]
    every += [asks.of_person(number, _CLOSE) for number in everyone[::50]]
    random.Random(6).shuffle(every)  # noqa: S311 -- an order, guards nothing
    return every
