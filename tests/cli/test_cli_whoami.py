"""`whoami`: what it prints for people and for programs, where a password comes from, exit codes."""

import asyncio
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.checkup import Grade, Item
from ldap_token_bridge.checkup.person import BindOutcome, Whoami
from ldap_token_bridge.cli import password, root
from ldap_token_bridge.cli import person as printing
from ldap_token_bridge.cli import whoami as asking
from ldap_token_bridge.errors import Place
from ldap_token_bridge.identity import Account, Group, Refusal
from tests.cli.test_cli_check import folder
from tests.support import canaries
from tests.support.process import free_port
from tests.support.slapd import Slapd


@pytest.fixture
def config(tmp_path: Path, slapd: Slapd) -> Path:
    """bridge.yaml for slapd."""
    (tmp_path / "password").write_text(canaries.password("svc-registry"))
    return folder(tmp_path, **settings_for(slapd))


def settings_for(slapd: Slapd, **changes: Any) -> dict[str, Any]:
    """The keys of bridge.yaml for slapd."""
    return {
        "directory__kind": "openldap",
        "directory__servers": [slapd.ldaps_url],
        "directory__bind_dn": slapd.bind_dn,
        "directory__bind_password_file": "password",
        "directory__tls__ca_file": str(slapd.ca_file),
        **changes,
    }


def whoami(config: Path, *arguments: str, stdin: bytes | None = None) -> Result:
    """`whoami ... -c CONFIG`, with that on standard input."""
    result = CliRunner().invoke(root, ["whoami", *arguments, "-c", str(config)], input=stdin)
    assert not canaries.leaks(result.output)
    return result


def test_a_person(config: Path, slapd: Slapd) -> None:
    """Facts, a line for each group, the steps; nothing that only a terminal shows."""
    result = whoami(config, "CORP\\ALICE")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "account    alice"
    assert f"DN         {slapd.person_dn('alice')}" in lines
    assert "state      fine" in lines
    assert "groups     3" in lines
    assert "in policy  group:platform" in lines
    reached = {line.split()[0]: line.split()[1] for line in lines if line.startswith("cn=")}
    assert reached[slapd.group_dn("Groups/Platform-Oncall")] == "direct"
    assert reached[slapd.group_dn("Groups/Platform")] == "nested"
    assert [line.split()[0] for line in lines if line.startswith(("connect", "search", "groups  "))]
    assert "SID" not in result.stdout
    assert "password" not in result.stdout


def test_json(config: Path, slapd: Slapd) -> None:
    """Everything, with null for what was not asked."""
    shown = json.loads(whoami(config, "alice", "--format", "json").stdout)
    assert shown["exit_code"] == 0
    assert (shown["account"], shown["dn"], shown["sid"]) == ("alice", slapd.person_dn("alice"), None)
    assert (shown["state"], shown["password"], shown["ambiguous"], shown["items"]) == ("fine", None, [], [])
    groups = {group["dn"]: group["reached"] for group in shown["groups"]}
    assert groups[slapd.group_dn("Groups/Platform-Engineers")] == "nested"
    assert shown["policy"]["memberships"] == [{"term": "group:platform", "word": None}]
    assert [step["name"] for step in shown["steps"]][:2] == ["connect", "search"]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_password_from_a_pipe(config: Path, ending: bytes) -> None:
    """One line break at its end is not part of it."""
    result = whoami(config, "bob", "--password-stdin", stdin=canaries.password("bob").encode() + ending)
    assert result.exit_code == 0, result.output
    assert "password   right (result 0)" in result.stdout


def test_an_empty_password_is_not_tried(config: Path) -> None:
    """And is not called wrong: nobody was asked."""
    result = whoami(config, "bob", "--password-stdin", stdin=b"\n")
    assert result.exit_code == 1
    assert "password   not tried: empty" in [line.rstrip() for line in result.stdout.splitlines()]


def test_a_second_line_break_is_part_of_the_password(config: Path) -> None:
    """Only what `echo` adds is taken away."""
    result = whoami(config, "bob", "--password-stdin", stdin=canaries.password("bob").encode() + b"\n\n")
    assert result.exit_code == 1
    assert "password   refused: the password is wrong (result 49)" in result.stdout


