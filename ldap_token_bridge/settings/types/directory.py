"""What a directory is described with: names, filters, servers, domains."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from ldap_token_bridge.dn import DistinguishedName, InvalidName
from ldap_token_bridge.ldap import FilterTemplate, ServerAddress, parse_server
from ldap_token_bridge.yamlfile import checked, parsed, refuse

from .text import LINE_SCHEMA

# RFC 4512 section 1.4: a short name or an object identifier.
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+").fullmatch
_UPN = re.compile(r"[^\s@\\=,]+@[^\s@\\=,]+").fullmatch
# RFC 1123 section 2.1, and underscores, which some domains have; a domain of one label is nobody's own.
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+\.?").fullmatch
_SITE = re.compile(_LABEL).fullmatch
_MAX_DOMAIN = 200  # what stands in front of it in a question must fit into 253 characters, too
_DOMAINS_SCHEMA = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "anyOf": [
            {"const": "dns"},
            {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^ldaps?://"}},
        ]
    },
}
_TLS_VERSIONS = ("1.2", "1.3")


def parse_dn(value: Any) -> str:
    """A distinguished name, kept as written."""
    if not isinstance(value, str) or not value.strip():
        refuse("must be a distinguished name", "Write it as in DC=corp,DC=example,DC=com.")
    try:
        DistinguishedName.parse(value)
    except InvalidName as error:
        refuse(
            f"is no distinguished name: at character {error.column}, {error}",
            "Write it as in OU=People,DC=corp,DC=example,DC=com; a comma within a name is written \\,",
        )
    return value


def parse_bind_name(value: Any) -> str:
    """Whom the bridge binds as: a distinguished name, or user@domain in Active Directory."""
    if isinstance(value, str) and _UPN(value):
        return value
    return parse_dn(value)


def parse_attribute(value: Any) -> str:
    """An attribute's name."""
    if not isinstance(value, str) or not _ATTRIBUTE(value):
        refuse("is no attribute's name", "Write letters, digits and hyphens, as in sAMAccountName.")
    return value


def parse_filter(value: Any) -> str:
    """An LDAP filter, kept as written."""
    if not isinstance(value, str):
        refuse("must be an LDAP filter", "Write it as in (objectClass=person).")
    try:
        template = FilterTemplate.compile(value)
    except ValueError as error:
        refuse(f"is no LDAP filter: {error}", "Write it as in (&(objectClass=person)(!(employeeType=guest))).")
    if template.names:
        names = ", ".join(f"{{{name}}}" for name in sorted(template.names))
        refuse(
            f"nothing is filled in for {names}", "Leave that clause out: directory.users.login names the attributes."
        )
    return value


def parse_server_url(value: Any) -> ServerAddress:
    """A server as ldaps://host[:port] or ldap://host[:port]."""
    if not isinstance(value, str):
        refuse("is not a server's address", "Write it as in ldaps://dc1.corp.example.com.")
    try:
        return parse_server(value)
    except ValueError as error:
        refuse(str(error), "Write it as in ldaps://dc1.corp.example.com.")


def parse_domain(value: Any) -> str:
    """A DNS domain of two labels or more, in lower case."""
    if not isinstance(value, str) or not _DOMAIN(value) or len(value) > _MAX_DOMAIN:
        refuse("is no DNS domain", "Write it as in corp.example.com.")
    return value.removesuffix(".").lower()


def parse_domains(value: Any) -> dict[str, tuple[ServerAddress, ...]]:
    """Domains with the servers of each; none for `dns`."""
    remedy = "Write a line for each domain, as in emea.corp.example.com: [ldaps://dc1.emea.corp.example.com], or: dns."
    if not isinstance(value, dict) or not value:
        refuse("must name at least one domain", remedy)
    domains: dict[str, tuple[ServerAddress, ...]] = {}
    for name, servers in value.items():
        if not isinstance(name, str) or not _DOMAIN(name):
            refuse(f"{name!r} is no DNS domain", remedy)
        domain = parse_domain(name)
        if domain in domains:
            refuse(f"{domain} stands there twice", "Remove one of them.")
        if servers != "dns" and (not isinstance(servers, list | tuple) or not servers):
            refuse(f"{domain}: must be a list of servers, or dns", remedy)
        domains[domain] = () if servers == "dns" else tuple(dict.fromkeys(map(parse_server_url, servers)))
    return domains


def parse_site(value: Any) -> str:
    """The name of an Active Directory site."""
    if not isinstance(value, str) or not _SITE(value):
        refuse("is no name of a site", "Write it as Active Directory Sites and Services shows it, as in Headquarters.")
    return value


def parse_tls_version(value: Any) -> str:
    """1.2 or 1.3, in quotes or not."""
    version = str(value)
    if version not in _TLS_VERSIONS:
        refuse("is no version of TLS that is spoken here", 'Write "1.2" or "1.3".')
    return version


Dn = Annotated[str, *checked(parse_dn, LINE_SCHEMA)]
BindName = Annotated[str, *checked(parse_bind_name, LINE_SCHEMA)]
Attribute = Annotated[str, *checked(parse_attribute, LINE_SCHEMA)]
Filter = Annotated[str, *checked(parse_filter, {"type": "string", "pattern": r"^\(.*\)$"})]
ServerUrl = Annotated[ServerAddress, *parsed(parse_server_url, {"type": "string", "pattern": "^ldaps?://"})]
DomainName = Annotated[str, *checked(parse_domain, LINE_SCHEMA)]
Domains = Annotated[Mapping[str, tuple[ServerAddress, ...]], *parsed(parse_domains, _DOMAINS_SCHEMA)]
SiteName = Annotated[str, *checked(parse_site, LINE_SCHEMA)]
TlsVersion = Annotated[str, *checked(parse_tls_version, {"enum": list(_TLS_VERSIONS)})]
