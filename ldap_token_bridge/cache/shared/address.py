"""Where the store is, as one line of bridge.yaml says it. A password is never part of it."""

import re
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from ldap_token_bridge.values import dataclass

_SCHEME = re.compile(r"(redis|valkey)(s?)(?:\+(sentinel|cluster))?").fullmatch
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?").fullmatch
_DATABASE = re.compile(r"[0-9]{1,4}").fullmatch
_PORT, _SENTINEL_PORT, _MAX_PORT = 6379, 26379, 65535

Mode = Literal["single", "sentinel", "cluster"]


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """`hosts` are those of the server, of its sentinels, or some of a cluster; none with `path`, a Unix socket."""

    mode: Mode
    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    tls: bool = False
    master: str = ""  # what the sentinels call the server
    user: str = ""
    database: int = 0

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine."""
        return all(host in ("127.0.0.1", "::1", "localhost") for host, _ in self.hosts)

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        names = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        return f"{names}/{self.master}" if self.master else names


def parse_store(text: str) -> StoreAddress:
    """`redis://host`, `rediss://` with TLS, `unix:///path`, `redis+sentinel://host,host/master`, `redis+cluster://`.

    `valkey` may stand for `redis` everywhere. Raises ValueError, whose text never quotes what could be a password.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("is no address of a store") from None
    user, password = _login(parts.netloc)
    if password or parts.query or parts.fragment:
        what = "a password" if password else "a question mark or a hash sign"
        raise ValueError(f"holds {what}, which is no part of a store's address")
    if parts.scheme == "unix":
        return _socket(parts, user)
    scheme = _SCHEME(parts.scheme)
    if not scheme:
        raise ValueError("does not begin with redis://, rediss://, valkey://, valkeys:// or unix://")
    mode: Mode = scheme[3] or "single"  # type: ignore[assignment]  # the pattern knows these two alone
    standard = _SENTINEL_PORT if mode == "sentinel" else _PORT
    hosts = tuple(_host(each, standard) for each in parts.netloc.rpartition("@")[2].split(","))
    if mode == "single" and len(hosts) > 1:
        raise ValueError("names several hosts; write redis+sentinel:// or redis+cluster:// for those")
    master, database = _path(parts.path, mode)
    return StoreAddress(mode, hosts, tls=bool(scheme[2]), master=master, user=user, database=database)


def _login(netloc: str) -> tuple[str, bool]:
    login, at, _ = netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    return unquote(user) if at else "", bool(colon)


def _socket(parts: SplitResult, user: str) -> StoreAddress:
    path = unquote(parts.path)
    if not path.startswith("/") or parts.netloc.rpartition("@")[2] or "\0" in path:
        raise ValueError("names no absolute path")
    return StoreAddress("single", path=path, user=user)


def _host(text: str, standard: int) -> tuple[str, int]:
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        is_host = bool(bracket) and ":" in host and (not port or port.startswith(":"))
        port = port.removeprefix(":")
    else:
        host, _, port = text.partition(":")
        is_host = _NAME(host) is not None
    if not is_host:
        raise ValueError("has no host that could be one")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= _MAX_PORT):
        raise ValueError(f"has no port from 1 to {_MAX_PORT}")
    return host, int(port) if port else standard


def _path(path: str, mode: Mode) -> tuple[str, int]:
    """The name of the sentinels' server, and the number of the database."""
    first, _, rest = path.removeprefix("/").partition("/")
    if mode == "sentinel":
        if not _NAME(first):
            raise ValueError("does not say, after a slash, which server the sentinels are to be asked for")
        first, rest, master = rest, "", first
    else:
        master = ""
    if rest or (first and (mode == "cluster" or not _DATABASE(first))):
        raise ValueError("has more after the host than a store's address may have")
    return master, int(first or 0)
