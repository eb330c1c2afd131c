"""Known people while something else goes on: a reload, or a directory that hangs."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.bench.figures import Figure, figure
from tests.bench.place import Place
from tests.bench.progress import steps
from tests.support import many_people

from . import asks, wrk
from .bridge import BenchBridge
from .client import Reply, ask_in_turn
from .series import latency, over, rate, series
from .warm import PEOPLE
from .wrk import Load

RELOAD = ("service_reload_rate", "service_reload_p99_ms", "service_reload_worst_ms")
HUNG = ("service_hung_slowest_s", "service_hung_cached_p99_times", "service_hung_anonymous_p99_times")

_UNDER_WAY = 0.2  # seconds after the start of a load
_SECONDS, _HUNG_ROUNDS = 2, 3  # the directory hangs for longer than a round takes elsewhere
_STRANGERS = 8  # at a time
_PAUSE = 0.5
_UNAVAILABLE = 503


def reload(place: Place, rounds: int) -> Iterator[Figure]:
    """SIGHUP in the midst, with a policy of 1,000 rules; beside the same without."""
    with BenchBridge(place, "reload", rules=1_000) as bridge:
        file = asks.of_known_people(bridge, PEOPLE)

        def reloaded() -> Load:
            running = wrk.start(bridge.url, file)
            time.sleep(_UNDER_WAY)
            os.kill(bridge.pid, signal.SIGHUP)
            return wrk.finish(running).all_granted()

        ours, calm = series(RELOAD[0], rounds, reloaded, lambda: bridge.load(file).all_granted())
    yield rate(RELOAD[0], ours, calm, "no-reload")
    yield latency(RELOAD[1], ours, calm, "no-reload")
    yield figure(RELOAD[2], [each.worst for each in ours], "ms")


def hung(place: Place, rounds: int) -> Iterator[Figure]:
    """The directory takes connections and says nothing; strangers go on logging in."""
    rounds = min(rounds, _HUNG_ROUNDS)
    slowest, usual, now = [], [], []
    with BenchBridge(place, "hung") as bridge:
        files = asks.of_known_people(bridge, PEOPLE), bridge.asks("anonymous", [asks.ask([asks.PUBLIC])])
        strangers = itertools.cycle(asks.people(many_people.PEOPLE)[PEOPLE:])
        for _ in steps(HUNG[0], range(rounds), rounds):
            usual.append([bridge.load(file, _SECONDS).all_granted().p99 for file in files])
            with _hanging(place), _asking(bridge, strangers) as replies:
                now.append([bridge.load(file, _SECONDS).all_granted().p99 for file in files])
            if any(reply.status != _UNAVAILABLE for reply in replies):
                raise RuntimeError("a stranger was answered although nobody could know")
            slowest.append(max(reply.milliseconds for reply in replies) / 1000)
    yield figure(HUNG[0], slowest, "s")
    for name, before, after in zip(HUNG[1:], zip(*usual, strict=True), zip(*now, strict=True), strict=True):
        yield figure(name, over(after, before), "times")


@contextmanager
def _hanging(place: Place) -> Iterator[None]:
    place.slapd.hang()
    try:
        yield
    finally:
        place.slapd.resume()
        time.sleep(_PAUSE)


@contextmanager
def _asking(bridge: BenchBridge, strangers: Iterator[int]) -> Iterator[list[Reply]]:
    """First logins, eight at a time and not too fast; their replies are there at the end."""
    replies: list[Reply] = []
    is_over, lock = threading.Event(), threading.Lock()

    def keep_asking() -> None:
        while not is_over.is_set():
            with lock:
                number = next(strangers)
            replies.extend(ask_in_turn(bridge.url, [asks.of_person(number)]))
            is_over.wait(_PAUSE)

    with ThreadPoolExecutor(_STRANGERS) as threads:
        asking = [threads.submit(keep_asking) for _ in range(_STRANGERS)]
        time.sleep(_PAUSE)
        try:
            yield replies
        finally:
            is_over.set()
            for each in asking:
                each.result()
