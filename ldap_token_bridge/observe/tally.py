"""A counter of what happens several times a request."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class Tally(Collector):
    """Counts by the values of its labels, in the event loop's thread alone.

    The library's own Counter takes a lock and several calls each time: as much as everything else that a look-up in a
    cache takes.
    """

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
