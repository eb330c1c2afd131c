"""What a bridge that runs is asked to do, on its admin listener."""

import http.client
import json
from collections.abc import Mapping
from typing import Any

from ldap_token_bridge.errors import BridgeError, Misconfigured, Unavailable
from ldap_token_bridge.settings import Settings

from .exchange import Answer, Endpoint, endpoint_of, post_json

_FLUSH = "/cache/flush"


def flush_memory(settings: Settings, account: str) -> Mapping[str, Any]:
    """Have an account forgotten, or everyone if it is empty; gives how much of each kind was.

    Raises Misconfigured if the settings do not say where the listener is, Unavailable if it does not answer, and
    BridgeError with its reason if it refuses.
    """
    endpoint = _admin_of(settings)
    try:
        answer = post_json(endpoint, {"account": account} if account else {})
    except (OSError, http.client.HTTPException) as error:
        reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
        raise Unavailable(f"{endpoint} does not answer: {reason}. Does the bridge run?") from None
    value = _object_in(answer)
    forgotten = value.get("forgotten")
    if answer.status == http.HTTPStatus.OK and isinstance(forgotten, dict):
        return forgotten
    told = value.get("details")
    why = f": {told}" if isinstance(told, str) else "; it may be no bridge, or one of an older version"
    raise BridgeError(f"{endpoint} answered {answer.status}{why}")


def _admin_of(settings: Settings) -> Endpoint:
    listen = settings.server.admin_listen
    if not listen.path and not listen.port:
        raise Misconfigured.one(
            "the admin listener takes any free port, so nothing says where it is",
            settings.place("server", "admin_listen"),
            "Give server.admin_listen a port, as in 127.0.0.1:5002.",
        )
    return endpoint_of(listen, _FLUSH)


def _object_in(answer: Answer) -> Mapping[str, Any]:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
