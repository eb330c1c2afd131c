"""Metrics of the issuers whose keys are fetched: the age of what is there, and how the fetches ended."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class IssuerMetrics(Collector):
    """`key_ages` gives the seconds since the last good fetch, by the issuers' names; infinite if there was none."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.key_ages: Callable[[], Mapping[str, float]] = dict
        self._fetches = Counter(
            "ltb_workload_key_fetches",
            "Fetches of an issuer's keys: ok, or why not",
            ("issuer", "outcome"),
            registry=registry,
        )
        registry.register(self)

    def fetched(self, issuer: str, outcome: str) -> None:
        """Count one fetch."""
        self._fetches.labels(issuer, outcome).inc()

    def collect(self) -> Iterator[Metric]:
        """prometheus-client: the ages as they are now."""
        ages = GaugeMetricFamily(
            "ltb_workload_key_age_seconds",
            "Seconds since an issuer's keys were fetched; +Inf if they never were",
            labels=("issuer",),
        )
        for issuer, age in self.key_ages().items():
            ages.add_metric((issuer,), age)
        yield ages
