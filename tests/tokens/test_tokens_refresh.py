"""Refresh tokens as texts: nothing but what was sealed with one of the keys is taken."""

import base64
import itertools
import secrets
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.tokens import (
    RefreshGrant,
    RefreshKeys,
    RefreshRefusal,
    activate_refresh_key,
    add_refresh_key,
    drop_refresh_keys,
    fingerprint,
    new_refresh_key,
    seal,
    unseal,
)

GRANT = RefreshGrant("00112233aabbccdd", "jürgen", "id-1", "registry.test", fingerprint("docker"), 1000, 5000, "")
ALPHABET = frozenset(f"{string.ascii_letters}{string.digits}-_")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> RefreshKeys:
    """One key of our own."""
    return new_refresh_key(tmp_path_factory.mktemp("refresh") / "keys")


@pytest.fixture(scope="module")
def token(keys: RefreshKeys) -> str:
    """A good one."""
    return sealed(GRANT, keys)


def sealed(grant: RefreshGrant, keys: RefreshKeys) -> str:
    """A token as the bridge makes one."""
    return seal(grant, keys, secrets.token_bytes(12))


def opened(token: str | bytes, keys: RefreshKeys) -> RefreshGrant | None:
    """What the bridge makes of a token."""
    return unseal(Secret(token.encode() if isinstance(token, str) else token), keys)


@given(account=st.text(max_size=64), unique_id=st.text(max_size=64), service=st.text(max_size=64), at=st.integers(0))
def test_what_was_sealed_is_opened(keys: RefreshKeys, account: str, unique_id: str, service: str, at: int) -> None:
    """Whatever names and times it holds; and the text has only what every client leaves alone."""
    grant = replace(GRANT, account=account, unique_id=unique_id, service=service, issued_at=at)
    token = sealed(grant, keys)
    assert set(token) <= ALPHABET
    assert not token or opened(token, keys) == grant
    assert token or len(repr(grant)) > 1000, "only what is too long is not sealed"


@given(data=st.data())
def test_one_changed_character_is_refused(keys: RefreshKeys, token: str, data: st.DataObject) -> None:
    """Wherever it is: the header, the nonce, the contents, the last bits."""
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(sorted(ALPHABET - {token[at]})))
    assert opened(token[:at] + other + token[at + 1 :], keys) is None


