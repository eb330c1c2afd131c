"""The key folder: what loads, what is refused, and what is only warned of."""

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_pem_x509_certificates

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.tokens import Keyring, SigningKey, key_files
from ldap_token_bridge.whole_files import read_file
from tests.support.key_folder import NOW, certificate, ec_key, p384_key, pem, write_pair, zero_key


def _problems(folder: Path) -> str:
    with pytest.raises(Misconfigured) as caught:
        Keyring.load(folder, NOW)
    return str(caught.value)


def _loaded(key: SigningKey) -> tuple[str, str]:
    return key.name, key.alg


def test_one_key_needs_no_active_file(tmp_path: Path) -> None:
    """A single pair, such as cert-manager's tls.key and tls.crt beside ca.crt, signs."""
    write_pair(tmp_path, "tls", ec_key())
    (tmp_path / "ca.crt").write_text(pem(certificate(ec_key(), ca=True)))
    (tmp_path / "..data").mkdir()
    keyring = Keyring.load(tmp_path, NOW)
    assert _loaded(keyring.active) == ("tls", "ES256")
    assert keyring.keys == (keyring.active,)
    assert keyring.warnings == ()


@pytest.mark.parametrize(("kind", "alg"), [("rsa", "RS256"), ("p384", "ES384")])
def test_other_kinds_and_older_key_formats_load(tmp_path: Path, kind: str, alg: str) -> None:
    """RSA and P-384 keys sign too, and the forms of before PKCS8 are read."""
    key = generate_rsa_key(65537, 2048) if kind == "rsa" else p384_key()
    write_pair(tmp_path, "a", key)
    old = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (tmp_path / "a.key").write_bytes(old)
    assert Keyring.load(tmp_path, NOW).active.alg == alg


def test_active_file_chooses_and_comes_first(tmp_path: Path) -> None:
    """The named key signs; the others are published after it."""
    for name in ("a", "b", "c"):
        write_pair(tmp_path, name, ec_key())
    (tmp_path / "active").write_text(" b\n")
    keyring = Keyring.load(tmp_path, NOW)
    assert [key.name for key in keyring.keys] == ["b", "a", "c"]
    assert keyring.active is keyring.keys[0]


def test_bundle_holds_leaves_only(tmp_path: Path) -> None:
    """Never the issuer: a registry would then trust every certificate of that issuer to sign tokens."""
    authority, key, other = ec_key(), ec_key(), ec_key()
    root = certificate(authority, name="corp", ca=True)
    leaf = certificate(key, issuer=("corp", authority))
    write_pair(tmp_path, "a", key, leaf, root)
    write_pair(tmp_path, "b", other)
    (tmp_path / "active").write_text("a")
    keyring = Keyring.load(tmp_path, NOW)
    bundle = load_pem_x509_certificates(keyring.bundle_pem().encode())
    assert bundle[0] == leaf
    assert [found.public_key() for found in bundle] == [key.public_key(), other.public_key()]
    assert len(keyring.active.chain) == 2


def test_jwks_names_every_key_once(tmp_path: Path) -> None:
    """Assertion 74: old and new key together; a key with a renewed certificate is one key with two."""
    key, other = ec_key(), ec_key()
    write_pair(tmp_path, "a", key)
    write_pair(tmp_path, "a-renewed", key)
    write_pair(tmp_path, "b", other)
    (tmp_path / "active").write_text("b")
    keyring = Keyring.load(tmp_path, NOW)
    assert [entry["kid"] for entry in keyring.jwks()["keys"]] == [keyring.keys[0].kid, keyring.keys[1].kid]
    assert keyring.bundle_pem().count("BEGIN CERTIFICATE") == 3


def test_empty_and_missing_folder_name_the_command(tmp_path: Path) -> None:
    """Whoever starts without a key learns how to make one, with the folder filled in."""
    command = f"ldap-token-bridge keys new --keys-dir {tmp_path}"
    assert command in _problems(tmp_path)
    assert f"{command}/none" in _problems(tmp_path / "none")


@pytest.mark.parametrize("suffix", ["key", "crt"])
def test_a_pipe_among_the_keys_is_a_problem(tmp_path: Path, suffix: str) -> None:
    """Whoever opened it would wait for ever, and no reload would come through any more, nor a stop."""
    key = ec_key()
    write_pair(tmp_path, "k1", key, certificate(key))
    (tmp_path / f"k1.{suffix}").unlink()
    os.mkfifo(tmp_path / f"k1.{suffix}", 0o600)
    assert "it is no regular file" in _problems(tmp_path)


