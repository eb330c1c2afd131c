"""The JSON Schemas that editors check files with say what the program says, on documents made by changing good ones.

A schema cannot know what values mean together (a group that is not defined, a rule with nothing in it). So: what the
program takes the schema takes, and where the program finds a mistake of form, the schema finds it too.
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.policy import parse_policy, policy_schema
from ldap_token_bridge.robots import new_secret, parse_robots, robots_schema
from ldap_token_bridge.robots.hashes import hash_secret
from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.settings.reference import bridge_schema
from tests.support.examples import examples
from tests.support.settings_file import write_settings

Read = Callable[[str], object]
_OF_FORM = ("unknown key", " must be ", " is missing", "has an unknown value")
_EITHER = ("'directory.servers'", "'directory.bind_")
_POLICY: dict[str, Any] = {
    "version": 1,
    "groups": {"platform": "CN=Platform,OU=Groups,DC=x", "auditors": "S-1-5-21-1-2-3-4"},
    "families": {"team": "CN=reg-{team}-write,OU=Groups,DC=x"},
    "allow": [
        {
            "id": "a",
            "why": "because",
            "who": ["group:platform", "user:alice"],
            "repositories": ["**"],
            "actions": ["pull"],
        },
        {
            "id": "b",
            "who": ["family:team"],
            "repositories": ["{team}/**", "a/*-b"],
            "actions": ["pull", "push"],
            "catalog": True,
            "networks": ["10.0.0.0/8"],
            "services": ["registry"],
            "until": "2027-01-01",
        },
    ],
    "deny": [{"id": "c", "who": ["signed-in", "robot:ci"], "repositories": ["a/**"], "actions": ["delete"]}],
    "tests": [
        {
            "user": "alice",
            "groups": ["platform"],
            "families": {"team": ["x"]},
            "can": ["pull a/b"],
            "cannot": ["catalog"],
        },
        {"anonymous": True, "address": "10.0.0.1", "at": "2026-01-01", "cannot": ["push a/b"]},
    ],
}
_HASH = hash_secret(new_secret())
_ROBOTS: dict[str, Any] = {
    "version": 1,
    "robots": [
        {
            "name": "ci",
            "secrets": [_HASH],
            "owner": "team-a",
            "note": "x",
            "networks": ["10.0.0.0/8"],
            "until": "2027-01-01",
        },
        {"name": "old", "secrets": [_HASH, _HASH], "owner": "team-b", "revoked": "2026-01-01"},
    ],
}
_BRIDGE: dict[str, Any] = {
    "server": {"listen": "0.0.0.0:5001", "trusted_proxies": ["10.0.0.0/8"], "request_deadline": "8s"},
    "token": {"issuer": "i", "services": ["s"], "keys_dir": "keys", "lifetime": "15m", "x5c": True},
    "directory": {
        "kind": "openldap",
        "servers": ["ldaps://dc1.example.com"],
        "base": "dc=x",
        "bind_dn": "cn=svc,dc=x",
        "bind_password_file": "ldap-password",
        "users": {"login": ["uid", "mail"]},
        "groups": {"strategy": "auto", "nested": True, "max_depth": 32},
        "tls": {"minimum": "1.2"},
        "timeouts": {"connect": "1s"},
        "connections": {"search": 2},
    },
    "policy": {"path": "policy.yaml", "poll": "2s"},
    "robots": "robots.yaml",
    "cache": {"credentials": "off", "groups": "5m"},
    "logging": {"format": "json", "level": "info"},
}
# Copies, since a later change may go into one of them.
_STRANGE = st.sampled_from(
    [None, True, 0, 7, -1, 2.5, "x", "", " ", "pull", "off", [], {}, [1], ["x"], {"x": 1}, [None]]
).map(deepcopy)


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document but its top."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*here, step)
        yield from paths(inner, (*here, step))


@st.composite
def changed(draw: st.DrawFn, good: dict[str, Any]) -> dict[str, Any]:
    """The document with up to three changes: a value replaced or taken away, a key added or misspelt."""
    value = deepcopy(good)
    for _ in range(draw(st.integers(0, 3))):
        places = list(paths(value))
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        around: Any = value
        for step in way:
            around = around[step]
        change = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if change == "replace":
            around[last] = draw(_STRANGE)
        elif change == "remove":
            del around[last]
        elif isinstance(around, dict):
            around[draw(st.sampled_from(["surprise", f"{last}s", "version", "allow"]))] = draw(_STRANGE)
    return value


def _is_of_form(what: str) -> bool:
    """Some keys are missing only because others are, which is of meaning."""
    return any(words in what for words in _OF_FORM) and not any(key in what for key in _EITHER)


def hold(value: dict[str, Any], schema: dict[str, Any], read: Read) -> None:
    """Program and schema agree."""
    is_taken = not list(Draft7Validator(schema).iter_errors(value))
    try:
        read(json.dumps(value))
    except Misconfigured as error:
        of_form = [str(each) for each in error.problems if _is_of_form(each.what)]
        if of_form and is_taken:
            pytest.fail(f"the schema takes what the program does not: {of_form}")
    else:
        assert is_taken, "the schema refuses what the program takes"


@settings(max_examples=examples(150))
@given(changed(_POLICY))
def test_the_policys_schema(value: dict[str, Any]) -> None:
    """policy.yaml."""
    hold(value, policy_schema(), lambda text: parse_policy([("policy.yaml", text)]))


@settings(max_examples=examples(150))
@given(changed(_ROBOTS))
def test_the_schema_of_robots(value: dict[str, Any]) -> None:
    """robots.yaml."""
    hold(value, robots_schema(), lambda text: parse_robots(text, "robots.yaml"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what bridge.yaml names."""
    folder = tmp_path_factory.mktemp("settings")
    write_settings(folder)
    return folder


@settings(max_examples=examples(150))
@given(value=changed(_BRIDGE))
def test_the_schema_of_settings(folder: Path, value: dict[str, Any]) -> None:
    """bridge.yaml."""

    def read(text: str) -> object:
        path = folder / "bridge.yaml"
        path.write_text(text)
        return load_settings(path, {})

    hold(value, bridge_schema(), read)


@pytest.mark.parametrize("good", [_POLICY, _ROBOTS])
def test_the_documents_that_are_changed_are_good(good: dict[str, Any]) -> None:
    """Else every change would be a second mistake."""
    schema = policy_schema() if good is _POLICY else robots_schema()
    Draft7Validator(schema).validate(good)
    hold(good, schema, lambda text: parse_policy([("p", text)]) if good is _POLICY else parse_robots(text, "r"))
