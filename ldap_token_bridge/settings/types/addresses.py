"""Addresses: where to listen, proxies, the shared store, a collector."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from ldap_token_bridge.cache import StoreAddress, parse_store
from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.yamlfile import checked, parse_network, parsed, refuse

_MAX_PORT = 65535
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?").fullmatch
# What parse_store would refuse for a password in it, this does, too: a schema is all that looks at the chart's values.
_STORE_SCHEMA = {
    "type": "string",
    "pattern": r"^(none|unix:(//([^:/?#]*@)?)?/[^/?#][^?#]*"
    r"|(redis|valkey)s?(\+(sentinel|cluster))?://([^:/?#]*@)?[^@/?#]+(/[A-Za-z0-9._/-]*)?)$",
}


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


def parse_proxy(value: Any) -> IPv4Network | IPv6Network:
    """A network of proxies; never the whole Internet, or anyone could choose the address that the policy sees."""
    network = parse_network(value)
    if network.prefixlen == 0:
        refuse(f"{network} trusts everyone", "Write the addresses of your proxies alone, as in 10.20.0.0/16.")
    return network


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


Listen = Annotated[ListenAddress, *parsed(parse_listen, {"type": "string"})]
ProxyNetwork = Annotated[IPv4Network | IPv6Network, *checked(parse_proxy, {"type": "string"})]
Store = Annotated[StoreAddress | None, *parsed(parse_shared, _STORE_SCHEMA)]
Collector = Annotated[str, *checked(parse_collector, {"type": "string", "pattern": "^https?://"})]