def test_a_password_from_a_terminal(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for and not shown."""
    asked: list[dict[str, Any]] = []

    def prompt(text: str, **options: Any) -> str:
        asked.append({"text": text, **options})
        return canaries.password("bob")

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(password, "sys", type("Sys", (), {"stdin": Terminal()}))
    result = whoami(config, "bob", "--password-stdin")
    assert result.exit_code == 0, result.output
    assert asked[0]["hide_input"] is True
    assert asked[0]["err"] is True


def test_nobody(config: Path) -> None:
    """The place of the setting, a remedy, exit code 1."""
    result = whoami(config, "nobody")
    assert result.exit_code == 1
    assert f"name: {config}:" in result.stdout
    assert "nobody below DC=corp,DC=example,DC=com has this name" in result.stdout


def test_a_disabled_account(config: Path) -> None:
    """In words, and in the exit code."""
    result = whoami(config, "dave", "--password-stdin", stdin=canaries.password("dave").encode())
    assert result.exit_code == 1
    assert "state      disabled" in result.stdout
    assert "password   refused: disabled (result 49, password policy error 1)" in result.stdout


def test_a_refused_service_account(config: Path) -> None:
    """As `check --connect`: exit code 2."""
    (config.parent / "password").write_text("hunter2hunter2")
    result = whoami(config, "alice")
    assert result.exit_code == 2
    assert f"✗ server: {config}:10:23: " in result.stdout
    assert "hunter2" not in result.output


def test_no_server(tmp_path: Path, slapd: Slapd) -> None:
    """Exit code 1."""
    (tmp_path / "password").write_text(canaries.password("svc-registry"))
    changes = settings_for(slapd, directory__servers=[f"ldaps://127.0.0.1:{free_port()}"])
    result = whoami(folder(tmp_path, **changes), "alice")
    assert result.exit_code == 1
    assert "nothing listens" in result.stdout


def test_settings_that_cannot_be_used(tmp_path: Path) -> None:
    """Exit code 2, and nobody is asked."""
    result = whoami(folder(tmp_path, directory__kind="novell"), "alice")
    assert result.exit_code == 2
    assert "directory.kind" in result.stderr
    assert result.stdout == ""


def test_a_policy_that_cannot_be_used_stops_nobody(config: Path) -> None:
    """The person is shown without what the policy makes of them."""
    (config.parent / "policy.yaml").write_text("nonsense")
    result = whoami(config, "alice")
    assert result.exit_code == 0, result.output
    assert "account    alice" in result.stdout


STEERING = Whoami(
    "x",
    Account("x\x1b[31m", "CN=x\x9b2J,DC=x", "id"),
    groups=(
        Group("CN=\u202ereversed,DC=x", "S-1-5-21-1", "nested", "CN=outer\x07,DC=x"),
        Group("", "S-1-5-21-2", "primary"),
    ),
    bind=BindOutcome(Refusal.WRONG_CREDENTIALS, "result 49: \x1b]0;title\x07"),
    rivals=("CN=\x1b[2J",),
    items=(Item("name", Grade.FINDING, "what\x1b[2J", Place("bridge.yaml", 1, 1), "mend\x1b[2J"),),
)


@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_in_the_directory_steers_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    """Escape sequences and marks that turn the direction of writing come as a sign of their own; all else is whole."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(click, "style", lambda text, **_: text)
    printing.print_person(STEERING, "text")
    shown = capsys.readouterr().out
    assert not set(shown) & set("\x07\x9b\u202e")
    assert "\x1b[31m" not in shown and "\x1b[2J" not in shown and "\x1b]0" not in shown
    flat = "".join(shown.split())
    for words in ("CN=outer\ufffd,DC=x", "S-1-5-21-2", "(noDNknown)", "primary", "nested"):
        assert words in flat
    assert ("throughCN=outer" in flat) is terminal, "a line of its own there, a column elsewhere"


def test_json_shows_how_a_nested_group_was_reached(capsys: pytest.CaptureFixture[str]) -> None:
    """And what is not known is null."""
    printing.print_person(STEERING, "json")
    first, second = json.loads(capsys.readouterr().out)["groups"]
    assert (first["reached"], first["through"]) == ("nested", "CN=outer\x07,DC=x")
    assert second == {"dn": None, "sid": "S-1-5-21-2", "reached": "primary", "through": None}


async def test_a_long_wait_shows_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, and the answer is that of the wait; a short one shows nothing."""
    shown: list[str] = []

    class Terminal:
        is_terminal = True

        def __init__(self, *, stderr: bool) -> None:
            assert stderr

        def status(self, text: str) -> Any:
            shown.append(text)
            return nullcontext()

    async def slow(*_: object) -> Whoami:
        await asyncio.sleep(0.05)
        return STEERING

    monkeypatch.setattr(asking, "Console", Terminal)
    monkeypatch.setattr(asking, "whoami", slow)
    monkeypatch.setattr(asking, "ldap_options", lambda _: None)
    settings: Any = type("Settings", (), {"directory": None})
    assert await asking.ask(settings, None, "x", None) is STEERING
    assert shown == []
    monkeypatch.setattr(asking, "_PATIENCE", 0.0)
    assert await asking.ask(settings, None, "x", None) is STEERING
    assert shown == ["Asking the directory"]
