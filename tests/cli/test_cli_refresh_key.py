"""`keys refresh-key`: what the steps of a change say when one was forgotten or comes too early."""

import os
from pathlib import Path

import click.testing
import pytest
from click.testing import CliRunner

from ldap_token_bridge.cli import root
from tests.support.settings_file import write_settings


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose key for refresh tokens is made."""
    settings = write_settings(tmp_path, token__refresh={"key_file": "refresh-keys"})
    assert _run(settings).exit_code == 0
    return settings


def _run(settings: Path, *step: str) -> click.testing.Result:
    return CliRunner().invoke(root, ["keys", "refresh-key", "-c", str(settings), *step])


def test_to_drop_without_activate_is_refused(settings: Path) -> None:
    """The key that would go is the new one."""
    assert _run(settings, "--add").exit_code == 0
    result = _run(settings, "--drop-old")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "keys refresh-key --activate" in result.stderr


def test_a_list_that_cannot_be_made_leaves_no_key(tmp_path: Path) -> None:
    """Else the same command, given again after the mend, would say that the key exists already."""
    files = {"key_file": "refresh-keys", "revocations": "lists/revoked.json"}
    settings = write_settings(tmp_path, token__refresh=files)
    (tmp_path / "lists").write_text("in the way")
    result = _run(settings)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not (tmp_path / "refresh-keys").exists()
    (tmp_path / "lists").unlink()
    assert _run(settings).exit_code == 0


def test_a_list_that_was_lost_is_never_made_anew_beside_a_key(settings: Path) -> None:
    """An empty one would let tokens work again that were called back; the refusal speaks of the key alone."""
    (settings.parent / "revoked.json").unlink()
    result = _run(settings)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "exists already" in result.stderr
    assert not (settings.parent / "revoked.json").exists()


def test_nothing_to_drop(settings: Path) -> None:
    """One key alone is left as it is, and nobody is sent to the replicas with it."""
    before = (settings.parent / "refresh-keys").read_bytes()
    result = _run(settings, "--drop-old")
    assert result.exit_code == 0
    assert result.stdout.startswith("There is nothing to drop: ")
    assert "SIGHUP" not in result.stdout
    assert (settings.parent / "refresh-keys").read_bytes() == before


def test_nothing_to_activate(settings: Path) -> None:
    """Who forgot `--add` is told so, and does not wait for the end of tokens of an old key that there is not."""
    result = _run(settings, "--activate")
    assert result.exit_code == 0
    assert result.stdout.startswith("There is nothing to activate: ")
    assert result.stdout.endswith(f"keys refresh-key -c {settings} --add\n")


@pytest.mark.parametrize("age", [0, 400 * 86_400])
def test_tokens_of_the_old_key_that_may_live(settings: Path, age: int) -> None:
    """Who drops too early is told until when to wait, and nobody else."""
    for step in ("--add", "--activate"):
        assert _run(settings, step).exit_code == 0
    key_file = settings.parent / "refresh-keys"
    then = key_file.stat().st_mtime - age
    os.utime(key_file, (then, then))
    result = _run(settings, "--drop-old")
    assert result.exit_code == 0
    assert ("tokens of the old key may live until" in result.stderr) is (age == 0)
