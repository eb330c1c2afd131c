"""Where a server is: `ldaps://host[:636]` or `ldap://host[:389]`."""

import re
from ipaddress import AddressValueError, IPv6Address

from ldap_token_bridge.values import dataclass

_DEFAULT_PORTS = {True: 636, False: 389}
_MAX_PORT = 65_535
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>[^/?#]*)(?P<tail>.*)", re.DOTALL)
_AUTHORITY = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<host>[^:\[\]@]*))(?::(?P<port>[^:]*))?")
# RFC 1035 section 2.3.4: a label has at most 63 characters; Python refuses to look up a longer one.
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """One server. `tls` means TLS from the first octet on (LDAPS); StartTLS is a setting, not an address."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.tls] else f":{self.port}"
        return f"{'ldaps' if self.tls else 'ldap'}://{host}{port}"


def parse_server(url: str) -> ServerAddress:
    """The server that a URL names; raises ValueError with a text for people."""
    matched = _URL.fullmatch(url)
    scheme = matched["scheme"].lower() if matched else ""
    if not matched or scheme not in ("ldap", "ldaps"):
        raise ValueError(f"{url!r} is not the address of a directory server; write ldaps://dc1.example.com")
    if matched["tail"] not in ("", "/"):
        raise ValueError(
            f"{url!r}: leave out what follows the host; base, filter and attributes are settings of their own"
        )
    authority = _AUTHORITY.fullmatch(matched["rest"])
    if not authority:
        raise ValueError(f"{url!r}: write ldaps://host or ldaps://host:port, an IPv6 address in brackets")
    tls = scheme == "ldaps"
    host = _ipv6(url, authority["six"]) if authority["six"] is not None else authority["host"]
    if authority["six"] is None and not _HOST.fullmatch(host):
        raise ValueError(f"{url!r}: {host!r} is not the name of a host")
    return ServerAddress(host.rstrip(".").lower(), _port(url, authority["port"], tls=tls), tls)


def _ipv6(url: str, text: str) -> str:
    try:
        return str(IPv6Address(text))
    except AddressValueError:
        raise ValueError(f"{url!r}: {text!r} is not an IPv6 address") from None


def _port(url: str, text: str | None, *, tls: bool) -> int:
    if text is None:
        return _DEFAULT_PORTS[tls]
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_MAX_PORT)) and 0 < int(text) <= _MAX_PORT):
        raise ValueError(f"{url!r}: the port must be a number from 1 to {_MAX_PORT}")
    return int(text)
