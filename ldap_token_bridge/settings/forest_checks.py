"""Several Active Directory domains by a global catalog: what its keys can only tell together."""

from collections.abc import Iterator

from ldap_token_bridge.directory import defaults_for, domain_of
from ldap_token_bridge.ldap import ServerAddress
from ldap_token_bridge.yamlfile import KeyPath

from .findings import Findings
from .model import Directory

_CATALOG, _DOMAINS, _BASE, _BIND = (("directory", key) for key in ("global_catalog", "domains", "base", "bind_dn"))
_KIND, _STRATEGY = ("directory", "kind"), ("directory", "groups", "strategy")
# [MS-ADTS] section 3.1.1.3.1.10: the ports of a domain controller's own domain, and those of the global catalog.
_OF_A_DOMAIN, _OF_A_CATALOG = frozenset((389, 636)), frozenset((3268, 3269))


def named_servers(directory: Directory) -> Iterator[tuple[KeyPath, ServerAddress]]:
    """Every server that is written down, with its place."""
    for key in ("servers", "global_catalog"):
        for index, server in enumerate(getattr(directory, key) or ()):
            yield ("directory", key, index), server
    for name, servers in (directory.domains or {}).items():
        for index, server in enumerate(servers):
            yield (*_DOMAINS, name, index), server


def check_forest(found: Findings) -> None:
    """`directory.global_catalog` and `directory.domains` against each other and everything else."""
    directory = found.examined.value.directory
    catalog, domains = directory.global_catalog, directory.domains
    if catalog is None:
        what = "directory.domains is of use with directory.global_catalog only"
        found.problem(_DOMAINS, what, "Add the global catalog, as in ldaps://dc1.corp.example.com:3269.")
        return
    if domains is None:
        what = "directory.global_catalog finds people, and directory.domains must say which domains answer for them"
        remedy = "Add directory.domains, as in {corp.example.com: [ldaps://dc1.corp.example.com]}."
        found.problem(_CATALOG, what, remedy, also=(_DOMAINS,))
        return
    for key in ("servers", "domain", "site"):
        if getattr(directory, key) is not None:
            what = f"both directory.global_catalog and directory.{key} are set"
            found.problem(("directory", key), what, "Name every domain and its servers in directory.domains alone.")
    _check_kind(found)
    _check_ports(found)
    _check_names(found, tuple(domains))
    _check_dns(found)


def _check_kind(found: Findings) -> None:
    directory = found.examined.value.directory
    if directory.kind != "active-directory":
        what = f"only Active Directory has a global catalog; directory.kind is {directory.kind}"
        found.problem(_CATALOG, what, "Write directory.servers in its place.", also=(_KIND,))
    elif directory.groups.strategy not in ("auto", defaults_for(directory.kind).strategy):
        # Any other way asks one server alone, which does not hold the groups of every domain.
        what = f"directory.groups.strategy {directory.groups.strategy} cannot be used with directory.global_catalog"
        found.problem(_STRATEGY, what, "Write token-groups, or remove it.", also=(_CATALOG,))


def _check_ports(found: Findings) -> None:
    for path, server in named_servers(found.examined.value.directory):
        of_catalog = path[:2] == _CATALOG
        if of_catalog and server.port in _OF_A_DOMAIN:
            what = f"{server} answers for one domain alone, it is no global catalog"
            found.problem(path, what, "Add the catalog's port: 3269 with ldaps://, 3268 with ldap://.")
        elif not of_catalog and server.port in _OF_A_CATALOG:
            what = f"{server} is a global catalog, which does not know the state of accounts and all groups"
            found.problem(path, what, "Leave the port out.")


def _check_names(found: Findings, domains: tuple[str, ...]) -> None:
    directory = found.examined.value.directory
    root = domain_of(directory.base)
    for name in domains:
        if name != root and not name.endswith(f".{root}"):
            what = f"directory.domains: {name} does not lie below directory.base, which is {root or 'no domain'}"
            remedy = "Correct it, or write the forest's root as the base. Another tree of it needs a bridge of its own."
            found.problem((*_DOMAINS, name), what, remedy, also=(_BASE,))
    if len(domains) > 1 and directory.bind_dn and "=" in directory.bind_dn:
        what = "the controllers of one domain may not know the DN of an account of another one"
        found.warning(_BIND, what, "Write directory.bind_dn as user@domain.", also=(_DOMAINS,))


def _check_dns(found: Findings) -> None:
    """Whoever can answer for DNS names the servers that get the passwords: see `directory.domain`."""
    directory = found.examined.value.directory
    by_dns = [name for name, servers in (directory.domains or {}).items() if not servers]
    plain, ca_file = ("directory", "tls", "allow_plaintext"), ("directory", "tls", "ca_file")
    if by_dns and directory.tls.allow_plaintext:
        what = "directory.tls.allow_plaintext cannot be used with domains by dns: DNS may be forged, certificates not"
        found.problem(plain, what, "Remove it, or list the servers of every domain.", also=(_DOMAINS,))
    elif by_dns and directory.tls.ca_file is None:
        what = f"whoever forges DNS and has any public certificate below {by_dns[0]} gets passwords"
        remedy = "Set directory.tls.ca_file to the authority that signs the directory servers' certificates."
        found.warning(_DOMAINS, what, remedy, also=(ca_file,))
