"""What the bridge tells about itself: log lines, one audit line a request, metrics, spans of a trace.

Owns prometheus-client and opentelemetry. Knows nothing of what it reports: callers hand over plain values,
never secrets.
"""

from .audit import write_audit
from .directory_gauges import ServerGauges
from .event_loop import log_the_event_loop
from .lines import LineWriter
from .log import configure_logging, log
from .metrics import Metrics
from .otlp import has_opentelemetry, otlp_spans, wants_spans
from .shared_store import SharedStoreMetrics
from .trace_context import TraceContext, read_traceparent, traced_lines
from .tracing import NoSpans, RequestSpan, Spans, spans, use_spans

__all__ = [
    "LineWriter",
    "Metrics",
    "NoSpans",
    "RequestSpan",
    "ServerGauges",
    "SharedStoreMetrics",
    "Spans",
    "TraceContext",
    "configure_logging",
    "has_opentelemetry",
    "log",
    "log_the_event_loop",
    "otlp_spans",
    "read_traceparent",
    "spans",
    "traced_lines",
    "use_spans",
    "wants_spans",
    "write_audit",
]