@given(at=st.integers(0, 10_000))
def test_a_flipped_bit_is_refused(keys: RefreshKeys, token: str, at: int) -> None:
    """Of the bytes behind the text."""
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[at // 8 % len(raw)] ^= 1 << at % 8
    assert opened(base64.urlsafe_b64encode(raw).rstrip(b"="), keys) is None


@given(length=st.integers(0, 10_000), more=st.text(st.sampled_from("Aa-_=+/ \n\0é"), min_size=1, max_size=4))
def test_a_cut_or_longer_token_is_refused(keys: RefreshKeys, token: str, length: int, more: str) -> None:
    """Padding, line breaks and other spellings of the same bytes included."""
    assert opened(token[: length % len(token)], keys) is None
    assert opened(token + more, keys) is None
    assert opened(more + token, keys) is None


@given(junk=st.binary(max_size=300))
def test_anything_else_is_refused(keys: RefreshKeys, junk: bytes) -> None:
    """Without an exception, as bytes and as base64 with our own version and key id."""
    header = b"\x01" + bytes.fromhex(keys.ids[0])
    assert opened(junk, keys) is None
    assert opened(base64.urlsafe_b64encode(header + junk).rstrip(b"="), keys) is None


def test_a_huge_token_is_refused(keys: RefreshKeys) -> None:
    """And none is ever made that would be."""
    assert opened("A" * 1_000_000, keys) is None
    assert sealed(replace(GRANT, account="x" * 3000), keys) == ""


def test_another_key_opens_nothing(token: str, tmp_path: Path) -> None:
    """Though it has been given the same id."""
    other = new_refresh_key(tmp_path / "keys")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    renamed = raw[:1] + bytes.fromhex(other.ids[0]) + raw[5:]
    assert opened(token, other) is None
    assert opened(base64.urlsafe_b64encode(renamed).rstrip(b"="), other) is None


def test_nothing_in_a_token_can_be_read(token: str) -> None:
    """It is sealed and not only signed: names and dates are nobody's business."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert all(part not in raw for part in (b"registry.test", b"id-1", GRANT.token_id.encode()))


def test_keys_are_changed_while_tokens_are_in_use(tmp_path: Path) -> None:
    """Add, activate, drop: at no step does a replica that is a step behind refuse what another one has made."""
    path = tmp_path / "keys"
    steps = [new_refresh_key(path), add_refresh_key(path), activate_refresh_key(path)]
    for one, other in itertools.pairwise(steps):
        assert opened(sealed(GRANT, one), other) == GRANT
        assert opened(sealed(GRANT, other), one) == GRANT
    dropped = drop_refresh_keys(path)
    assert opened(sealed(GRANT, steps[2]), dropped) == GRANT
    assert opened(sealed(GRANT, steps[0]), dropped) is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_key_that_was_just_added_is_not_dropped(tmp_path: Path) -> None:
    """Who forgot `--activate` would go on with the old key alone, and believe the opposite."""
    path = tmp_path / "keys"
    new_refresh_key(path)
    added = add_refresh_key(path)
    with pytest.raises(Misconfigured, match="--activate"):
        drop_refresh_keys(path)
    assert RefreshKeys.load(path).ids == added.ids
    activate_refresh_key(path)
    assert drop_refresh_keys(path).ids == added.ids[1:]


def test_to_activate_twice_does_not_go_back(tmp_path: Path) -> None:
    """A command that is given again must not let the old key seal."""
    path = tmp_path / "keys"
    old, new = new_refresh_key(path).ids[0], add_refresh_key(path).ids[1]
    assert activate_refresh_key(path).ids == activate_refresh_key(path).ids == (new, old)


def test_a_file_that_does_not_say_which_key_is_the_newest(tmp_path: Path) -> None:
    """Written by hand: the last one is let seal, and what the reader wants dropped is dropped."""
    path = tmp_path / "keys"
    new_refresh_key(path)
    ids = add_refresh_key(path).ids
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("#")))
    assert activate_refresh_key(path).ids == ids[::-1]
    assert drop_refresh_keys(path).ids == ids[1:]


def test_a_key_that_was_appended_by_hand_is_the_newest(tmp_path: Path) -> None:
    """At every step of a change: it is never dropped, it is the one that `--activate` means, and then the others go."""
    path, by_hand = tmp_path / "keys", base64.urlsafe_b64encode(b"h" * 32).rstrip(b"=").decode()
    for before in (new_refresh_key, add_refresh_key, activate_refresh_key):
        before(path)
        text = path.read_text()
        path.write_text(f"{text}{by_hand}\n")
        ids = RefreshKeys.load(path).ids
        with pytest.raises(Misconfigured, match=f"{ids[-1]} was added last and does not seal yet"):
            drop_refresh_keys(path)
        assert RefreshKeys.load(path).ids == ids
        assert activate_refresh_key(path).ids[0] == ids[-1]
        assert drop_refresh_keys(path).ids == ids[-1:]
        path.write_text(text)


def test_a_key_that_was_put_first_by_hand_seals(tmp_path: Path) -> None:
    """Whoever moved lines in place of `--activate`: the old one is dropped, and never the new one."""
    path = tmp_path / "keys"
    new_refresh_key(path)
    old, new = add_refresh_key(path).ids
    *above, last = path.read_text().splitlines(keepends=True)
    path.write_text("".join([above[0], last, *above[1:]]))
    assert RefreshKeys.load(path).ids == (new, old)
    assert drop_refresh_keys(path).ids == (new,)


def test_an_old_key_that_was_appended_by_hand_is_marked_and_dropped(tmp_path: Path) -> None:
    """As the refusal says: `--activate` would let it seal again."""
    path, old = tmp_path / "keys", base64.urlsafe_b64encode(b"o" * 32).decode()
    seals = new_refresh_key(path).ids
    text = path.read_text()
    path.write_text(f"{text}{old}\n")
    with pytest.raises(
        Misconfigured, match=r"if somebody wrote it there and it is an old one: write the line '# Older:'"
    ):
        drop_refresh_keys(path)
    path.write_text(f"{text}# Older:\n# of the year before\n\n{old}\n")
    assert drop_refresh_keys(path).ids == seals


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """Every token would end with it."""
    new_refresh_key(tmp_path / "keys")
    before = (tmp_path / "keys").read_bytes()
    with pytest.raises(Misconfigured, match="--add"):
        new_refresh_key(tmp_path / "keys")
    assert (tmp_path / "keys").read_bytes() == before


@pytest.mark.parametrize(
    "line", ["", "# nothing", "AAAA", "a password that someone wrote here", "\x00", "ä", "A" * 43 + "\n" + "A" * 43]
)
def test_a_bad_key_file_is_refused_without_showing_it(tmp_path: Path, line: str) -> None:
    """With the line, and not a word of what stands there."""
    path = tmp_path / "keys"
    path.write_text(line)
    with pytest.raises(Misconfigured) as raised:
        RefreshKeys.load(path)
    assert "password" not in str(raised.value)
    assert "AAAA" not in str(raised.value)


def test_a_key_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    """As with signing keys; and no repr shows it."""
    new_refresh_key(tmp_path / "keys")
    assert RefreshKeys.load(tmp_path / "keys").warnings == ()
    (tmp_path / "keys").chmod(0o640)
    keys = RefreshKeys.load(tmp_path / "keys")
    assert "chmod 600" in keys.warnings[0]
    secret = (tmp_path / "keys").read_text().splitlines()[-1]
    assert secret not in repr(keys)


@pytest.mark.parametrize(
    ("service", "client", "now", "lifetime", "reason"),
    [
        ("registry.test", "docker", 4999, 4000, None),
        ("registry.test", None, 4999, 4000, None),
        ("registry.test", "docker", 5000, 4000, RefreshRefusal.EXPIRED),
        ("registry.test", "docker", 2000, 1000, RefreshRefusal.EXPIRED),
        ("registry.test", "docker", 5000, 99_999, RefreshRefusal.EXPIRED),
        ("registry.test", "docker", 940, 4000, None),
        ("registry.test", "docker", 939, 4000, RefreshRefusal.UNKNOWN),
        ("Registry.test", "docker", 2000, 4000, RefreshRefusal.OTHER_SERVICE),
        ("", "docker", 2000, 4000, RefreshRefusal.OTHER_SERVICE),
        ("registry.test", "buildkit-client", 2000, 4000, RefreshRefusal.OTHER_CLIENT),
        ("registry.test", "", 2000, 4000, RefreshRefusal.OTHER_CLIENT),
    ],
)
def test_what_speaks_against_a_token_by_itself(
    service: str, client: str | None, now: float, lifetime: int, reason: RefreshRefusal | None
) -> None:
    """Time, also by a lifetime that was shortened since and not by one that grew; service; client.

    One of a time to come, from a clock that was wrong, would outlive each revocation of today.
    """
    assert GRANT.complaint(service, client, now, lifetime) is reason


def test_a_changed_date_of_the_password() -> None:
    """Another date, a date where there was none, none where there was one."""
    dated = replace(GRANT, password_date=fingerprint("133"))
    assert dated.has_password_of("133")
    assert not dated.has_password_of("134")
    assert not dated.has_password_of("")
    assert GRANT.has_password_of("")
    assert not GRANT.has_password_of("133")
