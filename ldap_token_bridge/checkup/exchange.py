"""One HTTP request, sent as it is: no redirect is followed, no proxy is asked, nothing is tried again."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.values import dataclass

_SECONDS = 15  # docker's patience
_MAX_BODY = 128 * 1024

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask. `path` is that of the URL; `unix` is a socket in place of host and port."""

    host: str
    port: int
    path: str = ""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    unix: str = ""

    def __str__(self) -> str:
        return f"unix:{self.unix}" if self.unix else f"{self.origin}{self.path}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, a header sent twice joined by commas, at most 128 KiB of body.

    `ahead` is how many seconds the server's clock is ahead of ours, to about one; None if it does not say the time.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)  # may be a token
    ahead: float | None = None


def split(url: str) -> SplitResult:
    """The parts of a URL that someone else wrote; empty ones for what cannot be taken apart."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def endpoint_at(url: str, tls: Callable[[], ssl.SSLContext]) -> Endpoint:
    """The address; `tls` is called for https alone. Raises ValueError for what is no address of http or https."""
    parts = split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address such as https://bridge.corp.example.com/token")
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    return Endpoint(parts.hostname, port, parts.path, tls() if secure else None)


def endpoint_of(listen: ListenAddress, path: str, tls: ssl.SSLContext | None = None) -> Endpoint:
    """What listens there, asked from this machine."""
    anywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where to ask, not to listen
    return Endpoint(anywhere.get(listen.host, listen.host), listen.port, path, tls, listen.path)


def get(endpoint: Endpoint, target: str, headers: Mapping[str, str], clock: Clock = time.time) -> Answer:
    """GET `target`, a path with its query; raises OSError, ValueError or HTTPException if no answer comes."""
    return _ask(endpoint, "GET", target, headers, None, clock)


def post_json(endpoint: Endpoint, body: Mapping[str, object]) -> Answer:
    """POST to the endpoint's path; raises as `get`."""
    headers = {"Content-Type": "application/json"}
    return _ask(endpoint, "POST", endpoint.path, headers, json.dumps(body).encode(), time.time)


def _ask(
    endpoint: Endpoint, method: str, target: str, headers: Mapping[str, str], body: bytes | None, clock: Clock
) -> Answer:
    connection = _connection(endpoint)
    sent = clock()
    try:
        connection.request(method, target, body, headers=dict(headers))
        with connection.getresponse() as answer:
            between = (sent + clock()) / 2
            content = answer.read(_MAX_BODY)
    finally:
        connection.close()
    named = {name.lower(): ", ".join(answer.headers.get_all(name, ())) for name in answer.headers}
    return Answer(answer.status, named, content, _ahead(named.get("date", ""), between))


def _ahead(date: str, now: float) -> float | None:
    try:
        # The header leaves out the fraction of the second: half of one is nearest to the truth.
        return parsedate_to_datetime(date).timestamp() + 0.5 - now
    except (ValueError, OverflowError):
        return None


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(self._path)


def _connection(endpoint: Endpoint) -> http.client.HTTPConnection:
    if endpoint.unix:
        return _UnixConnection(endpoint.unix)
    if endpoint.tls:
        return http.client.HTTPSConnection(endpoint.host, endpoint.port, timeout=_SECONDS, context=endpoint.tls)
    return http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=_SECONDS)
