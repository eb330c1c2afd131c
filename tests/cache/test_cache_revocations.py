"""The list of revocations by itself: what it calls back, how two are made one, and which texts are none."""

import json
from typing import Any

import pytest

from ldap_token_bridge.cache.revocations import KEEP_SECONDS, RevocationList

NOW = 1_000_000_000


def test_what_was_issued_up_to_the_revocation_is_void() -> None:
    """In the same second, too; a token by its id whenever it was issued."""
    by_account = RevocationList().with_account("J\u00fcrgen", NOW)
    assert by_account.is_revoked("t", "ju\u0308RGEN", NOW)
    assert not by_account.is_revoked("t", "j\u00fcrgen", NOW + 1)
    assert not by_account.is_revoked("t", "jurgen", NOW)
    everybody = RevocationList().with_all(NOW)
    assert everybody.is_revoked("t", "a", NOW) and not everybody.is_revoked("t", "a", NOW + 1)
    one = RevocationList().with_token("t", NOW)
    assert one.is_revoked("t", "a", NOW + 9) and not one.is_revoked("u", "a", NOW)
    assert not RevocationList().is_revoked("t", "a", 1)


def test_a_clock_that_is_behind_takes_nothing_back() -> None:
    """Whoever revokes again by such a clock means more, and never less."""
    twice = RevocationList().with_account("a", NOW).with_account("A", NOW - 60)
    assert twice.accounts == {"a": NOW}
    assert RevocationList().with_all(NOW).with_all(NOW - 60).all_until == NOW


def test_two_lists_call_back_what_either_does() -> None:
    """Of one name the later time counts, whichever list has it."""
    mine = RevocationList(5, {"a": 1, "b": 9}, {"t": 1, "u": 9})
    theirs = RevocationList(7, {"a": 2, "b": 8, "c": 3}, {"t": 2, "u": 8, "v": 3})
    whole = RevocationList(7, {"a": 2, "b": 9, "c": 3}, {"t": 2, "u": 9, "v": 3})
    assert mine.united(theirs) == theirs.united(mine) == whole


def test_what_concerns_no_token_any_more_is_dropped() -> None:
    """With the next revocation, after the longest life that a token can have."""
    old = RevocationList().with_account("a", NOW).with_token("t", NOW)
    kept = old.with_token("u", NOW + KEEP_SECONDS - 1)
    assert (set(kept.accounts), set(kept.tokens)) == ({"a"}, {"t", "u"})
    later = old.with_token("u", NOW + KEEP_SECONDS)
    assert (set(later.accounts), set(later.tokens)) == (set(), {"u"})


def test_a_text_is_read_back() -> None:
    """All of it, and accounts as they compare."""
    known = RevocationList(5, {"j\u00fcrgen": 1}, {"t": 2})
    assert RevocationList.of_text(known.text()) == known
    text = json.dumps({"version": 1, "all_until": 0, "accounts": {"ALICE": 7}, "tokens": {}}).encode()
    assert RevocationList.of_text(text).is_revoked("t", "alice", 7)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("all_until", -1),
        ("all_until", True),
        ("all_until", 1.5),
        ("all_until", "1"),
        ("accounts", []),
        ("accounts", {"a": -1}),
        ("accounts", {"a": False}),
        ("tokens", {"t": None}),
        ("tokens", {"t": "1"}),
        ("more", 1),
    ],
)
def test_a_text_of_another_form_is_none(key: str, value: Any) -> None:
    """What cannot be read whole could miss a revocation."""
    content = {"version": 1, "all_until": 0, "accounts": {}, "tokens": {}}
    assert RevocationList.of_text(json.dumps(content).encode()) == RevocationList()
    with pytest.raises(ValueError):  # noqa: PT011 -- whichever it is, nothing of it counts
        RevocationList.of_text(json.dumps({**content, key: value}).encode())


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b'{"version": 1, "all_until": 9, "all_until": 0, "accounts": {}, "tokens": {}}'],
)
def test_a_text_with_less_or_twice_is_none(text: bytes) -> None:
    """A file that was cut short, and a name that stands twice."""
    with pytest.raises(ValueError):  # noqa: PT011 -- as above
        RevocationList.of_text(text)
