"""How the directory servers are, for operators: in the detail of readiness and in the metrics."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ldap_token_bridge.ldap import LdapClient, ServerState
from ldap_token_bridge.observe import ServerGauges

from .parts import DirectoryParts


def directory_detail(parts: DirectoryParts) -> dict[str, Any]:
    """`directory` in `/readyz?verbose`."""
    detail: dict[str, Any] = {"servers": [_server(state) for state in parts.client.states()]}
    domain = parts.settings.directory.domain
    return {"domain": domain, "notes": list(parts.client.notes), **detail} if domain else detail


def server_gauges(client: LdapClient) -> Iterator[ServerGauges]:
    """The same as numbers."""
    for state in client.states():
        yield ServerGauges(str(state.server), state.up, _connections(state))


def _server(state: ServerState) -> dict[str, Any]:
    failed_at = f"{datetime.fromtimestamp(state.failed_at, UTC):%Y-%m-%dT%H:%M:%SZ}" if state.failed_at else ""
    return {
        "server": str(state.server),
        "up": state.up,
        "breaker": state.breaker.name.lower(),
        "connections": _connections(state),
        "last_failure": state.last_failure,
        "last_failure_at": failed_at,
    }


def _connections(state: ServerState) -> dict[str, int]:
    return {"search": state.search_connections, "bind": state.bind_connections}
