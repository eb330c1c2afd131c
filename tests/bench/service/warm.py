"""People whom memory answers for: the whole way of a request but the directory, beside bare aiohttp handlers."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure, figure
from tests.bench.place import Place
from tests.bench.progress import tell

from . import asks, wrk
from .bridge import BenchBridge
from .series import latency, over, pair, rate, series
from .wrk import Load
from .yardstick import Yardstick

PEOPLE = 1_000
LINES = (
    "service_warm_rate",
    "service_warm_ratio_bare",
    "service_warm_p50_ms",
    "service_warm_p99_ms",
    "service_warm_p99_over_p50",
    "service_warm_ratio_asyncio",
    "ldap_operations_per_1000_tokens",
)
CONNECTIONS = {count: f"service_connections_{count}_rate" for count in (1, 100, 500)}
TLS = ("service_tls_rate",)

_COUNTED = ("ltb_ldap_operation_seconds_count", "ltb_token_requests_total")


def warm(place: Place, rounds: int) -> Iterator[Figure]:
    """At 32 connections: one scope, 100 rules, ES256, audit trail in a file, metrics on."""
    tell("a bridge with 100 rules starts")
    with ExitStack() as stack:
        bridge = stack.enter_context(BenchBridge(place, "warm"))
        signed, bare = Yardstick(bridge, signed=True), Yardstick(bridge, signed=False)
        plain = [Yardstick(bridge, signed=True, uvloop=False)] if bridge.uses_uvloop else []
        urls = [bridge.url, *(stack.enter_context(each).url for each in (signed, bare, *plain))]
        file = asks.of_known_people(bridge, PEOPLE)
        before = [bridge.counted(metric) for metric in _COUNTED]
        works = (partial(_load, url, file) for url in urls)
        ours, beside, least, *more = series(LINES[0], rounds, *works)
        asked, tokens = (bridge.counted(metric) - was for metric, was in zip(_COUNTED, before, strict=True))
    yield rate("service_warm_rate", ours, beside, signed.name)
    ratios = over([each.rate for each in ours], [each.rate for each in least])
    yield figure("service_warm_ratio_bare", ratios, "times", ratios, bare.name)
    yield latency("service_warm_p50_ms", ours, beside, signed.name)
    yield latency("service_warm_p99_ms", ours, beside, signed.name)
    yield figure("service_warm_p99_over_p50", [each.p99 / each.p50 for each in ours], "times")
    for yardstick, loads in zip(plain, more, strict=True):
        ratios = over([each.rate for each in ours], [each.rate for each in loads])
        yield figure("service_warm_ratio_asyncio", ratios, "times", ratios, yardstick.name)
    yield figure("ldap_operations_per_1000_tokens", [asked / tokens * 1000], "count")


def connections(place: Place, rounds: int) -> Iterator[Figure]:
    """The same with fewer connections, and with many."""
    with BenchBridge(place, "connections") as bridge, Yardstick(bridge, signed=True) as signed:
        file = asks.of_known_people(bridge, PEOPLE)
        for count, name in CONNECTIONS.items():
            ours, beside = (partial(_load, each.url, file, count) for each in (bridge, signed))
            yield rate(name, *pair(name, rounds, ours, beside), signed.name)


def tls(place: Place, rounds: int) -> Iterator[Figure]:
    """The bridge's own TLS, and the handler's; the connections stay open."""
    with BenchBridge(place, "tls", tls=True) as bridge, Yardstick(bridge, signed=True) as signed:
        file = asks.of_known_people(bridge, PEOPLE)
        ours, beside = (partial(_load, each.url, file) for each in (bridge, signed))
        yield rate(TLS[0], *pair(TLS[0], rounds, ours, beside), signed.name)


def _load(url: str, file: Path, connections: int = wrk.CONNECTIONS) -> Load:
    return wrk.load(url, file, connections=connections).all_granted()
