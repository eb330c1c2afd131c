"""A robot's secret: its form, its checksum, its hash."""

import re

import pytest
from argon2 import PasswordHasher, Type
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.robots import SECRET_PATTERN, new_secret
from ldap_token_bridge.robots.hashes import fault_of, hash_secret, proves
from ldap_token_bridge.robots.secret import is_secret


def test_a_secret_has_the_form_that_scanners_look_for() -> None:
    """Prefix, length and alphabet are those of the published pattern, and no two secrets are equal."""
    made = {new_secret().reveal().decode() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(SECRET_PATTERN, text) and is_secret(Secret(text.encode())) for text in made)


@given(st.integers(0, 50), st.sampled_from("0123456789ABCDEFabcdef_-"))
def test_a_mistyped_secret_is_told_by_its_checksum(position: int, character: str) -> None:
    """One wrong character anywhere, and no hash is computed for it."""
    text = new_secret().reveal().decode()
    wrong = text[:position] + character + text[position + 1 :]
    assert is_secret(Secret(wrong.encode())) == (wrong == text)


@given(st.binary(max_size=200))
def test_other_bytes_are_no_secret(value: bytes) -> None:
    """Passwords, tokens, rubbish: nothing of it has the form."""
    assert not is_secret(Secret(value))


def test_a_hash_proves_its_secret_alone() -> None:
    """The right secret fits, another does not, and equal secrets have different hashes."""
    secret = new_secret()
    hashed = hash_secret(secret)
    assert proves(secret, hashed)
    assert not proves(new_secret(), hashed)
    assert hash_secret(secret) != hashed
    assert not fault_of(hashed)


@pytest.mark.parametrize(
    ("hashed", "fault"),
    [
        ("", "no argon2 hash"),
        ("hunter2", "no argon2 hash"),
        ("$2b$12$abcdefghijklmnopqrstuv", "no argon2 hash"),
        pytest.param(PasswordHasher(memory_cost=8192, type=Type.I).hash("x"), "argon2id", id="argon2i"),
        pytest.param(PasswordHasher(memory_cost=64, time_cost=1, parallelism=1).hash("x"), "too weak", id="weak"),
        ("$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo", "costs too much"),
        ("$argon2id$v=19$m=19456,t=99999,p=1$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo", "costs too much"),
        ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNö", "no argon2 hash"),
        ("$argon2id$v=19$m=1945\uff16,t=2,p=1$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo", "no argon2 hash"),
        ("$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo", "no argon2 hash"),
        ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo\0", "no argon2 hash"),
    ],
)
def test_a_hash_that_is_weak_or_costly_is_refused(hashed: str, fault: str) -> None:
    """A hostile file can neither take all memory nor make a secret easy to find."""
    assert fault in fault_of(hashed)
