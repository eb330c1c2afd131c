"""`token inspect`: what people see of a token and of a registry's reasons."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click.testing
import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ldap_token_bridge.cli import root
from ldap_token_bridge.registry import Access
from ldap_token_bridge.tokens import Claims, Keyring, mint
from ldap_token_bridge.tokens.install import new_key
from ldap_token_bridge.tokens.rotate import activate_key
from tests.support.settings_file import write_settings

ISSUER, SERVICE = "bridge.corp.example.com", "registry.corp.example.com"
ACCESS = (Access("repository", "team-a/app", ("pull", "push")), Access("repository", "base", ("push",)))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with bridge.yaml and a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LTB_CONFIG", raising=False)
    monkeypatch.setattr("ldap_token_bridge.cli.common.CONFIG_PLACES", (Path("bridge.yaml"),))
    write_settings(tmp_path)
    new_key(tmp_path / "keys", common_name=ISSUER, now=datetime.now(UTC))
    return tmp_path


def _token(place: Path, *, issuer: str = ISSUER, service: str = SERVICE, x5c: bool = True, age: float = 0) -> str:
    key = Keyring.load(place / "keys", datetime.now(UTC)).active
    claims = Claims(issuer, service, "alice", ACCESS, 900)
    return mint(key, claims, now=time.time() - age, token_id="id", x5c=x5c)


def _inspect(*arguments: str | Path, stdin: str = "") -> click.testing.Result:
    return CliRunner().invoke(root, ["token", "inspect", *map(str, arguments)], input=stdin)


def _json(*arguments: str | Path, stdin: str = "") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_inspect(*arguments, "--format", "json", stdin=stdin).stdout)
    return found


def test_a_good_token(place: Path) -> None:
    """Every step of both kinds of registry, header and claims in words; never the signature."""
    token = _token(place)
    result = _inspect("-c", place / "bridge.yaml", stdin=token)
    assert result.exit_code == 0, result.output
    assert "Registry 2.x: accepted" in result.stdout
    assert "Registry 3.x: accepted" in result.stdout
    assert result.stdout.count("✓") == 8 + 9
    assert "✗" not in result.stdout
    for words in ("1 certificate", "access   repository:team-a/app:pull,push", "sub      alice", " UTC)"):
        assert words in result.stdout
    assert token.rpartition(".")[2] not in result.output


@pytest.mark.parametrize("form", ["argument", "dash", "bearer", "answer"])
def test_every_way_to_hand_it_over(place: Path, form: str) -> None:
    """As an argument, on standard input, with `Bearer`, or as the token server's whole answer."""
    token = _token(place)
    arguments, stdin = {
        "argument": ((token,), ""),
        "dash": (("-",), f"  {token}\n"),
        "bearer": ((), f"Bearer {token}\n"),
        "answer": ((), json.dumps({"token": token, "access_token": token})),
    }[form]
    assert _inspect(*arguments, stdin=stdin).exit_code == 0


@pytest.mark.parametrize(
    ("changes", "step", "remedy"),
    [
        ({"issuer": "other"}, "issuer", "auth.token.issuer"),
        ({"service": "other"}, "audience", "auth.token.service"),
        ({"age": 2000}, "expiry", "Get a new token"),
        ({"age": -2000}, "not before", "NTP"),
    ],
)
def test_a_refusal_names_the_step_and_what_to_change(
    place: Path, changes: dict[str, Any], step: str, remedy: str
) -> None:
    """Exit code 1; steps behind it are said not to be reached."""
    result = _inspect(stdin=_token(place, **changes))
    assert result.exit_code == 1
    assert f"✗ {step}: " in result.stdout
    assert remedy in result.stdout
    assert "· signature: not looked at" in result.stdout


def test_another_key(place: Path) -> None:
    """A token of a key that the registry does not have: the bundle is what to renew."""
    new_key(place / "other", common_name=ISSUER, now=datetime.now(UTC))
    bundle = Keyring.load(place / "other", datetime.now(UTC)).bundle_pem()
    (place / "old.pem").write_text(bundle)
    told = _json("--bundle", place / "old.pem", stdin=_token(place))
    assert not told["accepted"]
    assert [each["steps"][-1]["name"] for each in told["registries"]] == ["key", "key"]
    assert "restart it" in told["registries"][0]["remedy"]


def test_registries_are_told_apart(place: Path) -> None:
    """Without x5c 2.x goes by the bundle and 3.x by the JWKS; with x5c a JWKS alone does not help 3.x."""
    keyring = Keyring.load(place / "keys", datetime.now(UTC))
    (place / "jwks.json").write_text(json.dumps(keyring.jwks()))
    (place / "bundle.pem").write_text(keyring.bundle_pem())
    bare = _token(place, x5c=False)
    assert _inspect("--bundle", "bundle.pem", "--registry", "2.x", stdin=bare).exit_code == 0
    assert _inspect("--bundle", "bundle.pem", "--registry", "3.x", stdin=bare).exit_code == 1
    assert _inspect("--bundle", "bundle.pem", "--jwks", "jwks.json", stdin=bare).exit_code == 0
    assert _inspect("--jwks", "jwks.json", "--registry", "3.x", stdin=_token(place)).exit_code == 1


