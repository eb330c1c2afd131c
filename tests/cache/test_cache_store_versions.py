"""Two versions at one shared store, as docs/upgrade.md has it."""

import secrets
from pathlib import Path

import pytest

from ldap_token_bridge.cache import StoreKey
from ldap_token_bridge.cache.shared import key
from tests.support.documents import document


def test_a_version_with_another_format_meets_no_entry_of_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, which says the format; and would it find one, it could not open it."""
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(secrets.token_hex(32))
    ours = StoreKey.load(file).vault("bridge.test")
    monkeypatch.setattr(key, "_SCHEMA", key._SCHEMA + 1)
    theirs = StoreKey.load(file).vault("bridge.test")
    name = ours.name("person", b"alice")
    assert theirs.name("person", b"alice") != name
    assert theirs.unseal(name, ours.seal(name, b"value", 1.0)) is None


def test_the_document_names_the_format() -> None:
    """As it stands in the names of entries."""
    assert f"`ltb:{{…}}:{key._SCHEMA}:…`" in document("docs/upgrade.md").text
