"""Everything that is measured of the whole service, by the names of the lines, in the order of the output."""

from collections.abc import Callable, Iterator
from functools import partial

from tests.bench.figures import Figure
from tests.bench.place import Place

from . import cold, crowded, disturbed, refusals, resources, shared, sizes, soak, spraying, warm

ALONE: dict[tuple[str, ...], Callable[[int], Iterator[Figure]]] = {
    resources.HELP: resources.show_help,
    resources.ACCOUNT: resources.account,
}
"""Needs nothing but a processor; told the number of rounds."""

IN_A_PLACE: dict[tuple[str, ...], Callable[[Place, int], Iterator[Figure]]] = {
    warm.LINES: warm.warm,
    tuple(warm.CONNECTIONS.values()): warm.connections,
    warm.TLS: warm.tls,
    sizes.lines("scopes", sizes.SCOPES, 1): sizes.scopes,
    sizes.lines("groups", crowded.SIZES, 10): sizes.groups,
    sizes.lines("rules", sizes.RULES, 100): sizes.rules,
    sizes.RS256: sizes.rs256,
    refusals.LINES: refusals.refused_and_anonymous,
    refusals.TIMING: refusals.timing,
    cold.LINES: cold.cold,
    **{cold.latency_lines(each): partial(cold.far_away, milliseconds=each) for each in cold.ROUND_TRIPS},
    shared.LINES: shared.shared,
    disturbed.RELOAD: disturbed.reload,
    disturbed.HUNG: disturbed.hung,
    spraying.LINES: spraying.spraying,
    resources.IDLE: resources.idle,
    resources.START: resources.start,
    soak.LINES: soak.soak,
}
"""Needs the directory."""

NAMES = tuple(name for names in (*ALONE, *IN_A_PLACE) for name in names)
