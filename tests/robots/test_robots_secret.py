"""A robot's secret: its form, its checksum, its hash."""

import base64
import re

import pytest
from argon2 import PasswordHasher, Type
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.robots import SECRET_PATTERN, new_secret
from ldap_token_bridge.robots.hashes import fault_of, hash_secret, proves, proves_one
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


@pytest.mark.parametrize(
    ("memory", "time", "lanes", "octets", "fault"),
    [
        (262_144, 10, 8, 16, ""),
        (8192, 1, 1, 16, ""),
        (262_145, 1, 1, 16, "costs too much"),
        (8192, 11, 1, 16, "costs too much"),
        (8192, 1, 9, 16, "costs too much"),
        (8191, 1, 1, 16, "too weak"),
        (8192, 1, 1, 15, "too weak"),
    ],
)
def test_what_a_hash_may_cost_and_must(memory: int, time: int, lanes: int, octets: int, fault: str) -> None:
    """To the round and the octet, for another program may have made it."""
    digest = base64.b64encode(bytes(octets)).decode().rstrip("=")
    found = fault_of(f"$argon2id$v=19$m={memory},t={time},p={lanes}$c29tZXNhbHRzb21l${digest}")
    assert fault in found
    assert bool(fault) is bool(found)


def test_what_is_no_hash_proves_nothing() -> None:
    """It may have got past whoever looks at the file."""
    for hashed in ("", "hunter2", "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21l$"):
        assert not proves(new_secret(), hashed)


@pytest.mark.parametrize(("hashes", "at_least", "tried"), [(0, 2, 2), (1, 2, 2), (2, 2, 2), (3, 2, 3)])
def test_who_is_refused_costs_the_same_whoever_it_is(
    hashes: int, at_least: int, tried: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A robot of one secret, of two while they change, of none: the time does not tell which names there are."""
    seen: list[str] = []
    monkeypatch.setattr("ldap_token_bridge.robots.hashes.proves", lambda _secret, hashed: seen.append(hashed))
    assert not proves_one(new_secret(), tuple(str(number) for number in range(hashes)), at_least)
    assert len(seen) == tried
    assert all(fault_of(hashed) == "" for hashed in seen[hashes:]), "hashes of nobody's cost what others do"


def test_either_of_two_secrets_proves() -> None:
    """While one takes the other's place."""
    one, other = new_secret(), new_secret()
    hashes = (hash_secret(one), hash_secret(other))
    assert proves_one(one, hashes, 2) and proves_one(other, hashes, 2)
    assert not proves_one(new_secret(), hashes, 2)
