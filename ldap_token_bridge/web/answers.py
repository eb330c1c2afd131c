"""The one table from outcomes and errors to HTTP answers.

Error bodies carry both shapes that clients read: the registry's `errors` list, and `details`, which is what
`docker login` shows of a token server's answer. The status line says the same for those that show nothing else:
containerd, the kubelet, BuildKit, and docker at a 503.
"""

import textwrap
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from aiohttp import web

from ldap_token_bridge.cache import RevocationsUnreadable
from ldap_token_bridge.errors import BadRequest, Unavailable
from ldap_token_bridge.guard import Block
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.registry import basic_challenge
from ldap_token_bridge.robots import TooManyRobots
from ldap_token_bridge.workloads import IssuerUnavailable, WorkloadRefusal

from .messages import (
    DIRECTORY_DOWN,
    NOT_AVAILABLE,
    REFRESH_REFUSED,
    ROBOTS_BUSY,
    TOO_MANY_FROM_ADDRESS,
    WORKLOAD_REFUSED,
    in_words,
)
from .token_request import BadCredentials, SlowClient

REALM = "ldap-token-bridge"
SERVER = "ldap-token-bridge"  # no versions
INTERNAL = "internal-error"
# Proxies give a reply's head some kilobytes, and answer 502 to a longer one.
_LONGEST_PHRASE = 300
REQUEST_ID = "X-Request-Id"
_NO_STORE = {"Cache-Control": "no-store"}
_SUCCESS = _NO_STORE | {"Content-Type": "application/json; charset=utf-8"}
_SUCCESS_HEAD = (
    "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in (_SUCCESS | {"Server": SERVER}).items())
).encode("ascii")


def error(
    status: int, code: str, message: str, *, headers: dict[str, str] | None = None, oauth: str = ""
) -> web.Response:
    """An error in both shapes; `oauth` adds RFC 6749 section 5.2 beside them: `error`, and the text once more."""
    body: dict[str, object] = {"errors": [{"code": code, "message": message}], "details": message}
    if oauth:
        body |= {"error": oauth, "error_description": message}
    return web.json_response(body, status=status, reason=_phrase(status, message), headers=_NO_STORE | (headers or {}))


@lru_cache(256)
def _phrase(status: int, message: str) -> str:
    """What the status line says: the standard words first, which people and scripts look for."""
    standard = HTTPStatus(status).phrase
    told = textwrap.shorten(message, _LONGEST_PHRASE, placeholder=" ...")  # one line, whatever the settings hold
    return f"{standard}: {told}" if told != standard and told.isprintable() else standard


def success(body: bytes) -> web.Response:
    """A token, in JSON."""
    return web.Response(body=body, headers=_SUCCESS)


def success_octets(body: bytes, request_id: str) -> bytes:
    """The same as `octets`, without a response between: for what is asked most."""
    return b"%b%b%b" % (_SUCCESS_HEAD, _varying_head(body, request_id), body)


def octets(response: web.Response, request_id: str) -> bytes:
    """A response as the whole reply of HTTP 1.1, on a connection that goes on."""
    head = [f"HTTP/1.1 {response.status} {response.reason}"]
    head += [f"{name}: {value}" for name, value in (*response.headers.items(), ("Server", SERVER))]
    if any("\r" in line or "\n" in line for line in head):
        raise ValueError("a line break in the head of a reply")
    body = response.body if isinstance(response.body, bytes) else b""
    return b"%b\r\n%b%b" % ("\r\n".join(head).encode(), _varying_head(body, request_id), body)


def _varying_head(body: bytes, request_id: str) -> bytes:
    told = f"{REQUEST_ID}: {request_id}\r\nContent-Length: {len(body)}\r\nDate: {_date(int(time.time()))}\r\n\r\n"
    return told.encode("ascii")


@lru_cache(1)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def unauthorized(message: str, *, oauth: str = "") -> web.Response:
    """401 with the challenge for Basic credentials."""
    return error(401, "UNAUTHORIZED", message, headers={"WWW-Authenticate": basic_challenge(REALM)}, oauth=oauth)


def answer_to(problem: Exception, messages: Mapping[str, str]) -> tuple[str, web.Response]:
    """The answer to an exception, and its reason for audit line and metrics.

    What an Unavailable or an unforeseen exception says is for the log: people are told the text from `messages`.
    """
    for kind, reason, answer in _TABLE:
        if isinstance(problem, kind):
            return reason, answer(problem, messages)
    raise problem


def refused(reason: Refusal, messages: Mapping[str, str]) -> web.Response:
    """The answer to a login that was refused."""
    return unauthorized(messages[reason])


def workload_refused(reason: WorkloadRefusal, messages: Mapping[str, str]) -> web.Response:
    """The answer to a token that is not taken; who has not proved that it is the issuer's own learns nothing more."""
    return unauthorized(messages[reason if reason.is_proved else WORKLOAD_REFUSED])


def throttled(block: Block, messages: Mapping[str, str]) -> web.Response:
    """The answer to a login that is not looked at, and when the next one is."""
    text = messages[Refusal.TOO_MANY_ATTEMPTS if block.budget == "account" else TOO_MANY_FROM_ADDRESS]
    message = text.replace("{wait}", in_words(block.retry_after))
    return error(429, "TOOMANYREQUESTS", message, headers={"Retry-After": str(block.retry_after)})


def refresh_refused(messages: Mapping[str, str]) -> web.Response:
    """The answer to a refresh token that is not taken: one for every reason, which nobody learns who only tries."""
    return unauthorized(messages[REFRESH_REFUSED], oauth="invalid_grant")


def _unavailable(problem: Any, messages: Mapping[str, str], message: str = DIRECTORY_DOWN) -> web.Response:
    retry_after = getattr(problem, "retry_after", 5)
    return error(503, "UNAVAILABLE", messages[message], headers={"Retry-After": str(retry_after)})


def of_http_error(problem: Any, _messages: object = None) -> web.Response:
    """What aiohttp refuses by itself (no such path, wrong method, body too large), in the same two shapes."""
    headers = {name: value for name, value in problem.headers.items() if name.lower() == "allow"}
    return error(problem.status, "UNSUPPORTED", problem.reason, headers=headers)


_Answer = Callable[[Any, Mapping[str, str]], web.Response]
_TABLE: tuple[tuple[type[Exception], str, _Answer], ...] = (
    (BadCredentials, "malformed-credentials", lambda _, messages: refused(Refusal.WRONG_CREDENTIALS, messages)),
    (SlowClient, "slow-client", lambda _, __: error(408, "UNSUPPORTED", "The request did not come in time.")),
    (BadRequest, "bad-request", lambda problem, _: error(400, "UNSUPPORTED", str(problem))),
    (
        RevocationsUnreadable,
        "revocations-unreadable",
        lambda problem, messages: _unavailable(problem, messages, NOT_AVAILABLE),
    ),
    (
        IssuerUnavailable,
        "workload-keys-unavailable",
        lambda problem, messages: _unavailable(problem, messages, NOT_AVAILABLE),
    ),
    (TooManyRobots, ROBOTS_BUSY, lambda problem, messages: _unavailable(problem, messages, ROBOTS_BUSY)),
    (Unavailable, "directory-down", _unavailable),
    (TimeoutError, "deadline", _unavailable),
    (web.HTTPException, "http", of_http_error),
    (Exception, INTERNAL, lambda _, messages: error(500, "UNKNOWN", messages[NOT_AVAILABLE])),
)
