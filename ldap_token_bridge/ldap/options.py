"""What the room is told: servers, account, limits, and who wants to know how it goes."""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.values import dataclass

from .address import ServerAddress
from .credentials import checked_bind
from .errors import InvalidBind

Observer = Callable[[str, str, float, str], None]
"""Told of each step: operation (connect, bind, search), server, seconds, outcome (ok, refused, error)."""


def observe_nothing(_operation: str, _server: str, _seconds: float, _outcome: str) -> None:
    """The observer of those who do not measure."""


@dataclass(frozen=True, slots=True)
class FoundServers:
    """Servers in the order in which they are tried, and for how many seconds they may be taken for current.

    `notes` are for operators: what was odd about the finding.
    """

    servers: tuple[ServerAddress, ...]
    seconds: float
    notes: tuple[str, ...] = ()


FindServers = Callable[[], Awaitable[FoundServers]]
"""Finds the servers; raises Unavailable with a `detail` if there is nothing to be found at the moment."""


@dataclass(frozen=True, slots=True)
class LdapOptions:
    """Time-outs in seconds; numbers of connections for each server. Servers are tried in this order.

    Either `servers` or `find`. With `bind_by_certificate` the service account is the client certificate in `tls`.
    `domains` are parts of the same directory that have servers of their own, by name.
    """

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
    find: FindServers | None = None
    bind_by_certificate: bool = False
    domains: Mapping[str, "LdapOptions"] = field(default_factory=dict)

    def needs_tls(self, address: ServerAddress) -> bool:
        """Whether nothing but StartTLS may be written to this server before TLS is established."""
        return address.tls or self.start_tls or not self.allow_plaintext


def check_options(options: LdapOptions) -> None:
    """Raises Misconfigured for what would be unsafe or could never work."""
    problems: list[Problem] = []
    if options.servers and options.find:
        problems.append(Problem("servers are both named and to be found", remedy="Give one of the two."))
    if not options.servers and not options.find:
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
    problems += _check_account(options)
    if problems:
        raise Misconfigured(problems)


def _check_account(options: LdapOptions) -> list[Problem]:
    if options.bind_by_certificate:
        if options.start_tls or all(server.tls for server in options.servers):
            return []
        remedy = "Use ldaps:// or set start_tls: true."
        return [Problem("the service account's certificate can only be shown in TLS", remedy=remedy)]
    try:
        checked_bind(options.bind_dn, options.bind_password)
    except InvalidBind as error:
        return [Problem(f"the service account cannot bind: {error}", remedy="Set bind_dn and its password.")]
    return []
