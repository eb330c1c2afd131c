"""The public listener as `serve` makes it, before a token service that a test gives."""

from ipaddress import ip_network

from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.observe import Metrics
from ldap_token_bridge.token_service import TokenService
from ldap_token_bridge.web import EndpointOptions, Listener, TokenEndpoint, messages_with, public_app, token_handlers

_OPTIONS = EndpointOptions(5.0, (ip_network("127.0.0.0/8"),), messages_with({}))


def token_listener(service: TokenService, metrics: Metrics) -> Listener:
    """On a free port of 127.0.0.1, not started; for ten connections."""
    endpoint = TokenEndpoint(service, _OPTIONS, metrics)
    app = public_app(endpoint, service)
    return Listener(app, ListenAddress("127.0.0.1", 0), max_connections=10, direct=token_handlers(endpoint))
