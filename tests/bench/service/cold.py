"""People of whom nothing is remembered: every request a first login, beside cached ones and slapd's own limit."""

from collections.abc import Iterator
from functools import partial

from tests.bench.figures import Figure, figure
from tests.bench.place import Place
from tests.bench.progress import tell
from tests.support import many_people
from tests.support.delay_line import DelayLine

from . import asks, slapd_limit, warm
from .bridge import BenchBridge
from .client import ask_at_once
from .series import latency, over, pair, rate, series
from .wrk import CONNECTIONS, Load

LINES = (
    "service_cold_rate",
    "service_cold_ratio_slapd",
    "service_cold_p50_ms",
    "service_cold_p99_ms",
    "service_cold_ldaps_rate",
    "slapd_alone_rate",
)
ROUND_TRIPS = (5, 50)
BINDS = 8
"""`directory.connections.bind` by default: each carries one login at a time."""

_RAMP = 50  # people; the first of them has the bridge read how groups are nested
_WARM = "service-warm"


def latency_lines(milliseconds: int) -> tuple[str, ...]:
    """With a directory that is so far away."""
    return f"service_cold_{milliseconds}ms_p50_round_trips", f"service_cold_{milliseconds}ms_rate"


class FirstLogins:
    """Rounds in which each of the 10,000 people comes once, to a bridge that knows the groups and no person."""

    def __init__(self, bridge: BenchBridge) -> None:
        everyone = [asks.of_person(number) for number in asks.people(many_people.PEOPLE)]
        self._bridge = bridge
        self._ramp, self._rest = everyone[:_RAMP], everyone[_RAMP:]
        self._file = bridge.asks("everyone", self._rest)

    def block(self, connections: int = CONNECTIONS) -> Load:
        """One round. Raises RuntimeError if people were so few that some came twice."""
        self._bridge.flush()
        ask_at_once(self._bridge.url, self._ramp)
        load = self._bridge.load(self._file, connections=connections).all_granted()
        if load.requests > len(self._rest):
            raise RuntimeError(f"{load.requests} first logins in a round, and only {len(self._rest)} people")
        return load


def cold(place: Place, rounds: int) -> Iterator[Figure]:
    """At 32 connections, as warm; slapd works on the same processors."""
    tell("bridges start")
    with (
        BenchBridge(place, "cold") as bridge,
        BenchBridge(place, "cold-ldaps", ldaps=True) as over_tls,
        BenchBridge(place, "cold-beside") as known,
        slapd_limit.SlapdLimit(place) as limit,
    ):
        mixed = asks.of_known_people(known, warm.PEOPLE)
        plain, encrypted = FirstLogins(bridge), FirstLogins(over_tls)
        alone: list[float] = []

        def plain_and_alone() -> Load:
            alone.append(limit.block())
            return plain.block()

        works = (plain_and_alone, encrypted.block, lambda: known.load(mixed).all_granted())
        ours, ldaps, beside = series(LINES[0], rounds, *works)
    alone = alone[1:]  # the first round counts nowhere
    yield rate("service_cold_rate", ours, beside, _WARM)
    ratios = over([each.rate for each in ours], alone)
    yield figure("service_cold_ratio_slapd", ratios, "times", ratios, slapd_limit.YARDSTICK)
    yield latency("service_cold_p50_ms", ours, beside, _WARM)
    yield latency("service_cold_p99_ms", ours, beside, _WARM)
    yield rate("service_cold_ldaps_rate", ldaps, beside, _WARM)
    yield figure("slapd_alone_rate", alone, "1/s")


def far_away(place: Place, rounds: int, milliseconds: int) -> Iterator[Figure]:
    """The time alone at 8 connections, as many as the bridge has for passwords; and how many a second at 32."""
    half, whole = latency_lines(milliseconds)
    seconds = milliseconds / 1000
    line = DelayLine(place.slapd.port, seconds, place.folder / f"delay-{milliseconds}.log")
    with line, BenchBridge(place, f"far-{milliseconds}", directory=f"ldap://127.0.0.1:{line.port}") as bridge:
        strangers = FirstLogins(bridge)
        alone, crowd = pair(half, rounds, partial(strangers.block, BINDS), strangers.block)
    yield figure(half, [each.p50 / milliseconds for each in alone], "round trips")
    rates = [each.rate for each in crowd]
    yield figure(whole, rates, "1/s", [each / (BINDS / seconds) for each in rates], "pool-limit")
