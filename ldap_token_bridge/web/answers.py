"""The one table from outcomes and errors to HTTP answers.

Error bodies carry both shapes that clients read: the registry's `errors` list, and `details`, which is what
`docker login` shows of a token server's answer.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from ldap_token_bridge.errors import BadRequest, Throttled, Unavailable
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.registry import basic_challenge

from .messages import DIRECTORY_DOWN, NOT_AVAILABLE
from .token_request import BadCredentials, RefreshRefused, SlowClient

REALM = "ldap-token-bridge"
SERVER = "ldap-token-bridge"  # no versions
INTERNAL = "internal-error"
_NO_STORE = {"Cache-Control": "no-store"}


def error(
    status: int, code: str, message: str, *, headers: dict[str, str] | None = None, oauth: str = ""
) -> web.Response:
    """An error in both shapes; `oauth` adds the `error` key of RFC 6749 section 5.2 beside them."""
    body: dict[str, object] = {"errors": [{"code": code, "message": message}], "details": message}
    if oauth:
        body["error"] = oauth
    return web.json_response(body, status=status, headers=_NO_STORE | (headers or {}))


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


def _throttled(problem: Any, _messages: Mapping[str, str]) -> web.Response:
    return error(429, "TOOMANYREQUESTS", str(problem), headers={"Retry-After": str(problem.retry_after)})


def _unavailable(problem: Any, messages: Mapping[str, str]) -> web.Response:
    retry_after = getattr(problem, "retry_after", 5)
    return error(503, "UNAVAILABLE", messages[DIRECTORY_DOWN], headers={"Retry-After": str(retry_after)})


def of_http_error(problem: Any, _messages: object = None) -> web.Response:
    """What aiohttp refuses by itself (no such path, wrong method, body too large), in the same two shapes."""
    headers = {name: value for name, value in problem.headers.items() if name.lower() == "allow"}
    return error(problem.status, "UNSUPPORTED", problem.reason, headers=headers)


_Answer = Callable[[Any, Mapping[str, str]], web.Response]
_TABLE: tuple[tuple[type[Exception], str, _Answer], ...] = (
    (BadCredentials, "malformed-credentials", lambda _, messages: refused(Refusal.WRONG_CREDENTIALS, messages)),
    (
        RefreshRefused,
        "refresh-disabled",
        lambda _, messages: unauthorized(messages[Refusal.NO_CREDENTIALS], oauth="invalid_grant"),
    ),
    (SlowClient, "slow-client", lambda _, __: error(408, "UNSUPPORTED", "The request did not come in time.")),
    (BadRequest, "bad-request", lambda problem, _: error(400, "UNSUPPORTED", str(problem))),
    (Throttled, "throttled", _throttled),
    (Unavailable, "directory-down", _unavailable),
    (TimeoutError, "deadline", _unavailable),
    (web.HTTPException, "http", of_http_error),
    (Exception, INTERNAL, lambda _, messages: error(500, "UNKNOWN", messages[NOT_AVAILABLE])),
)
