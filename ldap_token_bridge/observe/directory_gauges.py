"""Gauges of the directory servers, asked for at the moment when they are read: what is gone leaves no trace."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ldap_token_bridge.values import dataclass

_BREAKER_STATES = ("closed", "open", "probe")


@dataclass(frozen=True, slots=True)
class ServerGauges:
    """One server: its address, whether it answered when it was asked last, its breaker, its connections by kind."""

    server: str
    up: bool
    breaker: str
    connections: Mapping[str, int]
    in_use: Mapping[str, int]
    waiting: int


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
        in_use = GaugeMetricFamily(
            "ltb_ldap_connections_in_use",
            "Connections to a directory server that wait for an answer",
            labels=("server", "kind"),
        )
        waiting = GaugeMetricFamily(
            "ltb_ldap_binds_waiting", "Binds that wait for a connection to a directory server", labels=("server",)
        )
        breaker = GaugeMetricFamily(
            "ltb_ldap_breaker", "1 for the state of a directory server's breaker", labels=("server", "state")
        )
        for server in self.read():
            up.add_metric((server.server,), float(server.up))
            waiting.add_metric((server.server,), float(server.waiting))
            for family, numbers in ((connections, server.connections), (in_use, server.in_use)):
                for kind, number in numbers.items():
                    family.add_metric((server.server, kind), float(number))
            for state in _BREAKER_STATES:
                breaker.add_metric((server.server, state), float(state == server.breaker))
        yield from (up, connections, in_use, waiting, breaker)
