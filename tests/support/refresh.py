"""Bridges that give refresh tokens, and their tokens as clients ask for and use them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import canaries
from .bridge import SERVICE, RunningBridge
from .http import Answer, request

OTHER_SERVICE = "other-registry.test"
CLIENT = "tests"


def refreshing(folder: Path, directory: Mapping[str, Any], **refresh: Any) -> RunningBridge:
    """A bridge for two registries, with its key made by the command that people use; `refresh` are more settings."""
    token = {
        "issuer": "bridge.test",
        "services": [SERVICE, OTHER_SERVICE],
        "keys_dir": "keys",
        "refresh": {"enabled": True, "key_file": "refresh-key", **refresh},
    }
    # A second is long enough to find that something is remembered, and short enough to wait for its end.
    bridge = RunningBridge(folder, directory, sections={"token": token, "cache": {"credentials": "1s"}})
    bridge.command_line(["keys", "refresh-key", "-c", str(bridge.settings)])
    return bridge


def issue(bridge: RunningBridge, login: str, *, method: str = "GET", client_id: str = CLIENT) -> str:
    """A new refresh token, from now on watched for wherever secrets must not be."""
    if method == "POST":
        answer = bridge.post(login=login, changes={"access_type": "offline", "client_id": client_id})
    else:
        query = [("service", SERVICE), ("offline_token", "true"), ("client_id", client_id), ("account", login)]
        answer = request(f"{bridge.url}/token", query=query, basic=(login, canaries.password(login)))
    token = str(answer.json["refresh_token"])
    canaries.watch(f"a refresh token of {login}", token)
    return token


def use(bridge: RunningBridge, token: str, *scopes: str, **changes: str) -> Answer:
    """A refresh grant; `changes` replace or add fields."""
    fields = {
        "grant_type": "refresh_token",
        "service": SERVICE,
        "client_id": CLIENT,
        "refresh_token": token,
        **changes,
    }
    return request(f"{bridge.url}/token", form=[*fields.items(), *(("scope", scope) for scope in scopes)])
