"""Who gets no token, or one without a name; and whether the time of a refusal tells who exists."""

import random
from collections.abc import Iterator
from statistics import quantiles

from tests.bench.figures import Figure, figure
from tests.bench.place import Place
from tests.bench.progress import steps

from . import asks
from .bridge import BenchBridge
from .client import ask_in_turn
from .series import rate, series
from .warm import PEOPLE
from .wrk import Ask, load
from .yardstick import Yardstick

LINES = ("service_wrong_password_rate", "service_anonymous_rate")
KINDS = ("right", "wrong", "unknown")
TIMING = tuple(f"service_timing_{kind}_{part}_ms" for kind in KINDS for part in ("p10", "p50", "p90"))

_STATUS = {"right": 200, "wrong": 401, "unknown": 401}
_OF_A_KIND = 20  # people
_EACH = 400  # requests of each kind in a round


def refused_and_anonymous(place: Place, rounds: int) -> Iterator[Figure]:
    """Wrong passwords that are known to be wrong, and requests without a login, at 32 connections."""
    with BenchBridge(place, "refusals") as bridge, Yardstick(bridge, signed=True) as signed:
        wrong = asks.known(bridge, [asks.wrong(number) for number in asks.people(PEOPLE)], "wrong")
        anonymous = bridge.asks("anonymous", [asks.ask([asks.PUBLIC])])
        refused, nameless, beside = series(
            LINES[0],
            rounds,
            lambda: bridge.load(wrong).all_refused(),
            lambda: bridge.load(anonymous).all_granted(),
            lambda: load(signed.url, anonymous).all_granted(),
        )
    yield rate(LINES[0], refused, beside, signed.name)
    yield rate(LINES[1], nameless, beside, signed.name)


def timing(place: Place, rounds: int) -> Iterator[Figure]:
    """One at a time over one connection: right, wrong and of nobody, all remembered, in an order of chance."""
    people = asks.people(2 * _OF_A_KIND)
    known = {
        "right": [asks.of_person(number) for number in people[:_OF_A_KIND]],
        "wrong": [asks.wrong(number) for number in people[_OF_A_KIND:]],
        "unknown": [_nobody(number) for number in range(_OF_A_KIND)],
    }
    chance = random.Random(5)  # noqa: S311 -- an order, guards nothing
    spread: dict[str, list[list[float]]] = {kind: [] for kind in KINDS}
    with BenchBridge(place, "timing") as bridge:
        for _ in steps(TIMING[0], range(rounds + 1), rounds + 1):
            order = [kind for kind in KINDS for _ in range(_EACH)]
            chance.shuffle(order)
            replies = ask_in_turn(bridge.url, [chance.choice(known[kind]) for kind in order])
            if [_STATUS[kind] for kind in order] != [reply.status for reply in replies]:
                raise RuntimeError("a reply was not as it was to be")
            for kind in KINDS:
                times = [reply.milliseconds for each, reply in zip(order, replies, strict=True) if each == kind]
                spread[kind].append(quantiles(times, n=10))
    for kind in KINDS:
        # The first round asked the directory, and counts nowhere.
        for part, place_of in (("p10", 0), ("p50", 4), ("p90", 8)):
            yield figure(f"service_timing_{kind}_{part}_ms", [tenths[place_of] for tenths in spread[kind][1:]], "ms")


def _nobody(number: int) -> Ask:
    return asks.ask([asks.EVERYONE], f"x{number:05}", f"x{number:05}+{'x' * 28}")
