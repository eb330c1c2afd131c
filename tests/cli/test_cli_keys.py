"""`keys`: what people see, what programs read, and that no secret is in either."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click.testing
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ldap_token_bridge.cli import root
from ldap_token_bridge.tokens import Keyring
from tests.support.key_folder import certificate, ec_key, write_pair
from tests.support.settings_file import write_settings


def _run(*arguments: str | Path) -> click.testing.Result:
    return CliRunner().invoke(root, ["keys", *map(str, arguments)])


def _new(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    result = _run("new", "--keys-dir", folder, "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    made: dict[str, Any] = json.loads(result.stdout)
    return made


class _Terminal(io.StringIO):
    """Standard output that says it is one."""

    def isatty(self) -> bool:
        return True


def test_first_key_says_what_to_do_next(tmp_path: Path) -> None:
    """Bundle, rootcertbundle, restart, serve: the way to the first login."""
    result = _run("new", "--keys-dir", tmp_path / "keys")
    assert result.exit_code == 0
    keyring = Keyring.load(tmp_path / "keys", datetime.now(UTC))
    assert keyring.active.kid in result.stdout
    assert "It signs from now on." in result.stdout
    for words in (f"keys bundle --keys-dir {tmp_path}/keys", "rootcertbundle", "Restart every registry", "serve"):
        assert words in result.stdout


def test_later_key_says_that_it_does_not_sign(tmp_path: Path) -> None:
    """Rotation: publish, restart, only then switch; the command to switch works as printed."""
    first = _new(tmp_path)
    result = _run("new", "--keys-dir", tmp_path)
    assert f"It is published only. {first['name']} goes on signing." in result.stdout
    (line,) = (line for line in result.stdout.splitlines() if "keys activate" in line)
    assert _run(*line.partition("ldap-token-bridge keys ")[2].split()).exit_code == 0
    assert Keyring.load(tmp_path, datetime.now(UTC)).active.name != first["name"]
    assert f"keys retire {first['name']} --keys-dir {tmp_path}" in result.stdout


def test_json_of_new_and_list(tmp_path: Path) -> None:
    """Programs get the ids, the files, the dates, the state and which key signs."""
    first, second = _new(tmp_path), _new(tmp_path, "--algorithm", "RS256", "--days", "30")
    assert [first["active"], second["active"]] == [True, False]
    assert [first["alg"], second["alg"]] == ["ES256", "RS256"]
    assert Path(first["key_file"]).is_file()
    listed = json.loads(_run("list", "--keys-dir", tmp_path, "--format", "json").stdout)["keys"]
    told = [{name: value for name, value in each.items() if name in first} for each in listed]
    assert told == [first, second]
    assert [(each["state"], each["age_days"], each["days_left"]) for each in listed] == [
        ("signs", 0, 3649),
        ("published", 0, 29),
    ]


def test_list_for_people(tmp_path: Path) -> None:
    """One block a key, the one that signs first; warnings go to stderr."""
    first, second = _new(tmp_path), _new(tmp_path, "--days", "20")
    Path(second["key_file"]).chmod(0o644)
    result = _run("list", "--keys-dir", tmp_path)
    assert result.stdout.index(f"{first['name']}  (signs)") < result.stdout.index(f"{second['name']}  (published)")
    assert all(made[name] in result.stdout for made in (first, second) for name in ("kid", "thumbprint"))
    assert "(10.0 years left)" in result.stdout
    assert "(19 days left)" in result.stdout
    assert "chmod 600" in result.stderr
    assert f"{second['certificate_file']}: registries refuse tokens of this key from" in result.stderr
    assert "chmod" not in result.stdout


def test_list_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with the same facts; ids are not cut at 80 columns."""
    made = [_new(tmp_path), _new(tmp_path)]
    terminal = _Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    root(["keys", "list", "--keys-dir", str(tmp_path)], standalone_mode=False)
    shown = terminal.getvalue()
    assert all(each[name] in shown for each in made for name in ("name", "kid", "thumbprint"))
    assert "signs" in shown
    assert "valid until" in shown
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80


def test_an_expired_signing_key_is_shown(tmp_path: Path) -> None:
    """Where every other command refuses it, the list says what it is."""
    key, now = ec_key(), datetime.now(UTC)
    write_pair(tmp_path, "a", key, certificate(key, start=now - timedelta(days=800), end=now - timedelta(days=70)))
    result = _run("list", "--keys-dir", tmp_path)
    assert result.exit_code == 0
    assert "a  (signs, but expired)" in result.stdout
    assert "age          2.2 years" in result.stdout
    assert "(ended 2 months ago)" in result.stdout
    assert _run("bundle", "--keys-dir", tmp_path).exit_code == 2


def test_bundle_and_jwks_print_the_keyring(tmp_path: Path) -> None:
    """Stdout is the file itself, ready to be redirected."""
    _new(tmp_path)
    _new(tmp_path)
    keyring = Keyring.load(tmp_path, datetime.now(UTC))
    assert _run("bundle", "--keys-dir", tmp_path).stdout == keyring.bundle_pem()
    assert json.loads(_run("jwks", "--keys-dir", tmp_path).stdout) == keyring.jwks()


