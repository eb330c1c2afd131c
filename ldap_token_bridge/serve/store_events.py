"""What the shared store does, as metrics and as few lines of the log as will do."""

from ldap_token_bridge.observe import SharedStoreMetrics, log


class StoreLog:
    """One for each store; `address` is for people."""

    def __init__(self, metrics: SharedStoreMetrics, address: str) -> None:
        self._metrics = metrics
        self._address = address
        self._told: set[str] = set()

    def operation(self, operation: str, outcome: str, seconds: float) -> None:
        """Counted; timed if anything was asked."""
        self._metrics.operations.labels(operation, outcome).inc()
        if outcome not in ("skipped", "dropped"):
            self._metrics.seconds.labels(operation).observe(seconds)

    def state(self, *, up: bool, why: str) -> None:
        """Told at each change."""
        self._metrics.up.set(up)
        if up:
            log().info("the shared store answers", store=self._address)
        else:
            log().warning("the shared store does not answer; each bridge goes by itself", store=self._address, why=why)

    def unsealed(self, kind: str) -> None:
        """Told once: whoever can write there could fill the log."""
        self._metrics.unsealed.labels(kind).inc()
        if kind not in self._told:
            self._told.add(kind)
            log().warning("the shared store holds what no bridge with this key has written lately", kind=kind)
