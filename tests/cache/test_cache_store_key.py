"""The key of the store: what it keeps from a thief, and from who writes into the store."""

import secrets
from pathlib import Path

import pytest

from ldap_token_bridge.cache import StoreKey
from ldap_token_bridge.cache.shared.key import Vault
from ldap_token_bridge.errors import Misconfigured

HEX = secrets.token_hex(32)


def vault(issuer: str = "bridge.test", folder: Path | None = None, text: str = HEX) -> Vault:
    """Of a key that stands in a file."""
    assert folder
    path = folder / "key"
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    return StoreKey.load(path).vault(issuer)


def test_what_was_sealed_opens_for_its_entry_alone(tmp_path: Path) -> None:
    """Not for another account's, not changed, not cut, and not with another key."""
    one = vault(folder=tmp_path)
    name, other = one.name("proof", b"alice"), one.name("proof", b"bob")
    sealed = one.seal(name, b"value", 1000.5)
    assert one.unseal(name, sealed) == (b"value", 1000.5)
    assert one.unseal(other, sealed) is None
    assert vault(folder=tmp_path, text=secrets.token_hex(32)).unseal(name, sealed) is None
    for position in range(len(sealed)):
        changed = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        assert one.unseal(name, changed) is None
        assert one.unseal(name, sealed[:position]) is None
    assert b"value" not in sealed


def test_no_two_sealed_values_look_alike(tmp_path: Path) -> None:
    """Equal values are sealed under keys of their own."""
    one = vault(folder=tmp_path)
    name = one.name("person", b"alice")
    assert len({one.seal(name, b"value", 1.0)[:32] for _ in range(100)}) == 100


def test_names_hide_what_they_are_about_and_never_run_together(tmp_path: Path) -> None:
    """No part can take over an octet of the next; issuers and kinds have names of their own."""
    one = vault(folder=tmp_path)
    names = [one.name("person", b"alice"), one.name("proof", b"alice"), one.name("person", b"a", b"lice")]
    names += [one.name("person", b"al", b"ice"), vault("other.test", tmp_path).name("person", b"alice")]
    assert len(set(names)) == len(names)
    assert all(name.startswith("ltb:{") and "alice" not in name for name in names)


def test_a_password_is_peppered_for_its_account(tmp_path: Path) -> None:
    """Equal passwords of two accounts do not look alike, and nothing works without the key."""
    one, other = vault(folder=tmp_path), vault(folder=tmp_path, text=secrets.token_hex(32))
    assert one.peppered(b"alice", b"x") == one.peppered(b"alice", b"x")
    assert len({one.peppered(b"alice", b"x"), one.peppered(b"bob", b"x"), other.peppered(b"alice", b"x")}) == 3
    assert one.peppered(b"a", b"bx") != one.peppered(b"ab", b"x")


@pytest.mark.parametrize(
    ("text", "what"),
    [("", "64 hexadecimal"), (HEX[:-1], "64 hexadecimal"), ("0" * 64, "not random"), ("secret-" + HEX, "64 hex")],
    ids=["empty", "short", "zeros", "long"],
)
def test_a_key_that_cannot_be_used(tmp_path: Path, text: str, what: str) -> None:
    """The text says what to do, and nothing of what stands there."""
    path = tmp_path / "key"
    path.write_text(text)
    with pytest.raises(Misconfigured, match=what) as caught:
        StoreKey.load(path)
    assert "openssl rand -hex 32" in str(caught.value)
    assert not text or text not in str(caught.value)


def test_who_else_may_read_the_key_is_told(tmp_path: Path) -> None:
    """As with every secret file; and a key has no text form."""
    path = tmp_path / "key"
    path.write_text(HEX)
    path.chmod(0o640)
    key = StoreKey.load(path)
    assert "chmod 600" in key.warnings[0]
    assert HEX not in repr(key)
    assert HEX[:8] not in repr(key.vault("x"))
