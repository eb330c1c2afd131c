"""Gauges of the directory servers, asked for at the moment when they are read: what is gone leaves no trace."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class ServerGauges:
    """One server: its address, whether it answered when it was asked last, and its open connections by kind."""

    server: str
    up: bool
    connections: Mapping[str, int]


class DirectoryGauges(Collector):
    """`read` gives the servers that there are now."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.read: Callable[[], Iterable[ServerGauges]] = tuple
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """prometheus-client: the gauges as they are now."""
        up = GaugeMetricFamily(
            "ltb_ldap_server_up",
            "0 from a failure of a directory server on until it answers again, else 1",
            labels=("server",),
        )
        connections = GaugeMetricFamily(
            "ltb_ldap_connections", "Open connections to a directory server", labels=("server", "kind")
        )
        for server in self.read():
            up.add_metric((server.server,), float(server.up))
            for kind, number in server.connections.items():
                connections.add_metric((server.server, kind), float(number))
        yield up
        yield connections
