"""Spans sent by OpenTelemetry's OTLP over HTTP. Owns opentelemetry, which is the package's extra `otel`.

Sampling, headers, resource attributes and limits are OpenTelemetry's own environment variables (OTEL_TRACES_SAMPLER,
OTEL_EXPORTER_OTLP_HEADERS, ...): its SDK reads them.
"""

import importlib.util
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from ldap_token_bridge import __version__
from ldap_token_bridge.errors import Misconfigured

from .log import log
from .trace_context import TraceContext
from .tracing import RequestSpan, Step

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span

_SERVICE = "ldap-token-bridge"
_TELL_AGAIN = 300.0  # seconds between two complaints about a collector that does not answer
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def has_opentelemetry() -> bool:
    """Whether the extra is installed."""
    try:
        return all(map(importlib.util.find_spec, ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")))
    except ModuleNotFoundError:
        return False


def wants_spans(environment: Mapping[str, str]) -> bool:
    """Whether the standard environment variables name a collector."""
    return any(environment.get(name) for name in _ENDPOINTS)


def otlp_spans(endpoint: str, environment: Mapping[str, str]) -> "OtlpSpans":
    """Spans to the collector at `endpoint`, or at the one that OTEL_* variables name if it is empty.

    Needs the extra. Raises Misconfigured for variables that OpenTelemetry does not take.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 -- an extra
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 -- an extra

    _take_over_complaints()
    try:
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces") if endpoint else OTLPSpanExporter()
        return OtlpSpans(BatchSpanProcessor(exporter), environment)
    except ValueError:
        remedy = "Check the variables that begin with OTEL_."
        raise Misconfigured.one("OpenTelemetry does not take its environment", remedy=remedy) from None


class OtlpSpans:
    """Makes spans and hands them to `processor`."""

    are_recorded = True

    def __init__(self, processor: "SpanProcessor", environment: Mapping[str, str]) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 -- an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 -- an extra

        told = {"service.version": __version__}
        if not environment.get("OTEL_SERVICE_NAME") and "service.name" not in environment.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        ):
            told["service.name"] = _SERVICE
        self._provider = TracerProvider(resource=Resource.create(told), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(_SERVICE, __version__)

    @contextmanager
    def request(self, parent: TraceContext | None) -> Iterator[RequestSpan]:
        """A span for a whole request, below the caller's."""
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 -- an extra

        # Exceptions are told to nobody: their texts could hold anything.
        with self._tracer.start_as_current_span(
            "token request",
            _context_of(parent),
            SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield _Recorded(span)

    def step(self, name: Step) -> AbstractContextManager[object]:
        """A span for a part of the request that is under way."""
        return self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False)

    def close(self) -> None:
        """Send what is left, and stop; waits for the collector."""
        self._provider.shutdown()


class _Recorded:
    """A request's span."""

    def __init__(self, span: "Span") -> None:
        self._span = span

    @property
    def context(self) -> TraceContext:
        """The span's own ids."""
        own = self._span.get_span_context()
        return TraceContext(f"{own.trace_id:032x}", f"{own.span_id:016x}", sampled=own.trace_flags.sampled)

    def tell(self, attributes: Mapping[str, str | int], *, failed: bool) -> None:
        """What came of it."""
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 -- an extra

        self._span.set_attributes(attributes)
        if failed:
            self._span.set_status(StatusCode.ERROR)


def _context_of(parent: TraceContext | None) -> "Context":
    from opentelemetry import trace  # noqa: PLC0415 -- an extra
    from opentelemetry.context import Context  # noqa: PLC0415 -- an extra

    if parent is None:
        return Context()
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED if parent.sampled else trace.TraceFlags.DEFAULT)
    remote = trace.SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(trace.NonRecordingSpan(remote), Context())


class _Complaints(logging.Handler):
    """What OpenTelemetry logs, as a line of ours from time to time; its own texts hold answers of the collector."""

    _told_at = -_TELL_AGAIN

    def emit(self, record: logging.LogRecord) -> None:
        """One line for all that comes within some minutes."""
        now = time.monotonic()
        if now - self._told_at >= _TELL_AGAIN:
            self._told_at = now
            log().warning("traces cannot be sent; requests are not touched", component=record.name)


def _take_over_complaints() -> None:
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    logger.handlers = [_Complaints()]
