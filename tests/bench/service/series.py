"""Several loads by turns, and the figures that they come to."""

from collections.abc import Callable, Sequence

from tests.bench.clock import by_turns
from tests.bench.figures import Figure, figure
from tests.bench.progress import steps

from .wrk import Load

Series = Sequence[Load]


def series(name: str, rounds: int, *works: Callable[[], Load]) -> tuple[Series, ...]:
    """The loads of each work, one a round; `name` is told as progress."""
    return tuple(zip(*steps(name, by_turns(rounds, *works), rounds), strict=True))


def pair(name: str, rounds: int, ours: Callable[[], Load], theirs: Callable[[], Load]) -> tuple[Series, Series]:
    """The same for two."""
    mine, other = series(name, rounds, ours, theirs)
    return mine, other


def rate(name: str, ours: Series, beside: Series = (), yardstick: str = "") -> Figure:
    """Replies a second; how many times the yardstick's."""
    rates = [each.rate for each in ours]
    return figure(name, rates, "1/s", over(rates, [each.rate for each in beside]), yardstick)


def latency(name: str, ours: Series, beside: Series = (), yardstick: str = "") -> Figure:
    """Milliseconds until the reply, of the percentile that stands in the name; how many times shorter ours are."""
    (kind,) = (part for part in name.split("_") if part in ("p10", "p50", "p90", "p99"))
    times: list[float] = [getattr(each, kind) for each in ours]
    return figure(name, times, "ms", over([getattr(each, kind) for each in beside], times), yardstick)


def over(values: Sequence[float], others: Sequence[float]) -> list[float]:
    """Each value divided by its companion of the same round; nothing where there is nothing beside."""
    return [value / other for value, other in zip(values, others, strict=False)]
