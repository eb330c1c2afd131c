"""What is wrong comes all at once and in order, shows no secret, and what is merely unwise is a warning."""

from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.settings import load_settings
from tests.support.settings_file import ABSENT, write_settings


def problems_of(path: Path) -> tuple[Problem, ...]:
    """What is wrong with the file."""
    with pytest.raises(Misconfigured) as caught:
        load_settings(path, {})
    return caught.value.problems


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """Broken keys, contradictions between good ones, features to come and unreadable files come in one go, in order."""
    path = write_settings(
        tmp_path,
        token__services=[],
        token__refresh={"enabled": True},
        directory__servers=["ldap://dc1"],
        directory__base="",
        directory__bind_password_file="nowhere",
        directory__tls__ca_file=None,
        guard={"account_failures": "3/15m"},
    )
    with pytest.raises(Misconfigured) as caught:
        load_settings(path, {"LTB_TOKEN__X5C": "maybe", "LTB_SERVER__LISTEM": "x"})
    assert [(str(problem.where).removeprefix(f"{path}:"), problem.what) for problem in caught.value.problems] == [
        ("3:13", "token.services is empty"),
        ("6:14", "token.refresh.enabled needs token.refresh.key_file"),
        ("9:13", "passwords would go to ldap://dc1 in plain text"),
        ("10:9", "directory.base: must be a distinguished name"),
        ("12:23", f"directory.bind_password_file: {tmp_path}/nowhere cannot be read: no such file or directory"),
        ("14:5", "directory.tls.ca_file has no value"),
        ("17:21", "guard.account_failures: is not a number of failures in a time"),
        ("environment variable LTB_SERVER__LISTEM", "unknown setting"),
        ("environment variable LTB_TOKEN__X5C", "token.x5c must be true or false"),
    ]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("a: b: c", "1:5", "not valid YAML: "),
        ('token: {issuer:"x"}', "1:9", "a space is missing after 'issuer:'"),
        ("policy: a\npolicy: b\n", "2:1", "the key 'policy' stands twice"),
        ("[]", "1:1", "the file must be a mapping of keys to values"),
        ("just text", "1:1", "the file must be a mapping of keys to values"),
    ],
)
def test_a_malformed_file(tmp_path: Path, text: str, where: str, what: str) -> None:
    """A file that is no YAML, or no settings at all, is told as such."""
    path = tmp_path / "bridge.yaml"
    path.write_text(text)
    problem = problems_of(path)[0]
    assert str(problem.where) == f"{path}:{where}"
    assert problem.what.startswith(what)


def test_a_missing_file(tmp_path: Path) -> None:
    """The path is named, and nothing else is complained about."""
    (problem,) = problems_of(tmp_path / "bridge.yaml")
    assert str(problem) == (
        f"{tmp_path}/bridge.yaml: the settings file cannot be read: no such file or directory\n"
        "    Check the path and the file's permissions."
    )


def test_no_problem_shows_a_password(tmp_path: Path) -> None:
    """Neither an inline password beside other mistakes nor one in the wrong place is quoted."""
    path = write_settings(
        tmp_path, directory__bind_password=["hunter2hunter2"], directory__bind_passwort="hunter2hunter2", guard={"x": 1}
    )
    assert "hunter2" not in "\n".join(map(str, problems_of(path)))


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({}, "6:3", "passwords arrive at 0.0.0.0:5001 without TLS"),
        (
            {"server__listen": "127.0.0.1:1", "directory__bind_password_file": ABSENT, "directory__bind_password": "x"},
            "10:18",
            "the service account's password stands in the settings file",
        ),
        (
            {
                "server__listen": "127.0.0.1:1",
                "directory__servers": ["ldap://a"],
                "directory__tls__allow_plaintext": True,
            },
            "7:13",
            "passwords go to ldap://a in plain text",
        ),
        (
            {"server__listen": "127.0.0.1:1", "directory__servers": ABSENT, "directory__domain": "corp.example.com"},
            "10:11",
            "whoever forges DNS and has any public certificate below corp.example.com gets passwords",
        ),
    ],
)
def test_what_works_but_should_be_known_is_a_warning(
    tmp_path: Path, changes: dict[str, Any], where: str, what: str
) -> None:
    """The bridge starts, and says once what is not safe and how to mend it."""
    path = write_settings(tmp_path, **changes)
    (warning,) = load_settings(path, {}).warnings
    assert warning.what == what
    assert warning.remedy
    if changes:
        assert str(warning.where) == f"{path}:{where}"


@pytest.mark.parametrize(
    "server",
    [
        {"listen": "127.0.0.1:5001"},
        {"listen": "[::1]:5001"},
        {"listen": "localhost:5001"},
        {"listen": "unix:/run/bridge.sock"},
        {"trusted_proxies": ["10.0.0.0/8"]},
        {"tls": {"certificate": "a", "key": "b"}},
    ],
)
def test_a_protected_listener_is_no_warning(tmp_path: Path, server: dict[str, Any]) -> None:
    """Local, behind a named proxy, or with TLS: there is nothing to say."""
    assert load_settings(write_settings(tmp_path, server=server), {}).warnings == ()
