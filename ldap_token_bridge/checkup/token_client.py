"""A token asked for as docker asks for it, from a bridge that runs: by its settings or at an address.

A redirect is not followed and no proxy is asked: the password goes to the bridge or nowhere.
"""

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from ldap_token_bridge.errors import BridgeError, Misconfigured, Unavailable
from ldap_token_bridge.identity import Credentials
from ldap_token_bridge.settings import Settings

_SECONDS = 15  # docker's patience
_MAX_BODY = 128 * 1024


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where to ask. `path` is that of the URL; `unix` is a socket in place of host and port."""

    host: str
    port: int
    path: str = "/token"
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    unix: str = ""

    def __str__(self) -> str:
        if self.unix:
            return f"unix:{self.unix}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.path}"


def source_of(settings: Settings) -> TokenSource:
    """The bridge with these settings, on this machine; raises Misconfigured if they do not say where it is."""
    listen, tls = settings.server.listen, settings.server.tls
    if not listen.path and not listen.port:
        raise Misconfigured.one(
            "the bridge takes any free port, so nothing says where it is",
            settings.place("server", "listen"),
            "Name its address: --url http://127.0.0.1:PORT/token",
        )
    context = _pinned(tls.certificate) if tls else None
    anywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where to ask, not to listen
    return TokenSource(anywhere.get(listen.host, listen.host), listen.port, tls=context, unix=listen.path)


def source_at(url: str, ca_file: Path | None) -> TokenSource:
    """The bridge at that address, its certificate by `ca_file` or the system's authorities; raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address such as https://bridge.corp.example.com/token")
    tls = None
    if parts.scheme == "https":
        try:
            tls = ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise ValueError(f"{ca_file} holds no certificates that can be read: {error.strerror}") from None
    return TokenSource(parts.hostname, parts.port or (443 if tls else 80), parts.path or "/token", tls)


def fetch_token(source: TokenSource, who: Credentials, service: str, scopes: Sequence[str]) -> str:
    """The token; raises BridgeError with what the bridge says, Unavailable if nothing that makes sense answers."""
    query = [("account", who.username), ("client_id", "ldap-token-bridge"), ("service", service)]
    query += [("scope", scope) for scope in scopes]
    basic = base64.b64encode(who.username.encode() + b":" + who.password.reveal()).decode("ascii")
    connection = _connection(source)
    try:
        connection.request("GET", f"{source.path}?{urlencode(query)}", headers={"Authorization": f"Basic {basic}"})
        with connection.getresponse() as answer:
            status, body = answer.status, answer.read(_MAX_BODY)
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(f"{source}: its certificate is not trusted: {error.verify_message}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Unavailable(f"{source} does not answer: {reason}. Does the bridge run?") from None
    finally:
        connection.close()
    return _read(source, status, body)


def _read(source: TokenSource, status: int, body: bytes) -> str:
    try:
        value = json.loads(body)
        token = value.get("token") or value.get("access_token")
        message = value.get("details") if isinstance(value.get("details"), str) else ""
    except (ValueError, AttributeError, RecursionError):
        token, message = None, ""
    if status == http.HTTPStatus.OK and isinstance(token, str):
        return token
    said = "".join(character if character.isprintable() else "\ufffd" for character in message or "no reason")
    if status == http.HTTPStatus.OK or not message:
        raise Unavailable(f"{source} answered {status} without a token or a reason; it may not be the bridge")
    raise BridgeError(f"{source} gave no token ({status}): {said}")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(self._path)


def _connection(source: TokenSource) -> http.client.HTTPConnection:
    if source.unix:
        return _UnixConnection(source.unix)
    if source.tls:
        return http.client.HTTPSConnection(source.host, source.port, timeout=_SECONDS, context=source.tls)
    return http.client.HTTPConnection(source.host, source.port, timeout=_SECONDS)


def _pinned(certificate: Path) -> ssl.SSLContext:
    """Whoever has the key of the bridge's own certificate is the bridge, by whatever address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(certificate)
    except OSError as error:
        raise Misconfigured.one(f"cannot be read: {error.strerror}", str(certificate)) from None
    return context
