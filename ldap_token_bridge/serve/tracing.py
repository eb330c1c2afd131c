"""Where spans go, by the settings and by OpenTelemetry's own environment variables."""

import asyncio
from collections.abc import Mapping

from ldap_token_bridge.checkup import no_opentelemetry
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.observe import NoSpans, Spans, has_opentelemetry, log, otlp_spans, use_spans, wants_spans
from ldap_token_bridge.settings import Settings


def spans_for(settings: Settings, environment: Mapping[str, str]) -> Spans:
    """Raises Misconfigured if the settings ask for what is not installed.

    Platforms set the environment's variables for every program alike: without the package they are a warning.
    """
    endpoint = settings.tracing.otlp_endpoint or ""
    if not endpoint and not wants_spans(environment):
        return NoSpans()
    if has_opentelemetry():
        return otlp_spans(endpoint, environment)
    if endpoint:
        raise Misconfigured([no_opentelemetry(settings.place("tracing", "otlp_endpoint"))])
    log().warning("OTEL_EXPORTER_OTLP_ENDPOINT is set and OpenTelemetry is not installed; no spans are sent")
    return NoSpans()


async def replace_spans(new: Spans) -> None:
    """Spans go there from now on; what is left of the old ones is sent without making anyone wait."""
    await asyncio.to_thread(use_spans(new).close)
