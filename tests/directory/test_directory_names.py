"""Typed names, SIDs, and the reasons of a refusal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.directory import LoginName, login_name, parse_login_name
from ldap_token_bridge.directory.reasons import refusal_of
from ldap_token_bridge.directory.sid import sibling_sid, sid_bytes, sid_text
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.ldap import BindResult


def test_a_name_of_many_marks_is_not_even_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordering combining marks takes time by the square of their number: 64 KB would stop the service for seconds."""
    monkeypatch.setattr(login_name, "unicodedata", None)
    assert parse_login_name("a" + "\u0301" * 16_000 + "\u0323" * 16_000) is None


def test_the_three_forms_of_a_name() -> None:
    """Plain, with a domain before a backslash, and with one behind an at sign."""
    plain, domain, principal = map(parse_login_name, ("alice", "CORP\\alice", "alice@corp.example.com"))
    assert plain and (plain.name, plain.domain) == ("alice", "")
    assert domain and (domain.name, domain.domain) == ("alice", "CORP")
    assert principal and principal.name == "alice@corp.example.com"


def test_spellings_that_a_directory_takes_for_one_share_a_key() -> None:
    """Case and composition do not matter, the domain does."""
    keys = {name.key for text in ("Jürgen", "jürgen", "JU\u0308RGEN") if (name := parse_login_name(text))}
    assert len(keys) == 1
    with_domain = parse_login_name("CORP\\jürgen")
    assert with_domain
    assert with_domain.key not in keys


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " alice",
        "alice ",
        "ali\0ce",
        "ali\nce",
        "ali\u200bce",
        "ali\u202ece",
        "\ufeffalice",
        "<token>",
        "\\alice",
        "CORP\\",
        "A\\B\\c",
        "a" * 257,
        "ali\ud800ce",
        "\u00a0alice",
        "CORP\\ alice",
        "CORP \\alice",
        "CORP\\<token>",
        "ali\u2028ce",
        "ali\u00adce",
        "Robot+ci",
        "CORP\\robot+ci",
        "robot\uff0bci",
        "WORKLOAD+gitlab",
    ],
)
def test_what_can_be_no_account_is_not_looked_up(typed: str) -> None:
    """Control and invisible characters, outer spaces, names that clients use for themselves, and machines' names.

    The secret of a robot whose name was mistyped would else be shown to the directory.
    """
    assert parse_login_name(typed) is None


@pytest.mark.parametrize("text", ["S-1-5-32-544", "S-1-5-21-1004336348-1177238915-682003330-1131", "S-1-0"])
def test_a_sid_survives_both_ways(text: str) -> None:
    """Text to bytes to text."""
    assert sid_text(sid_bytes(text)) == text


def test_a_known_sid_in_bytes() -> None:
    r"""BUILTIN\Administrators, as [MS-DTYP] writes it."""
    assert sid_bytes("S-1-5-32-544") == bytes.fromhex("01020000000000052000000020020000")


@pytest.mark.parametrize(
    "text", ["", "S-1", "X-1-5-32", "S-2-5-32", "S-1-999999999999999-5", "S-1-5-99999999999", "S-1-5-x", "S-1-5--1"]
)
def test_what_is_no_sid_is_refused(text: str) -> None:
    """A ValueError, and nothing else."""
    with pytest.raises(ValueError, match=r".*"):
        sid_bytes(text)


@given(st.binary(max_size=80))
def test_bytes_are_a_sid_or_refused(raw: bytes) -> None:
    """No bytes from a directory raise anything but ValueError; what is read is written back the same."""
    try:
        text = sid_text(raw)
    except ValueError:
        return
    assert sid_bytes(text) == raw


def test_the_primary_group_is_a_sibling() -> None:
    """It shares the domain of the account."""
    assert sibling_sid("S-1-5-21-1-2-3-1105", 513) == "S-1-5-21-1-2-3-513"


AD = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {}, v2580"


