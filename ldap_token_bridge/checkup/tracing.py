"""Whether spans can be sent as the settings want it. The collector itself is not asked: requests never wait for it."""

from ldap_token_bridge.errors import Place, Problem
from ldap_token_bridge.observe import has_opentelemetry
from ldap_token_bridge.settings import Settings

from .item import Grade, Item, items_of


def tracing_items(settings: Settings) -> list[Item]:
    """One item if the settings ask for spans, none if they do not."""
    endpoint = settings.tracing.otlp_endpoint
    if not endpoint:
        return []
    if has_opentelemetry():
        return [Item("tracing", Grade.FINE, f"spans go to {endpoint}")]
    return items_of("tracing", Grade.UNUSABLE, [no_opentelemetry(settings.place("tracing", "otlp_endpoint"))])


def no_opentelemetry(where: Place) -> Problem:
    """The settings want what is not installed."""
    remedy = "Install it: pip install '.[otel]' in a checkout of ldap-token-bridge; or remove the key."
    return Problem("tracing.otlp_endpoint needs OpenTelemetry, which is not installed", where, remedy)
