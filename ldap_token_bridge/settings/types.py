"""The kinds of value in bridge.yaml: how each is read, and what an editor is told about it."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from ldap_token_bridge.cache import StoreAddress, parse_store
from ldap_token_bridge.dn import DistinguishedName, InvalidName
from ldap_token_bridge.guard import Budget
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import FilterTemplate, ServerAddress, parse_server
from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.yamlfile import (
    Field,
    checked,
    format_duration,
    parse_duration,
    parse_network,
    parsed,
    refuse,
)

_MAX_PORT = 65535
# What the ldap room sends at most; a longer password makes some servers drop the connection.
MAX_PASSWORD = 1024
# RFC 4512 section 1.4: a short name or an object identifier.
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+").fullmatch
_UPN = re.compile(r"[^\s@\\=,]+@[^\s@\\=,]+").fullmatch
# RFC 1123 section 2.1, and underscores, which some domains have; a domain of one label is nobody's own.
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+\.?").fullmatch
_SITE = re.compile(_LABEL).fullmatch
_MAX_DOMAIN = 200  # what stands in front of it in a question must fit into 253 characters, too
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?").fullmatch


def setting(meaning: str, default: Any = ..., *, example: Any = None, alias: str | None = None) -> Any:
    """A key of bridge.yaml: its meaning for the docs, and its default or, if it is required, an example.

    A default is given as it would be written in the file.
    """
    examples = None if example is None else [example]
    return Field(default, description=meaning, examples=examples, alias=alias, validate_default=default is not ...)


def parse_listen(value: Any) -> ListenAddress:
    """`host:port`, `[v6]:port` or `unix:/path`."""
    remedy = "Write an address and a port, as in 0.0.0.0:5001 or [::]:5001, or unix:/run/bridge.sock."
    if not isinstance(value, str):
        refuse("is not an address to listen on", remedy)
    if value.startswith("unix:"):
        path = value.removeprefix("unix:")
        if not path.startswith("/") or "\0" in path:
            refuse(f"{value!r} names no absolute path", remedy)
        return ListenAddress(path=path)
    host, colon, port = value.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > _MAX_PORT:
        refuse(f"{value!r} has no port from 0 to {_MAX_PORT}", remedy)
    if not _is_host(host):
        refuse(f"{value!r} has no address before the port", remedy)
    return ListenAddress(host=host.removeprefix("[").removesuffix("]"), port=int(port))


def _is_host(host: str) -> bool:
    if host.startswith("[") and host.endswith("]"):
        try:
            return ip_address(host[1:-1]).version == 6  # noqa: PLR2004 -- the version of the protocol
        except ValueError:
            return False
    return _HOST(host) is not None


def parse_line(value: Any) -> str:
    """Text of one line that is not empty."""
    if not isinstance(value, str) or not value.strip():
        refuse("must be text", "Write a word or a name; put it in quotes if it looks like a number.")
    if value != value.strip() or not value.isprintable():
        refuse("has white space around it or a control character in it", "Remove it.")
    return value


def parse_message(value: Any) -> str:
    """A text that people see in their terminal."""
    longest = 2000
    if not isinstance(value, str) or not value.strip():
        refuse("must be text", "Write what the person can do, or remove the key to keep the built-in text.")
    if len(value) > longest:
        refuse(f"is longer than {longest} characters", "Say it in a sentence or two; link to a page for the rest.")
    if not value.replace("\n", "").isprintable():
        refuse("holds a control character", "Use letters, spaces and line breaks alone.")
    return value


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


def parse_secret(value: Any) -> Secret:
    """A secret that is not empty."""
    if not isinstance(value, str):
        refuse("must be text", "Put a password that looks like a number in quotes.")
    if not value:
        refuse("is empty", "Write the password; the bridge never signs in without one.")
    if "\0" in value or len(value.encode()) > MAX_PASSWORD:
        refuse(f"is no password: a zero byte, or more than {MAX_PASSWORD} bytes", "Write the password alone.")
    return Secret(value.encode())


def parse_tls_version(value: Any) -> str:
    """1.2 or 1.3, in quotes or not."""
    version = str(value)
    if version not in _TLS_VERSIONS:
        refuse("is no version of TLS that is spoken here", 'Write "1.2" or "1.3".')
    return version


def parse_collector(value: Any) -> str:
    """`http://` or `https://`, a host, maybe a port and a path; no secret in it."""
    remedy = "Write it as in http://127.0.0.1:4318; /v1/traces is appended."
    try:
        parts = urlsplit(value) if isinstance(value, str) and value.isprintable() else None
        fits = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if parts is None or not fits:
        refuse("is no address of a collector", remedy)
    if "@" in parts.netloc or parts.query or parts.fragment:
        refuse("has more than host, port and path", f"Secrets go into OTEL_EXPORTER_OTLP_HEADERS. {remedy}")
    return str(value)


def parse_cache_time(value: Any) -> float:
    """Seconds from a duration, or 0 for `off`."""
    return 0.0 if value == "off" else parse_duration(value)


def parse_shared(value: Any) -> StoreAddress | None:
    """The store that replicas share, or None for `none`."""
    if value in ("none", None):
        return None
    remedy = "Write it as in redis://cache.corp.example.com:6379, or none."
    if not isinstance(value, str):
        refuse("is not a store's address", remedy)
    try:
        return parse_store(value)
    except ValueError as error:
        if "password" in str(error):
            remedy = "Name a file with it in cache.shared_password_file, or set LTB_CACHE__SHARED_PASSWORD."
        refuse(str(error), remedy)


def parse_proxy(value: Any) -> IPv4Network | IPv6Network:
    """A network of proxies; never the whole Internet, or anyone could choose the address that the policy sees."""
    network = parse_network(value)
    if network.prefixlen == 0:
        refuse(f"{network} trusts everyone", "Write the addresses of your proxies alone, as in 10.20.0.0/16.")
    return network


def whole(least: int, most: int) -> tuple[Any, ...]:
    """The annotations of a whole number within bounds."""

    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            refuse(f"must be a whole number from {least} to {most}", "Write a number within these bounds.")
        return value

    return checked(parse, {"type": "integer", "minimum": least, "maximum": most})


def span(least: float, most: float, why: str = "") -> tuple[Any, ...]:
    """The annotations of a duration within bounds, in seconds; `why` says where a bound comes from."""
    return checked(lambda value: _seconds(value, least, most, why), _DURATION_SCHEMA)


def span_or_off(least: float, most: float) -> tuple[Any, ...]:
    """As `span`; 0 for `off`."""
    return checked(lambda value: 0.0 if value == "off" else _seconds(value, least, most, ""), _DURATION_OR_OFF_SCHEMA)


def _seconds(value: Any, least: float, most: float, why: str) -> float:
    seconds = parse_duration(value)
    if not least <= seconds <= most:
        bounds = f"from {format_duration(least)} to {format_duration(most)}"
        refuse(f"must be {bounds}", f"Write a duration {bounds}{why and ': '}{why}.")
    return seconds


def whole_seconds(least: int, most: int, why: str) -> tuple[Any, ...]:
    """As `span`, for what is passed on in whole seconds."""

    def parse(value: Any) -> int:
        seconds = _seconds(value, least, most, why)
        if not seconds.is_integer():
            refuse("must be in whole seconds", "Write it as in 90s or 15m.")
        return int(seconds)

    return checked(parse, _DURATION_SCHEMA)


def parse_budget(value: Any) -> Budget | None:
    """So many in so long; None for `off`."""
    remedy = "Write how many in how long, as in 3 per 15m, or off."
    if value == "off":
        return None
    match = _BUDGET(value) if isinstance(value, str) else None
    if not match:
        refuse("is not a number of failures in a time", remedy)
    failures, seconds = int(match[1]), parse_duration(match[2])
    if not 1 <= failures <= _MOST_FAILURES:
        refuse(f"must allow from 1 to {_MOST_FAILURES} failures", remedy)
    if not seconds.is_integer() or not 1 <= seconds <= _LONGEST_BUDGET:
        refuse("must be in whole seconds, for 1s to 1d", remedy)
    return Budget(failures, int(seconds))


_BUDGET = re.compile(r"([0-9]{1,9}) per (\S+)").fullmatch
_BUDGET_SCHEMA = {"type": "string", "pattern": r"^([0-9]+ per [0-9]+(\.[0-9]+)?(s|m|h|d)|off)$"}
_MOST_FAILURES = 1_000_000
_LONGEST_BUDGET = 86_400
_DURATION_SCHEMA = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"}
_DURATION_OR_OFF_SCHEMA = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d)|off)$"}
_TLS_VERSIONS = ("1.2", "1.3")
_LINE_SCHEMA = {"type": "string", "pattern": r"\S"}
_STORE_SCHEMA = {"type": "string", "pattern": r"^(none|unix:.+|(redis|valkey)s?(\+(sentinel|cluster))?://[^:@]*@?.+)$"}
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

Listen = Annotated[ListenAddress, *parsed(parse_listen, {"type": "string"})]
Line = Annotated[str, *checked(parse_line, _LINE_SCHEMA)]
Message = Annotated[str, *checked(parse_message, _LINE_SCHEMA)]
Dn = Annotated[str, *checked(parse_dn, _LINE_SCHEMA)]
BindName = Annotated[str, *checked(parse_bind_name, _LINE_SCHEMA)]
Attribute = Annotated[str, *checked(parse_attribute, _LINE_SCHEMA)]
Filter = Annotated[str, *checked(parse_filter, {"type": "string", "pattern": r"^\(.*\)$"})]
ServerUrl = Annotated[ServerAddress, *parsed(parse_server_url, {"type": "string", "pattern": "^ldaps?://"})]
DomainName = Annotated[str, *checked(parse_domain, _LINE_SCHEMA)]
Domains = Annotated[Mapping[str, tuple[ServerAddress, ...]], *parsed(parse_domains, _DOMAINS_SCHEMA)]
SiteName = Annotated[str, *checked(parse_site, _LINE_SCHEMA)]
Password = Annotated[Secret, *parsed(parse_secret, _LINE_SCHEMA)]
TlsVersion = Annotated[str, *checked(parse_tls_version, {"enum": list(_TLS_VERSIONS)})]
Collector = Annotated[str, *checked(parse_collector, {"type": "string", "pattern": "^https?://"})]
CacheTime = Annotated[float, *checked(parse_cache_time, _DURATION_OR_OFF_SCHEMA)]
FailureBudget = Annotated[Budget | None, *parsed(parse_budget, _BUDGET_SCHEMA)]
ProxyNetwork = Annotated[IPv4Network | IPv6Network, *checked(parse_proxy, {"type": "string"})]
Store = Annotated[StoreAddress | None, *parsed(parse_shared, _STORE_SCHEMA)]
