"""Prometheus metrics. None is labelled by person or repository: their number has no bound."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from ldap_token_bridge import __version__

from .directory_gauges import DirectoryGauges
from .issuers import IssuerMetrics
from .shared_store import SharedStoreMetrics
from .tally import Durations, Tally

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """All metrics of one bridge, in a registry of its own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._registry = registry
        self._requests = Tally(
            "ltb_token_requests", "Token requests by outcome and its reason", ("outcome", "reason"), registry
        )
        self._request_seconds = Durations(
            "ltb_token_request_seconds", "Time to answer a token request", _SECONDS, registry
        )
        self.under_way = 0  # token requests
        in_flight = Gauge("ltb_token_requests_in_flight", "Token requests under way", registry=registry)
        in_flight.set_function(lambda: self.under_way)
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
        self._ldap_seconds = Durations(
            "ltb_ldap_operation_seconds",
            "Time of LDAP operations",
            _SECONDS,
            registry,
            ("operation", "server", "outcome"),
        )
        self._cache_lookups = Tally("ltb_cache_lookups", "Look-ups in a cache", ("cache", "result"), registry)
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
        self.server_tls_expiry = Gauge(
            "ltb_server_tls_not_after_seconds",
            "When the certificate that a listener shows ends, since 1970",
            ("listener",),
            registry=registry,
        )
        self.directory = DirectoryGauges(registry)
        self.account_refused = Gauge(
            "ltb_service_account_refused",
            "1 if the directory refused the bridge's own account when it was shown last, else 0",
            registry=registry,
        )
        self.issuers = IssuerMetrics(registry)
        self.shared_store = SharedStoreMetrics(registry)
        Info("ltb_build", "The version that runs", registry=registry).info({"version": __version__})

    def token_request(self, outcome: str, reason: str, seconds: float) -> None:
        """Count one token request."""
        self._requests.count(outcome, reason)
        self._request_seconds.observe(seconds)

    def ldap_operation(self, operation: str, server: str, seconds: float, outcome: str) -> None:
        """Count one LDAP operation."""
        self._ldap_seconds.observe(seconds, operation, server, outcome)

    def cache_lookup(self, cache: str, hit: bool) -> None:  # noqa: FBT001 -- the shape that caches call back with
        """Count one look-up in a cache."""
        self._cache_lookups.count(cache, "hit" if hit else "miss")

    def render(self) -> bytes:
        """All metrics in Prometheus' text form."""
        return generate_latest(self._registry)
