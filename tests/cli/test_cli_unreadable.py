"""Paths that the system does not even let us look at: one line and a remedy, whatever the command.

Names that are too long stand for folders that may not be entered, for the tests may run as root, who may enter all.
"""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.cli import root

_UNREACHABLE = "x" * 300 + ".yaml"
_WHY = "cannot be read: file name too long"
_ASKED = ["--user", "alice", "repository:team-a/app:pull"]


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(root, arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "-c", _UNREACHABLE],
        ["serve", "-c", _UNREACHABLE],
        ["keys", "list", "-c", _UNREACHABLE],
        ["policy", "check", _UNREACHABLE],
        ["policy", "test", _UNREACHABLE],
        ["policy", "diff", _UNREACHABLE, _UNREACHABLE],
        ["policy", "diff", f"main:{_UNREACHABLE}", _UNREACHABLE],
        ["policy", "explain", "--policy", _UNREACHABLE, *_ASKED],
        ["policy", "import-docker-auth", _UNREACHABLE],
        ["robot", "list", "--file", _UNREACHABLE],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_it_is_told_in_words(arguments: list[str]) -> None:
    """Exit code 2, which keeps a supervisor from starting again and again."""
    result = _run(*arguments)
    assert result.exit_code == 2, result.exception
    assert _WHY in result.output
    assert "ermission" in result.output or "a user who may read it" in result.output


@pytest.mark.parametrize("output_format", ["json", "sarif", "github"])
@pytest.mark.parametrize("command", [["check", "-c"], ["policy", "check"], ["policy", "test"]], ids=" ".join)
def test_reports_keep_their_form(command: list[str], output_format: str) -> None:
    """A code scanner gets what it reads, without a place in a file that is not there."""
    result = _run(*command, _UNREACHABLE, "--format", output_format)
    assert (result.exit_code, result.stderr) == (2, "")
    if output_format != "github":
        json.loads(result.stdout)


def test_the_usual_places_are_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that are there and may not be read are not said to be missing."""
    monkeypatch.delenv("LTB_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bridge.yaml").mkdir()
    result = _run("keys", "list")
    assert result.exit_code == 2
    assert "error: bridge.yaml: this is a folder" in result.stderr


def test_a_folder_that_may_not_be_entered_is_no_dead_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sudo -u bridge` in root's own folder looks there first: which file is meant can be said."""
    monkeypatch.delenv("LTB_CONFIG", raising=False)
    monkeypatch.setattr("ldap_token_bridge.cli.common.CONFIG_PLACES", (Path(_UNREACHABLE), Path("/dev/null")))
    result = _run("keys", "list")
    assert result.exit_code == 2
    assert "or name another: -c FILE" in result.stderr


def test_what_is_no_file_is_not_said_to_be_missing() -> None:
    """A device, or what a shell passes on with <(...)."""
    assert not stat.S_ISREG(Path("/dev/null").stat().st_mode)
    result = _run("keys", "list", "-c", "/dev/null")
    assert result.exit_code == 2
    assert "error: /dev/null: this is no regular file" in result.stderr
