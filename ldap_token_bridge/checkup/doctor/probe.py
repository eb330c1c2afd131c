"""One question to a server, and what its answer, or its silence, means."""

import http.client
import json
import socket
import ssl
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote

from ldap_token_bridge.checkup.exchange import Answer, Clock, Endpoint, get
from ldap_token_bridge.registry import Access, read_challenges

from .evidence import Challenge, Heard, Obstacle, Reply, Unreached, Verdict

# OpenSSL's X509_V_ERR_… (x509_vfy.h)
_TIME, _NAME = (9, 10), (62, 63, 64)
# What OpenSSL says if the first bytes are not TLS, by its versions.
_NOT_TLS = frozenset(("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"))
_OBSTACLES: tuple[tuple[type[Exception], Obstacle], ...] = (
    (socket.gaierror, Obstacle.NO_NAME),
    (ConnectionRefusedError, Obstacle.NOBODY_LISTENS),
    (http.client.InvalidURL, Obstacle.NO_ADDRESS),
    (http.client.HTTPException, Obstacle.NO_HTTP),
    (ConnectionError, Obstacle.NO_HTTP),
    (OSError, Obstacle.SILENCE),
    (ValueError, Obstacle.NO_ADDRESS),  # a host name that cannot be asked for
)
# The name stands in the registry's own log beside each refusal (http.request.useragent).
USER_AGENT = "ldap-token-bridge-doctor"
_AGENT = {"User-Agent": USER_AGENT}


def attempt(ask: Callable[[], Answer]) -> Reply:
    """The answer, or why there is none."""
    try:
        return ask()
    except ssl.SSLError as error:
        return _tls_obstacle(error)
    except (OSError, ValueError, http.client.HTTPException) as error:
        obstacle = next(obstacle for kind, obstacle in _OBSTACLES if isinstance(error, kind))
        return Unreached(obstacle, getattr(error, "strerror", None) or type(error).__name__)


def _tls_obstacle(error: ssl.SSLError) -> Unreached:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return Unreached(Obstacle.NO_TLS if error.reason in _NOT_TLS else Obstacle.TLS, error.reason or "")
    if error.verify_code in _NAME:
        return Unreached(Obstacle.CERTIFICATE_NAME, error.verify_message)
    in_time = error.verify_code not in _TIME
    obstacle = Obstacle.CERTIFICATE_ISSUER if in_time else Obstacle.CERTIFICATE_TIME
    return Unreached(obstacle, error.verify_message)


def ping(registry: Endpoint, clock: Clock) -> Reply:
    """`GET /v2/` without a token."""
    return attempt(lambda: get(registry, "/v2/", _AGENT, clock))


def challenge_in(answer: Answer) -> Challenge:
    """What the registry asks for; a Bearer challenge counts before others."""
    challenges = read_challenges(answer.headers.get("www-authenticate", ""))
    scheme = next((each for each in ("bearer", "basic", *challenges) if each in challenges), "")
    found = challenges.get(scheme, {})
    return Challenge(scheme, found.get("realm", ""), found.get("service", ""))


def present(registry: Endpoint, token: str, target: str = "/v2/") -> Heard:
    """What the registry makes of the token at that path."""
    reply = attempt(lambda: get(registry, target, {**_AGENT, "Authorization": f"Bearer {token}"}))
    if isinstance(reply, Unreached):
        return Heard(Verdict.ODD, 0)
    # A repository that is not there yet is told only to those who may see it.
    if reply.status == HTTPStatus.OK or (reply.status == HTTPStatus.NOT_FOUND and target != "/v2/"):
        return Heard(Verdict.ACCEPTED, reply.status)
    if reply.status != HTTPStatus.UNAUTHORIZED:
        return Heard(Verdict.ODD, reply.status)
    said = read_challenges(reply.headers.get("www-authenticate", "")).get("bearer", {}).get("error", "")
    verdicts = {"": Verdict.UNSEEN, "insufficient_scope": Verdict.LACKING}
    return Heard(verdicts.get(said, Verdict.REFUSED), reply.status)


def path_that_needs(access: Access) -> str:
    """Where a mere GET shows whether the access is there; empty for what only a change would show."""
    if access.type == "registry":
        return "/v2/_catalog"
    return f"/v2/{quote(access.name)}/tags/list" if "pull" in access.actions else ""


def published_kids(realm: Endpoint, path: str) -> frozenset[str] | None:
    """The key ids of the JWK Set beside the token endpoint; None if there is none."""
    reply = attempt(lambda: get(realm, path, _AGENT))
    if isinstance(reply, Unreached) or reply.status != HTTPStatus.OK:
        return None
    try:
        entries = json.loads(reply.body)["keys"]
        return frozenset(str(entry["kid"]) for entry in entries)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
