"""Prometheus metrics. None is labelled by person or repository: their number has no bound."""

from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from ldap_token_bridge import __version__

from .directory_gauges import DirectoryGauges
from .issuers import IssuerMetrics
from .shared_store import SharedStoreMetrics

_M = TypeVar("_M", bound=MetricWrapperBase)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class _Children(dict[tuple[str, ...], _M], Generic[_M]):
    """The children of a metric by the values of their labels; to look one up there costs more than to count."""

    def __init__(self, metric: _M) -> None:
        super().__init__()
        self._metric = metric

    def __missing__(self, labels: tuple[str, ...]) -> _M:
        child = self[labels] = self._metric.labels(*labels)
        return child


class Metrics:
    """All metrics of one bridge, in a registry of its own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._registry = registry
        self.requests = Counter(
            "ltb_token_requests", "Token requests by outcome and its reason", ("outcome", "reason"), registry=registry
        )
        self.request_seconds = Histogram(
            "ltb_token_request_seconds", "Time to answer a token request", registry=registry, buckets=_SECONDS
        )
        self.in_flight = Gauge("ltb_token_requests_in_flight", "Token requests under way", registry=registry)
        self.large_tokens = Counter(
            "ltb_large_tokens", "Tokens above 8 kB, which proxies may refuse as a header", registry=registry
        )
        self.budget_blocks = Counter(
            "ltb_budget_blocks",
            "Logins not looked at after too many failures of the account or the address",
            ("budget",),
            registry=registry,
        )
        self.refresh_tokens = Counter(
            "ltb_refresh_tokens", "Refresh tokens issued, used and refused", ("event",), registry=registry
        )
        self.dropped_lines = Counter(
            "ltb_dropped_lines", "Lines of audit trail or log that could not be written", ("stream",), registry=registry
        )
        self.ldap_seconds = Histogram(
            "ltb_ldap_operation_seconds",
            "Time of LDAP operations",
            ("operation", "server", "outcome"),
            registry=registry,
            buckets=_SECONDS,
        )
        self.cache_lookups = Counter("ltb_cache_lookups", "Look-ups in a cache", ("cache", "result"), registry=registry)
        self.stale_logins = Counter(
            "ltb_stale_logins", "Tokens for who was known before the directory went away", registry=registry
        )
        self.cache_flushes = Counter("ltb_cache_flushes", "Memories flushed by hand", ("what",), registry=registry)
        self.reloads = Counter("ltb_reloads", "Reloads of settings, policy and keys", ("result",), registry=registry)
        self.last_reload = Gauge(
            "ltb_last_reload_successful", "1 if the last reload was taken up, else 0", registry=registry
        )
        self.refresh_files_broken = Gauge(
            "ltb_refresh_files_broken",
            "1 if refresh tokens go by what was read of their files before the last reload, else 0",
            registry=registry,
        )
        self.last_reload_at = Gauge(
            "ltb_last_reload_seconds", "When settings, policy and keys were taken up, since 1970", registry=registry
        )
        self.policy = Gauge("ltb_policy_info", "1 for the policy in force", ("hash",), registry=registry)
        self.shadow_policy = Gauge(
            "ltb_shadow_policy_info",
            "1 for the policy that is compared with the one in force",
            ("hash",),
            registry=registry,
        )
        self.shadow_broken = Gauge(
            "ltb_shadow_policy_broken", "1 if there is a shadow policy and it cannot be used, else 0", registry=registry
        )
        self.shadow_decisions = Counter(
            "ltb_shadow_decisions",
            "Decisions compared with the shadow policy's: same, or what it would gain or lose",
            ("result",),
            registry=registry,
        )
        self.key_expiry = Gauge(
            "ltb_signing_key_not_after_seconds",
            "When a key's certificate ends, since 1970",
            ("kid",),
            registry=registry,
        )
        self.key_start = Gauge(
            "ltb_signing_key_not_before_seconds",
            "When a key's certificate begins, since 1970",
            ("kid",),
            registry=registry,
        )
        self.key_signs = Gauge(
            "ltb_signing_key_active", "1 for the key that signs, else 0", ("kid",), registry=registry
        )
        self.directory = DirectoryGauges(registry)
        self.issuers = IssuerMetrics(registry)
        self.shared_store = SharedStoreMetrics(registry)
        self._by_outcome = _Children(self.requests)
        self._by_operation = _Children(self.ldap_seconds)
        self._by_lookup = _Children(self.cache_lookups)
        Info("ltb_build", "The version that runs", registry=registry).info({"version": __version__})

    def token_request(self, outcome: str, reason: str, seconds: float) -> None:
        """Count one token request."""
        self._by_outcome[outcome, reason].inc()
        self.request_seconds.observe(seconds)

    def ldap_operation(self, operation: str, server: str, seconds: float, outcome: str) -> None:
        """Count one LDAP operation."""
        self._by_operation[operation, server, outcome].observe(seconds)

    def cache_lookup(self, cache: str, hit: bool) -> None:  # noqa: FBT001 -- the shape that caches call back with
        """Count one look-up in a cache."""
        self._by_lookup[cache, "hit" if hit else "miss"].inc()

    def render(self) -> bytes:
        """All metrics in Prometheus' text form."""
        return generate_latest(self._registry)
