"""Metrics of what happens with every request, counted in the event loop's thread alone.

The library's own take a lock and several calls each time: as much as everything else that a look-up in a cache takes.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class Tally(Collector):
    """Counts by the values of its labels."""

    def __init__(self, name: str, documentation: str, labels: tuple[str, ...], registry: CollectorRegistry) -> None:
        self._name, self._documentation, self._labels = name, documentation, labels
        self._counts: dict[tuple[str, ...], int] = {}
        registry.register(self)

    def count(self, *labels: str) -> None:
        """Once more."""
        self._counts[labels] = self._counts.get(labels, 0) + 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The library asks for this when metrics are read."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, number in self._counts.items():
            family.add_metric(labels, number)
        yield family


class _Times:
    """How often in each bucket, and the seconds of all."""

    __slots__ = ("counts", "seconds")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.seconds = 0.0


class Durations(Collector):
    """How many times something took how many seconds, by the values of its labels, if it has any.

    `buckets` are upper bounds, ascending.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        buckets: tuple[float, ...],
        registry: CollectorRegistry,
        labels: tuple[str, ...] = (),
    ) -> None:
        self._name, self._documentation, self._labels, self._buckets = name, documentation, labels, buckets
        self._times: dict[tuple[str, ...], _Times] = {} if labels else {(): _Times(len(buckets) + 1)}
        registry.register(self)

    def observe(self, seconds: float, *labels: str) -> None:
        """Once more, and how long it took."""
        times = self._times.get(labels)
        if times is None:
            times = self._times[labels] = _Times(len(self._buckets) + 1)
        times.counts[bisect_left(self._buckets, seconds)] += 1
        times.seconds += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The library asks for this when metrics are read."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        bounds = [*(str(float(bound)) for bound in self._buckets), "+Inf"]
        for labels, times in self._times.items():
            buckets = list(zip(bounds, accumulate(times.counts), strict=True))
            family.add_metric(labels, buckets=buckets, sum_value=times.seconds)
        yield family
