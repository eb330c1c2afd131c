"""A token asked for as docker asks for it, from a bridge that runs: by its settings or at an address.

A redirect is not followed and no proxy is asked: the password goes to the bridge or nowhere.
"""

import base64
import http.client
import json
import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from ldap_token_bridge.errors import BridgeError, Misconfigured, Unavailable
from ldap_token_bridge.identity import Credentials
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.trust import trusting

from .exchange import Answer, Clock, Endpoint, endpoint_at, endpoint_of, get

_PATH = "/token"


def source_of(settings: Settings) -> Endpoint:
    """The bridge with these settings, on this machine; raises Misconfigured if they do not say where it is."""
    listen, tls = settings.server.listen, settings.server.tls
    if not listen.path and not listen.port:
        raise Misconfigured.one(
            "the bridge takes any free port, so nothing says where it is",
            settings.place("server", "listen"),
            "Name its address: --url http://127.0.0.1:PORT/token",
        )
    return endpoint_of(listen, _PATH, _pinned(tls.certificate) if tls else None)


def source_at(url: str, ca_file: Path | None) -> Endpoint:
    """The bridge at that address, its certificate by `ca_file` or the system's authorities; raises ValueError."""

    def authorities() -> ssl.SSLContext:
        try:
            return trusting(ca_file)
        except OSError as error:
            raise ValueError(f"{ca_file} holds no certificates that can be read: {error.strerror}") from None

    endpoint = endpoint_at(url, authorities)
    return endpoint if endpoint.path else replace(endpoint, path=_PATH)


def request_token(
    source: Endpoint, who: Credentials | None, service: str, scopes: Sequence[str], clock: Clock = time.time
) -> Answer:
    """Whatever is answered to the request, without `who` an anonymous one; raises as `exchange.get`."""
    query = [("account", who.username)] if who else []
    query += [("client_id", "ldap-token-bridge"), ("service", service)]
    query += [("scope", scope) for scope in scopes]
    headers = {}
    if who:
        basic = base64.b64encode(who.username.encode() + b":" + who.password.reveal()).decode("ascii")
        headers["Authorization"] = f"Basic {basic}"
    return get(source, f"{source.path or '/'}?{urlencode(query)}", headers, clock)


def token_in(answer: Answer) -> tuple[str, str]:
    """The token, or else the message for people; both are empty in an answer that is no token server's."""
    try:
        value = json.loads(answer.body)
        token = value.get("token") or value.get("access_token")
        message = value.get("details") if isinstance(value.get("details"), str) else ""
    except (ValueError, AttributeError, RecursionError):
        return "", ""
    if answer.status == http.HTTPStatus.OK:
        return (token, "") if isinstance(token, str) else ("", "")
    return "", "".join(character if character.isprintable() else "\ufffd" for character in message)


def fetch_token(source: Endpoint, who: Credentials, service: str, scopes: Sequence[str]) -> str:
    """The token; raises BridgeError with what the bridge says, Unavailable if nothing that makes sense answers."""
    try:
        answer = request_token(source, who, service, scopes)
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(f"{source}: its certificate is not trusted: {error.verify_message}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Unavailable(f"{source} does not answer: {reason}. Does the bridge run?") from None
    token, message = token_in(answer)
    if token:
        return token
    if not message:
        raise Unavailable(f"{source} answered {answer.status} without a token or a reason; it may not be the bridge")
    raise BridgeError(f"{source} gave no token ({answer.status}): {message}")


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
