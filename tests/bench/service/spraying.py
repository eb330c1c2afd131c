"""Somebody tries 10,000 wrong passwords on 1,000 accounts from one address; others are served meanwhile."""

import itertools
import time
from collections.abc import Iterator

from tests.bench.figures import Figure, figure
from tests.bench.place import Place
from tests.support import many_people
from tests.support.bridge import Sections

from . import asks, wrk
from .bridge import BenchBridge
from .series import over, series
from .wrk import Ask, Load

LINES = ("service_spraying_others_p50_times", "service_spraying_others_p99_times", "service_spraying_passed_on")

_SECONDS = 2
_HEAD_START = 0.5
_OTHERS, _ATTACKERS = 16, 8  # connections
_KNOWN = 1_000
_PASSWORDS, _ACCOUNTS = 10_000, 1_000
_KNOWN_TO_NEW = 6
_CHANGES: Sections = {
    "guard": {"account_failures": "3 per 15m", "address_failures": "100 per 1m"},
    "server": {"trusted_proxies": ["127.0.0.1/32"]},
}


def spraying(place: Place, rounds: int) -> Iterator[Figure]:
    """As fast as they are refused, over 8 connections. Of the others one in seven is new; they have 16."""
    people = asks.people(many_people.PEOPLE)
    sprayed, people = people[:_ACCOUNTS], people[_ACCOUNTS:]
    known, strangers = people[:_KNOWN], iter(people[_KNOWN:])
    new_each = len(people[_KNOWN:]) // (2 * (rounds + 1))
    addresses = (f"203.0.113.{number}" for number in itertools.count(1))
    passed_on: list[float] = []
    with BenchBridge(place, "spraying", changes=_CHANGES) as bridge:
        asks.known(bridge, [_of_other(number) for number in known], "known")

        def others() -> Load:
            some = [itertools.cycle(known)] * _KNOWN_TO_NEW
            mixed = zip(*some, itertools.islice(strangers, new_each), strict=False)
            file = bridge.asks("others", [_of_other(number) for several in mixed for number in several])
            return bridge.load(file, _SECONDS, _OTHERS).all_granted()

        def beside_an_attacker() -> Load:
            before = bridge.counted("ltb_budget_blocks_total")
            file = bridge.asks("attack", _attack(next(addresses), sprayed))
            running = wrk.start(bridge.url, file, _SECONDS + 1, _ATTACKERS)
            time.sleep(_HEAD_START)
            load = others()
            sent = wrk.finish(running).all_refused().requests
            passed_on.append(sent - (bridge.counted("ltb_budget_blocks_total") - before))
            return load

        ours, calm = series(LINES[0], rounds, beside_an_attacker, others)
    yield figure(LINES[0], over([each.p50 for each in ours], [each.p50 for each in calm]), "times")
    yield figure(LINES[1], over([each.p99 for each in ours], [each.p99 for each in calm]), "times")
    yield figure(LINES[2], passed_on[1:], "count")


def _of_other(number: int) -> Ask:
    return asks.of_person(number, "X-Forwarded-For: 198.51.100.7")


def _attack(address: str, accounts: list[int]) -> list[Ask]:
    """Passwords that nobody has tried before, of which memory knows nothing."""
    tries = itertools.islice(itertools.cycle(accounts), _PASSWORDS)
    return [
        asks.ask([asks.EVERYONE], many_people.login(account), f"{address}-{number}", f"X-Forwarded-For: {address}")
        for number, account in enumerate(tries)
    ]
