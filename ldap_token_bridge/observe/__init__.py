"""What the bridge tells about itself: log lines, one audit line a request, metrics.

Owns structlog and prometheus-client. Knows nothing of what it reports: callers hand over plain values, never secrets.
"""

from .audit import write_audit
from .directory_gauges import ServerGauges
from .lines import LineWriter
from .log import configure_logging, log
from .metrics import Metrics

__all__ = ["LineWriter", "Metrics", "ServerGauges", "configure_logging", "log", "write_audit"]
