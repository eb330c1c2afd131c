"""What the room is told: servers, account, limits, and who wants to know how it goes."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.identity import Secret

from .address import ServerAddress
from .credentials import checked_bind
from .errors import InvalidBind

Observer = Callable[[str, str, float, str], None]
"""Told of each step: operation (connect, bind, search), server, seconds, outcome (ok, refused, error)."""


def observe_nothing(_operation: str, _server: str, _seconds: float, _outcome: str) -> None:
    """The observer of those who do not measure."""


@dataclass(frozen=True, slots=True)
class LdapOptions:
    """Time-outs in seconds; numbers of connections for each server. Servers are tried in this order."""

    servers: tuple[ServerAddress, ...]
    tls: ssl.SSLContext
    start_tls: bool
    allow_plaintext: bool
    bind_dn: str
    bind_password: Secret
    connect_timeout: float
    operation_timeout: float
    search_connections: int
    bind_connections: int

    def needs_tls(self, address: ServerAddress) -> bool:
        """Whether nothing but StartTLS may be written to this server before TLS is established."""
        return address.tls or self.start_tls or not self.allow_plaintext


def check_options(options: LdapOptions) -> None:
    """Raises Misconfigured for what would be unsafe or could never work."""
    problems: list[Problem] = []
    if not options.servers:
        problems.append(Problem("no directory server is named", remedy="Write at least one address in servers."))
    plain = [str(server) for server in options.servers if not server.tls]
    if plain and not options.start_tls and not options.allow_plaintext:
        problems.append(
            Problem(
                f"passwords would go over the network in the clear to {', '.join(plain)}",
                remedy="Use ldaps://, or set start_tls: true. On a private network only: allow_plaintext.",
            )
        )
    if options.tls.verify_mode != ssl.CERT_REQUIRED or not options.tls.check_hostname:
        problems.append(Problem("the TLS context does not verify the server", remedy="Make it with client_tls."))
    if min(options.search_connections, options.bind_connections) < 1:
        problems.append(Problem("there must be at least one connection for searches and one for binds"))
    if min(options.connect_timeout, options.operation_timeout) <= 0:
        problems.append(Problem("time-outs must be longer than nothing"))
    try:
        checked_bind(options.bind_dn, options.bind_password)
    except InvalidBind as error:
        problems.append(Problem(f"the service account cannot bind: {error}", remedy="Set bind_dn and its password."))
    if problems:
        raise Misconfigured(problems)
