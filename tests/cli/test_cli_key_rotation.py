"""`keys activate` and `keys retire`: what people read at each step of a rotation."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click.testing
import pytest
from click.testing import CliRunner

from ldap_token_bridge.cli import root
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.tokens import Keyring
from tests.support.key_folder import certificate, ec_key, write_pair
from tests.support.settings_file import write_settings


def _run(*arguments: str | Path) -> click.testing.Result:
    return CliRunner().invoke(root, ["keys", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Beside bridge.yaml the folder `keys` with two keys, `old` signs."""
    write_settings(tmp_path, token__lifetime="10m")
    now = datetime.now(UTC)
    for name in ("old", "new"):
        key = ec_key()
        write_pair(tmp_path / "keys", name, key, certificate(key, start=now, end=now + timedelta(days=400)))
    (tmp_path / "keys" / "active").write_text("old")
    return tmp_path


def test_activate_says_what_comes_next(folder: Path) -> None:
    """Who takes it up and when, the way back, how long to wait, and the next command as it is to be typed."""
    settings = folder / "bridge.yaml"
    result = _run("activate", "new", "-c", settings)
    assert result.exit_code == 0, result.output
    assert "new signs from now on, in place of old." in result.stdout
    for words in (
        "take it up within seconds",
        f"keys activate old -c {settings}",
        "token.lifetime and a minute after the last bridge took it up, not before 20",
        f"ldap-token-bridge keys retire old -c {settings}",
    ):
        assert words in result.stdout
    assert Keyring.load(folder / "keys", datetime.now(UTC)).active.name == "new"


def test_the_printed_commands_make_a_whole_rotation(folder: Path) -> None:
    """Each next command is taken from what the one before printed."""
    printed = _run("activate", "new", "--keys-dir", folder / "keys").stdout
    for command in ("retire", "bundle"):
        (line,) = re.findall(rf"ldap-token-bridge keys ({command} [^>\n]*)", printed)
        done = _run(*line.split())
        assert done.exit_code == 0, done.output
        printed = done.stdout
    assert printed == Keyring.load(folder / "keys", datetime.now(UTC)).bundle_pem()
    assert printed.count("BEGIN") == 1


def test_the_way_out_of_an_expired_key(folder: Path) -> None:
    """`check` names both commands; the new key is to sign at once, nobody goes back or waits for old tokens."""
    settings, keys, key, now = folder / "bridge.yaml", folder / "keys", ec_key(), datetime.now(UTC)
    for old in ("new.key", "new.crt"):
        (keys / old).unlink()
    write_pair(keys, "old", key, certificate(key, start=now - timedelta(days=9), end=now - timedelta(hours=1)))
    with pytest.raises(Misconfigured, match=r"keys new.*keys activate"):
        Keyring.load(keys, now)
    made = _run("new", "-c", settings).stdout
    assert "goes on signing" not in made
    (line,) = re.findall(r"1\. Let it sign at once: ldap-token-bridge keys (activate .*)", made)
    activated = _run(*line.split()).stdout
    assert "in place of old" in activated
    assert "keys activate" not in activated
    assert "Wait" not in activated
    (line,) = re.findall(r"ldap-token-bridge keys (retire .*)", activated)
    retired = _run(*line.split())
    assert (retired.exit_code, retired.stderr) == (0, "")
    assert Keyring.load(keys, now).warnings == ()


def test_activating_twice_is_fine(folder: Path) -> None:
    """It says that there is nothing to do."""
    assert "old signs already" in _run("activate", "old", "-c", folder / "bridge.yaml").stdout


def test_retire_too_early_warns(folder: Path) -> None:
    """The signer was changed a moment ago: tokens of the old key still live."""
    settings = folder / "bridge.yaml"
    _run("activate", "new", "-c", settings)
    result = _run("retire", "old", "-c", settings)
    assert result.exit_code == 0
    assert "warning: tokens of the old key may live until" in result.stderr
    assert f"{folder}/keys/retired/old.key" in result.stdout
    for words in ("within seconds", f"keys bundle -c {settings} > bundle.pem", "restart it", "leaked"):
        assert words in result.stdout


def test_retire_in_time_does_not_warn(folder: Path) -> None:
    """When the last token has expired."""
    settings = folder / "bridge.yaml"
    _run("activate", "new", "-c", settings)
    long_ago = (datetime.now(UTC) - timedelta(minutes=12)).timestamp()
    os.utime(folder / "keys" / "active", (long_ago, long_ago))
    assert _run("retire", "old", "-c", settings).stderr == ""


@pytest.mark.parametrize("arguments", [("retire", "old"), ("activate", "none"), ("retire", "none")])
def test_refusals_are_unusable_input(folder: Path, arguments: tuple[str, str]) -> None:
    """Exit code 2, nothing on stdout, a remedy on stderr."""
    result = _run(*arguments, "-c", folder / "bridge.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 2


def test_json(folder: Path) -> None:
    """Names, ids, files, and until when old tokens may live."""
    settings = folder / "bridge.yaml"
    told = json.loads(_run("activate", "new", "-c", settings, "--format", "json").stdout)
    assert (told["name"], told["signer"], told["signer_before"]) == ("new", "new", "old")
    left = datetime.fromisoformat(told["old_tokens_until"]) - datetime.now(UTC)
    assert timedelta(minutes=9) < left <= timedelta(minutes=11)
    told = json.loads(_run("retire", "old", "-c", settings, "--format", "json").stdout)
    assert Path(told["key_file"]) == folder / "keys" / "retired" / "old.key"
    assert Path(told["certificate_file"]).is_file()
    told = json.loads(_run("activate", "new", "--keys-dir", folder / "keys", "--format", "json").stdout)
    assert told["old_tokens_until"] is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_keys_that_root_makes_for_a_service(tmp_path: Path) -> None:
    """They belong to whom the folder belongs; a key that does not is named, since the bridge cannot read it."""
    os.chown(tmp_path, 12345, 23456)
    assert _run("new", "--keys-dir", tmp_path / "keys").exit_code == 0
    (key_file,) = (tmp_path / "keys").glob("*.key")
    assert {(file.stat().st_uid, file.stat().st_gid) for file in (tmp_path / "keys").iterdir()} == {(12345, 23456)}
    assert "only root" not in _run("list", "--keys-dir", tmp_path / "keys").stderr
    os.chown(key_file, 0, 0)
    told = _run("list", "--keys-dir", tmp_path / "keys").stderr
    assert f"chown 12345:23456 {key_file}" in told
