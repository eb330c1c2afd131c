"""`doctor`: its options, its output and its exit codes; what it finds is in tests/checkup."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click.testing
import pytest
from click.testing import CliRunner

from ldap_token_bridge.cli import root
from ldap_token_bridge.tokens.install import new_key
from tests.support.process import free_port
from tests.support.scripted_http import ScriptedHttp
from tests.support.settings_file import write_settings


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with bridge.yaml and a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LTB_CONFIG", raising=False)
    write_settings(tmp_path)
    new_key(tmp_path / "keys", common_name="bridge", now=datetime.now(UTC))
    return tmp_path


def _doctor(*arguments: str | Path, stdin: str = "") -> click.testing.Result:
    return CliRunner().invoke(root, ["doctor", *map(str, arguments)], input=stdin)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing option '--registry'"),
        (("--registry", "ftp://registry"), "is no address such as https://registry"),
        (("--registry", ""), "is no address"),
        (("--registry", "https://registry:x"), "is no address"),
        (("--registry", "https://registry/team-a/app"), "name the host alone"),
        (("--registry", "https://alice:secret@registry"), "name the host alone"),
        (("--registry", "r", "--user", "alice"), "use --password-stdin"),
        (("--registry", "r", "--password-stdin"), "goes with --user"),
        (("--registry", "r", "--scope", "team-a/app"), "is no scope such as repository:team-a/app:pull"),
        (("--registry", "r", "--realm", "bridge"), "is no address such as https://bridge"),
        (("--registry", "r", "--ca", "none.pem"), "none.pem: holds no certificates that can be read"),
        (("--registry", "r", "--ca", "bridge.yaml"), "bridge.yaml: holds no certificates that can be read"),
        (("--registry", "r", "--bundle", "none.pem"), "none.pem: cannot be read"),
        (("--registry", "r", "-c", "none.yaml"), "none.yaml: there is no such file"),
    ],
)
def test_what_cannot_be_used(place: Path, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2 and what to write; nothing is asked."""
    assert place.is_dir()
    result = _doctor(*arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_a_registry_that_cannot_be_reached(place: Path) -> None:
    """Exit code 1, the reason, and the configuration with which it would work, made from bridge.yaml."""
    assert place.is_dir()
    url = f"http://127.0.0.1:{free_port()}"
    result = _doctor("--registry", url, "--realm", "https://auth.corp.example.com/token")
    assert result.exit_code == 1
    assert f"✗ registry: {url} cannot be reached: nothing listens there" in result.stdout
    assert "1 error" in result.stdout
    stanza = result.stdout.partition("With this configuration the registry believes this bridge:")[2]
    assert "realm: https://auth.corp.example.com/token" in stanza
    assert "issuer: bridge.corp.example.com" in stanza
    assert "ldap-token-bridge keys bundle" in stanza
    assert result.stderr == ""


def test_json(place: Path) -> None:
    """Items as in other checks, and the configuration beside them; nothing else on standard output."""
    assert place.is_dir()
    realm = "https://auth.corp.example.com/token"
    result = _doctor("--registry", f"http://127.0.0.1:{free_port()}", "--realm", realm, "--format", "json")
    told = json.loads(result.stdout)
    assert told["exit_code"] == result.exit_code == 1
    assert [item["topic"] for item in told["items"]] == ["registry"]
    assert told["registry_config"]["auth"]["token"]["service"] == "registry.corp.example.com"
    assert told["warnings"] == []


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_a_realm_that_was_guessed(place: Path, output_format: str) -> None:
    """Nobody has said it: it stands in the configuration, and where it comes from beside it."""
    assert place.is_dir()
    result = _doctor("--registry", f"http://127.0.0.1:{free_port()}", "--format", output_format)
    told = json.loads(result.stdout)["warnings"][0] if output_format == "json" else result.stderr
    assert "The realm https://bridge.corp.example.com/token is made from token.issuer. Say it: --realm" in told
    assert (output_format == "json") is (result.stderr == "")


def test_hostile_answers_cannot_steer_the_terminal(place: Path) -> None:
    """What a server says is shown without control characters, and is no format of ours."""
    assert place.is_dir()
    challenge = 'Bearer realm="http://127.0.0.1:1/\x1b[2J[bold]{x}",service="\x9b31m"'
    with ScriptedHttp(lambda _path, _headers: (401, {"WWW-Authenticate": challenge}, b"")) as server:
        result = _doctor("--registry", server.url)
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert "\x9b" not in result.output
    assert "\ufffd[2J[bold]{x}" in result.stdout
