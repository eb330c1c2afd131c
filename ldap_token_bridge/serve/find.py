"""Servers by DNS: what discovery finds, as the addresses that the ldap room dials."""

from ldap_token_bridge.discovery import Found, Target, find_servers
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import FindServers, FoundServers, ServerAddress
from ldap_token_bridge.observe import log

_LDAP, _LDAPS = 389, 636


def by_dns(domain: str, site: str = "", *, start_tls: bool) -> FindServers:
    """How the servers of a domain are found; what is odd is logged once, until it changes."""
    told: tuple[str, ...] = ()

    def tell(*notes: str) -> None:
        nonlocal told
        if notes != told and notes:
            log().warning("looking for directory servers by DNS", domain=domain, problems=notes)
        told = notes

    async def find() -> FoundServers:
        try:
            found = await find_servers(domain, site)
        except Unavailable as error:
            tell(error.detail)
            raise
        tell(*found.notes)
        return _as_addresses(found, start_tls=start_tls)

    return find


def _as_addresses(found: Found, *, start_tls: bool) -> FoundServers:
    servers = dict.fromkeys(address_of(target, start_tls=start_tls) for target in found.targets)
    return FoundServers(tuple(servers), found.seconds, found.notes)


def address_of(target: Target, *, start_tls: bool) -> ServerAddress:
    """SRV records name the port for plain LDAP: StartTLS goes there, LDAPS to its own in place of 389."""
    if start_tls:
        return ServerAddress(target.host, target.port, tls=False)
    return ServerAddress(target.host, _LDAPS if target.port == _LDAP else target.port, tls=True)