@pytest.mark.parametrize(
    ("code", "diagnostic", "expected"),
    [
        (49, "", Refusal.WRONG_CREDENTIALS),
        (49, AD.format("52e"), Refusal.WRONG_CREDENTIALS),
        (49, AD.format("525"), Refusal.WRONG_CREDENTIALS),
        (49, AD.format("530"), Refusal.OUTSIDE_HOURS),
        (49, AD.format("531"), Refusal.WRONG_WORKSTATION),
        (49, AD.format("532"), Refusal.PASSWORD_EXPIRED),
        (49, AD.format("533"), Refusal.ACCOUNT_DISABLED),
        (49, AD.format("701"), Refusal.ACCOUNT_EXPIRED),
        (49, AD.format("773"), Refusal.MUST_CHANGE_PASSWORD),
        (49, AD.format("775"), Refusal.ACCOUNT_LOCKED),
        (49, AD.format("0"), Refusal.WRONG_CREDENTIALS),
        (49, AD.format("dead"), Refusal.WRONG_CREDENTIALS),
        (49, "data 533 success", Refusal.ACCOUNT_DISABLED),
        (19, "", None),
        (53, "", None),
        (1, AD.format("533"), None),
        (80, "", None),
    ],
)
def test_a_refusal_has_its_reason(code: int, diagnostic: str, expected: Refusal | None) -> None:
    """Sub-codes count under result 49 alone, an unknown one is a wrong password, and no answer becomes a login."""
    assert refusal_of(BindResult(code, diagnostic)) == expected


@pytest.mark.parametrize(
    ("code", "policy_error", "expected"),
    [
        (0, None, None),
        (0, 2, Refusal.MUST_CHANGE_PASSWORD),
        (0, 5, None),
        (49, 0, Refusal.PASSWORD_EXPIRED),
        (49, 1, Refusal.ACCOUNT_LOCKED),
        (49, 7, Refusal.WRONG_CREDENTIALS),
        (80, 0, None),
    ],
)
def test_openldaps_reasons(code: int, policy_error: int | None, expected: Refusal | None) -> None:
    """They come as a number; a success that is good for changing the password only is no login."""
    assert refusal_of(BindResult(code, "", policy_error)) == expected


NAMES = st.text(max_size=300) | st.text("aA\u0301\u0130\u00e9 \\@<>\u200b\u0958\ufb2c", max_size=300)


@given(NAMES)
def test_any_text_is_a_name_or_none(typed: str) -> None:
    """Nothing raises; what is accepted has the form that is promised, and is accepted again unchanged."""
    login = parse_login_name(typed)
    if login is None:
        return
    for part in (login.name, login.domain):
        assert part == part.strip()
        assert unicodedata.is_normalized("NFC", part)
        assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in part)
    assert login.name
    assert len(login.name) + len(login.domain) <= login_name.MAX_LENGTH
    assert parse_login_name(login.name) == LoginName(login.name)
    assert parse_login_name(f"{login.domain}\\{login.name}" if login.domain else login.name) == login


@given(NAMES, NAMES)
def test_names_with_one_key_are_one_name(first: str, second: str) -> None:
    """What shares an entry in a cache differs in case and composition alone; and what differs so does share."""
    one, other = parse_login_name(first), parse_login_name(second)
    if one and other and one.key == other.key:
        assert unicodedata.normalize("NFC", first).lower() == unicodedata.normalize("NFC", second).lower()
    composed = parse_login_name(unicodedata.normalize("NFD", first))
    assert one is None or composed is None or composed.key == one.key


@pytest.mark.parametrize("letter", ["a", "\u00e9", "\U0001f600"])
def test_the_longest_name(letter: str) -> None:
    """256 characters, whatever their size in bytes, before and after they are composed."""
    assert parse_login_name(letter * 256)
    assert parse_login_name(letter * 257) is None
    assert parse_login_name("\u0958" * 200) is None, "one that becomes two"