def test_no_output_holds_a_private_key(tmp_path: Path) -> None:
    """Neither as PEM nor as a number, from any command in any format."""
    made = _new(tmp_path)
    file = Path(made["key_file"]).read_bytes()
    private = load_pem_private_key(file, None)
    assert isinstance(private, EllipticCurvePrivateKey)
    secrets = [line for line in file.decode().splitlines() if "-----" not in line]
    secrets.append(f"{private.private_numbers().private_value:x}")
    outputs = [
        _run(*command, "--keys-dir", tmp_path).output
        for command in (("new",), ("new", "--format", "json"), ("list",), ("list", "--format", "json"))
    ]
    outputs += [_run(command, "--keys-dir", tmp_path).output for command in ("bundle", "jwks")]
    assert not any(secret in output for secret in secrets for output in outputs)
    assert all("PRIVATE" not in output and '"d"' not in output for output in outputs)


def test_given_certificate_and_key(tmp_path: Path) -> None:
    """A pair from elsewhere is taken over; a mismatch is unusable input."""
    key = ec_key()
    now = datetime.now(UTC)
    write_pair(tmp_path / "given", "x", key, certificate(key, start=now, end=now.replace(year=now.year + 1)))
    options = ("--certificate", tmp_path / "given" / "x.crt", "--key", tmp_path / "given" / "x.key")
    made = _new(tmp_path / "keys", *options)
    assert Keyring.load(tmp_path / "keys", now).active.kid == made["kid"]
    write_pair(tmp_path / "given", "x", ec_key(), certificate(key))
    result = _run("new", "--keys-dir", tmp_path / "keys", *options)
    assert result.exit_code == 2
    assert "does not belong to the key" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--key", "x.key"),
        ("--certificate", "x.crt"),
        ("--certificate", "x.crt", "--key", "x.key", "--days", "3"),
        ("--certificate", "x.crt", "--key", "x.key", "--algorithm", "ES256"),
        ("--days", "0"),
        ("--algorithm", "HS256"),
        ("--algorithm", "EdDSA"),
    ],
)
def test_options_that_make_no_sense_are_unusable_input(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Half a pair, a pair with the marks of a new key, no lifetime, an algorithm unknown or not allowed: no folder."""
    assert _run("new", "--keys-dir", tmp_path / "keys", *options).exit_code == 2
    assert not (tmp_path / "keys").exists()


def test_ed25519_needs_the_setting(tmp_path: Path) -> None:
    """Assertion 62: refused with the way to allow it; a taken-over key of that kind, too."""
    ed = Ed25519PrivateKey.generate()
    write_pair(tmp_path / "given", "ed", ed, certificate(ed, start=datetime.now(UTC), end=_next_year()))
    for options in (
        ("--algorithm", "EdDSA"),
        ("--certificate", tmp_path / "given" / "ed.crt", "--key", tmp_path / "given" / "ed.key"),
    ):
        result = _run("new", "--keys-dir", tmp_path / "keys", *options)
        assert result.exit_code == 2
        assert "2.x does not start" in result.stderr
        assert "token.ed25519: true" in result.stderr
    assert not (tmp_path / "keys").exists()


def test_ed25519_with_the_setting(tmp_path: Path) -> None:
    """Every command that publishes or activates goes by the settings; `list` and `retire` ask nobody."""
    allowed = write_settings(tmp_path, token__ed25519=True)
    first = _new(tmp_path / "keys")
    made = _run("new", "-c", allowed, "--algorithm", "EdDSA", "--format", "json")
    assert "warning: this is an Ed25519 key" in made.stderr
    name = json.loads(made.stdout)["name"]
    assert json.loads(_run("jwks", "-c", allowed).stdout)["keys"][1]["crv"] == "Ed25519"
    assert _run("bundle", "-c", allowed).stdout.count("BEGIN") == 2
    folder = tmp_path / "keys"
    for command in (("bundle",), ("jwks",), ("activate", name)):
        refused = _run(*command, "--keys-dir", folder)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert f"{name}.key: is an Ed25519 key" in refused.stderr
    assert "EdDSA" in _run("list", "--keys-dir", folder).stdout
    assert _run("activate", name, "-c", allowed).exit_code == 0
    assert _run("activate", first["name"], "-c", allowed).exit_code == 0
    assert _run("retire", name, "--keys-dir", folder).exit_code == 0
    assert _run("bundle", "--keys-dir", folder).stdout.count("BEGIN") == 1


def _next_year() -> datetime:
    return datetime.now(UTC) + timedelta(days=365)


@pytest.mark.parametrize("command", ["list", "bundle", "jwks"])
def test_empty_folder_names_the_remedy(tmp_path: Path, command: str) -> None:
    """Exit code 2, nothing on stdout, and the command that makes a key."""
    result = _run(command, "--keys-dir", tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"ldap-token-bridge keys new --keys-dir {tmp_path}" in result.stderr


def test_settings_say_folder_and_issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --keys-dir, bridge.yaml decides; the certificate then carries the issuer's name."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "password").write_text("canary")
    (tmp_path / "bridge.yaml").write_text(
        "token: {issuer: bridge.corp.example.com, services: [registry.corp.example.com], keys_dir: keys}\n"
        "directory:\n"
        "  kind: openldap\n"
        "  servers: ['ldaps://127.0.0.1']\n"
        "  base: dc=corp,dc=example,dc=com\n"
        "  bind_dn: cn=bridge,dc=corp,dc=example,dc=com\n"
        "  bind_password_file: secrets/password\n"
        "policy: policy.yaml\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LTB_CONFIG", raising=False)
    result = _run("new")
    assert result.exit_code == 0, result.output
    keyring = Keyring.load(tmp_path / "keys", datetime.now(UTC))
    assert b"bridge.corp.example.com" in keyring.active.chain[0]
    assert keyring.active.kid in _run("list", "-c", tmp_path / "bridge.yaml").stdout