def test_ed25519_is_refused_by_2x_and_taken_by_3x(place: Path) -> None:
    """Each generation has its verdict, and 2.x the reason: it does not even start."""
    settings = write_settings(place, token__ed25519=True)
    now = datetime.now(UTC)
    made = new_key(place / "keys", common_name=ISSUER, now=now, algorithm="EdDSA", ed25519=True)
    activate_key(place / "keys", made.key.name, now, ed25519=True)
    claims = Claims(ISSUER, SERVICE, "alice", (), 60)
    token = mint(made.key, claims, now=now.timestamp(), token_id="1", x5c=True)
    assert _inspect("--registry", "3.x", "-c", settings, stdin=token).exit_code == 0
    told = _inspect("-c", settings, stdin=token)
    assert told.exit_code == 1
    assert "Registry 2.x: refused" in told.stdout
    assert "the registry does not start: 2.x knows no keys like that of" in told.stdout
    assert "(Ed25519)" in told.stdout
    assert "A registry 2.x takes RSA and EC keys alone." in told.stdout
    assert "Registry 3.x: accepted" in told.stdout


def test_settings_without_x5c_stand_for_registries_with_a_jwks(place: Path) -> None:
    """As the bridge's own documents set them up."""
    bare = _token(place, x5c=False)
    assert _inspect(stdin=bare).exit_code == 1
    write_settings(place, token__x5c=False)
    assert _inspect(stdin=bare).exit_code == 0


def test_no_settings_are_needed(place: Path) -> None:
    """If everything that the registry knows is given."""
    (place / "bundle.pem").write_text(Keyring.load(place / "keys", datetime.now(UTC)).bundle_pem())
    (place / "bridge.yaml").unlink()
    token = _token(place)
    known = ("--bundle", "bundle.pem", "--issuer", ISSUER, "--service", SERVICE)
    assert _inspect(*known, stdin=token).exit_code == 0
    lacking = _inspect(*known[:4], stdin=token)
    assert lacking.exit_code == 2
    assert "--issuer, --service, and --bundle or --jwks" in lacking.stderr


@pytest.mark.parametrize(
    ("action", "code"),
    [("push team-a/app", 0), ("pull team-a/app", 0), ("delete team-a/app", 1), ("push base", 1), ("catalog", 1)],
)
def test_actions(place: Path, action: str, code: int) -> None:
    """Writing needs pull as well; a step of its own after the others, for both kinds."""
    result = _inspect("--action", action, stdin=_token(place))
    assert result.exit_code == code
    assert result.stdout.count("✓ access: " if code == 0 else "✗ access: ") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--action", "push"),
        ("--action", "burn team-a/app"),
        ("--action", "push Team"),
        ("--scope", "x"),
        ("--url", "https://x/token"),
        ("--user", "alice", "TOKEN"),
        ("--bundle", "none.pem"),
        ("--jwks", "bridge.yaml"),
        ("--registry", "4.x"),
        ("-c", "none.yaml"),
        ("--user", "alice", "--url", "http://bridge.corp.example.com/token"),
        ("--user", "alice", "--url", "ftp://127.0.0.1"),
    ],
)
def test_unusable_options(place: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 2 with words, and no verdict."""
    result = _inspect(*arguments, stdin=_token(place))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


@pytest.mark.parametrize("text", ["", "not a token", "a.b.c", "{}", '{"token": 1}', "{", "\udcff"])
def test_what_is_no_token(place: Path, text: str) -> None:
    """Exit code 2; nothing of it is repeated."""
    assert (place / "bridge.yaml").exists()
    result = CliRunner().invoke(root, ["token", "inspect"], input=text.encode("utf-8", "surrogateescape"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no token" in result.stderr


def test_several_services(place: Path) -> None:
    """The token's own audience chooses, if it is one of them."""
    write_settings(place, token__services=["other", SERVICE])
    assert _inspect(stdin=_token(place)).exit_code == 0
    result = _inspect(stdin=_token(place, service="third"))
    assert result.exit_code == 2
    assert "--service" in result.stderr
    assert _inspect("--service", "other", stdin=_token(place)).exit_code == 1


def test_a_key_in_the_header_convinces_nobody(place: Path) -> None:
    """`jwk`: whoever makes the token would choose the key."""
    private = load_pem_private_key(next((place / "keys").glob("*.key")).read_bytes(), None)
    jwk = Keyring.load(place / "keys", datetime.now(UTC)).active.jwk
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": SERVICE, "sub": "a", "exp": now + 60, "nbf": now, "iat": now, "access": []}
    token = jwt.encode(claims, private, "ES256", {"jwk": jwk})  # type: ignore[arg-type]  # an EC key
    told = _json(stdin=token)
    for verdict in told["registries"]:
        assert verdict["steps"][-1]["name"] == "key"
        assert "brings its own key (jwk)" in verdict["steps"][-1]["detail"]


def test_nothing_in_a_token_steers_the_terminal(place: Path) -> None:
    """Anybody may have made it."""
    token = jwt.encode({"sub": "\x1b[2J", "\x1b[3J": 1, "exp": 10**30, "access": [1, {}]}, "x" * 64, "HS256")
    result = _inspect(stdin=token)
    assert result.exit_code == 1
    assert place.exists()
    assert "\x1b" not in result.output
