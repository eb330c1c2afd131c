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
    domain, domains = parts.settings.directory.domain, parts.settings.directory.domains
    notes = list(parts.client.notes)
    if domains:
        return {"domains": list(domains), "notes": notes, **detail}
    return {"domain": domain, "notes": notes, **detail} if domain else detail


def server_gauges(client: LdapClient) -> Iterator[ServerGauges]:
    """The same as numbers."""
    for state in client.states():
        in_use = {"search": state.searching, "bind": state.binding}
        yield ServerGauges(str(state.server), state.up, _breaker(state), _connections(state), in_use, state.waiting)


def _server(state: ServerState) -> dict[str, Any]:
    failed_at = f"{datetime.fromtimestamp(state.failed_at, UTC):%Y-%m-%dT%H:%M:%SZ}" if state.failed_at else ""
    return {
        "server": str(state.server),
        "up": state.up,
        "breaker": _breaker(state),
        "connections": _connections(state),
        "last_failure": state.last_failure,
        "last_failure_at": failed_at,
    }


def _breaker(state: ServerState) -> str:
    return state.breaker.name.lower()


def _connections(state: ServerState) -> dict[str, int]:
    return {"search": state.search_connections, "bind": state.bind_connections}