def test_folder_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    """A path that leads to a file is said to be unreadable, not empty."""
    (tmp_path / "keys").write_text("")
    assert "cannot be read" in _problems(tmp_path / "keys")


def test_several_keys_need_an_active_file(tmp_path: Path) -> None:
    """The bridge never guesses which key signs; the remedy can be pasted."""
    write_pair(tmp_path, "a", ec_key())
    write_pair(tmp_path, "b", ec_key())
    text = _problems(tmp_path)
    assert "2 keys" in text
    assert f"echo a > {tmp_path}/active" in text


@pytest.mark.parametrize("content", ["gone", "", "two\nlines"])
def test_active_naming_no_key_is_refused(tmp_path: Path, content: str) -> None:
    """An unknown name, an empty file and anything longer than a name, even beside a single key."""
    write_pair(tmp_path, "a", ec_key())
    (tmp_path / "active").write_text(content)
    assert "there is no such key" in _problems(tmp_path)


def test_active_that_holds_a_key_is_not_quoted(tmp_path: Path) -> None:
    """Somebody's slip must not carry a private key into a log."""
    write_pair(tmp_path, "a", ec_key())
    content = (tmp_path / "a.key").read_text()
    (tmp_path / "active").write_text(content)
    assert not any(line in _problems(tmp_path) for line in content.splitlines())


def test_every_problem_is_collected(tmp_path: Path) -> None:
    """One run names everything that is wrong with the folder."""
    write_pair(tmp_path, "mismatch", ec_key(), certificate(ec_key()))
    write_pair(tmp_path, "ed", Ed25519PrivateKey.generate())
    write_pair(tmp_path, "zero", zero_key())
    write_pair(tmp_path, "old", ec_key(), certificate(ec_key()))
    (tmp_path / "old.crt").unlink()
    write_pair(tmp_path, "lone", ec_key())
    (tmp_path / "lone.key").unlink()
    write_pair(tmp_path, "junk", ec_key())
    (tmp_path / "junk.key").write_text("secret stuff")
    (tmp_path / "junk.crt").write_text("no certificate")
    text = _problems(tmp_path)
    for words in (
        "active: there are 6 keys",
        "mismatch.crt: the certificate does not belong to the key",
        "ed.key: is an Ed25519 key, and a registry 2.x does not start",
        "zero.key: has a coordinate that begins with a zero byte",
        "old.crt: the certificate is missing",
        "lone.key: the key is missing",
        "junk.key: holds no private key",
        "junk.crt: holds no certificate",
    ):
        assert words in text
    assert "secret stuff" not in text


@pytest.mark.parametrize("signs", [True, False])
def test_ed25519_needs_the_setting(tmp_path: Path, signs: bool) -> None:  # noqa: FBT001 -- both cases of one rule
    """Assertion 62: refused by default, also where it is only published: the bundle alone stops a registry 2.x."""
    write_pair(tmp_path, "ed", Ed25519PrivateKey.generate())
    write_pair(tmp_path, "ec", ec_key())
    (tmp_path / "active").write_text("ed" if signs else "ec")
    text = _problems(tmp_path)
    assert "ed.key: is an Ed25519 key, and a registry 2.x does not start" in text
    assert "token.ed25519: true" in text
    assert "keys retire" in text
    keyring = Keyring.load(tmp_path, NOW, ed25519=True)
    assert sorted(key.alg for key in keyring.keys) == ["ES256", "EdDSA"]
    assert keyring.active.only_3x is signs
    assert keyring.bundle_pem().count("BEGIN") == len(keyring.jwks()["keys"]) == 2


def test_the_listed_files_are_all_that_loading_depends_on(tmp_path: Path) -> None:
    """Whoever watches them misses no change: both files of each pair, there or not, and which one signs."""
    write_pair(tmp_path, "a", ec_key())
    (tmp_path / "a.crt").unlink()
    (tmp_path / "ca.crt").write_text("")
    (tmp_path / ".a.crt.half").write_text("")
    (tmp_path / "retired").mkdir()
    assert key_files(tmp_path) == [tmp_path / name for name in ("a.key", "a.crt", "active")]
    with pytest.raises(FileNotFoundError):
        key_files(tmp_path / "none")


