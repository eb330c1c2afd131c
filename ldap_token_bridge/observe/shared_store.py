"""Metrics of the store that replicas share."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)


class SharedStoreMetrics:
    """Whether it answers, how often it was asked for what, how that ended, and how long it took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.up = Gauge("ltb_shared_store_up", "1 if the shared store answers in time, else 0", registry=registry)
        self.operations = Counter(
            "ltb_shared_store_operations",
            "What the shared store was asked for, and how that ended",
            ("operation", "outcome"),
            registry=registry,
        )
        self.unsealed = Counter(
            "ltb_shared_store_unsealed",
            "Entries that no bridge with this key has written, or that are too old: not believed",
            ("kind",),
            registry=registry,
        )
        self.seconds = Histogram(
            "ltb_shared_store_operation_seconds",
            "Time of operations of the shared store",
            ("operation",),
            registry=registry,
            buckets=_SECONDS,
        )