def test_leaf_must_come_first(tmp_path: Path) -> None:
    """A chain in the wrong order is told apart from a wrong certificate."""
    key = ec_key()
    write_pair(tmp_path, "a", key, certificate(ec_key()), certificate(key))
    assert "not the first one" in _problems(tmp_path)


def test_encrypted_key_is_refused_with_a_remedy(tmp_path: Path) -> None:
    """There is nobody to type a password; the text says how to take it off."""
    key = ec_key()
    write_pair(tmp_path, "a", key)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    (tmp_path / "a.key").write_bytes(locked)
    text = _problems(tmp_path)
    assert "encrypted" in text
    assert "openssl pkey" in text


def test_expired_or_early_certificate_of_the_signing_key_is_refused(tmp_path: Path) -> None:
    """Assertion 61: registries would refuse every token, so the bridge does not start."""
    expired, early = ec_key(), ec_key()
    write_pair(tmp_path / "1", "a", expired, certificate(expired, end=NOW - timedelta(seconds=1)))
    write_pair(tmp_path / "2", "a", early, certificate(early, start=NOW + timedelta(seconds=1)))
    assert "expired on 2026-11-21" in _problems(tmp_path / "1")
    assert "not valid before 2026-11-21" in _problems(tmp_path / "2")


def test_expired_certificate_of_a_retired_key_is_a_warning(tmp_path: Path) -> None:
    """A key that no longer signs must not stop the one that does."""
    old = ec_key()
    write_pair(tmp_path, "old", old, certificate(old, end=NOW - timedelta(seconds=1)))
    write_pair(tmp_path, "new", ec_key())
    (tmp_path / "active").write_text("new")
    keyring = Keyring.load(tmp_path, NOW)
    assert keyring.active.name == "new"
    assert len(keyring.warnings) == 1
    assert "old.crt" in keyring.warnings[0]


def test_coming_end_is_a_warning(tmp_path: Path) -> None:
    """Thirty days before the end the operator is told."""
    key = ec_key()
    write_pair(tmp_path, "a", key, certificate(key, end=NOW + timedelta(days=29)))
    (warning,) = Keyring.load(tmp_path, NOW).warnings
    assert "2026-12-20" in warning
    assert "keys new" in warning


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_key_open_to_others_is_a_warning(tmp_path: Path, mode: int) -> None:
    """A mounted secret may be readable by a group, so it loads; but it is said."""
    write_pair(tmp_path, "a", ec_key())
    (tmp_path / "a.key").chmod(mode)
    (warning,) = Keyring.load(tmp_path, NOW).warnings
    assert f"chmod 600 {tmp_path}/a.key" in warning


def test_key_that_may_not_be_read_names_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`keys new` as root and `serve` as another user is the usual slip."""
    write_pair(tmp_path, "a", ec_key())

    def refuse(path: Path, most: int) -> bytes:
        if path.suffix == ".key":
            raise PermissionError(13, "Permission denied", str(path))
        return read_file(path, most)

    monkeypatch.setattr(sys.modules["ldap_token_bridge.tokens.key_files"], "read_file", refuse)
    assert f"uid {os.geteuid()}" in _problems(tmp_path)


def test_no_repr_shows_the_private_key(tmp_path: Path) -> None:
    """Neither the key nor the ring, nor anything in their text, gives the key away."""
    key = ec_key()
    write_pair(tmp_path, "a", key)
    keyring = Keyring.load(tmp_path, NOW)
    number = key.private_numbers().private_value
    for text in (repr(keyring), str(keyring.active), repr(keyring.jwks()), keyring.bundle_pem()):
        assert "private" not in text.lower()
        assert str(number) not in text
        assert f"{number:x}" not in text


def test_a_folder_that_anyone_may_write_to_is_a_warning(tmp_path: Path) -> None:
    """They could choose the key that signs, or put their own beside it."""
    write_pair(tmp_path, "one", ec_key())
    assert not Keyring.load(tmp_path, NOW).warnings
    tmp_path.chmod(0o777)
    (warning,) = Keyring.load(tmp_path, NOW).warnings
    assert "choose the key that signs" in warning
