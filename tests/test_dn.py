"""Distinguished names against ldap3's reading of them, and as directories compare them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.core.exceptions import LDAPInvalidDnError
from ldap3.utils.dn import escape_rdn, parse_dn

from ldap_token_bridge.dn import MAX_LENGTH, DistinguishedName, InvalidName, fold, normalise_value

parse = DistinguishedName.parse


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Platform,OU=Groups,DC=corp", "cn=platform,ou=groups,dc=corp"),
        ("CN=Platform, OU=Groups , DC=corp", "CN=Platform,OU=Groups,DC=corp"),
        ("CN=a  b,DC=x", "CN=a b,DC=x"),
        ("CN=a\\2Cb,DC=x", "CN=a\\,b,DC=x"),
        ('CN="a,b",DC=x', "CN=a\\,b,DC=x"),
        ("CN=J\\C3\\BCrgen,DC=x", "CN=Jürgen,DC=x"),
        ("CN=Jürgen,DC=x", "CN=Ju\u0308rgen,DC=x"),
        ("2.5.4.3=a,DC=x", "CN=a,DC=x"),
        ("OID.2.5.4.3=a,DC=x", "CN=a,DC=x"),
        ("CN=a+OU=b,DC=x", "OU=b+CN=a,DC=x"),
        ("CN=a;DC=x", "CN=a,DC=x"),
        ("commonName=a,domainComponent=x", "CN=a,DC=x"),
        ("CN=ÉCOLE,DC=x", "CN=école,DC=x"),
    ],
)
def test_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    """Case, spaces, escapes, quotes and the order within a multi-valued part do not matter."""
    assert parse(one) == parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Platform,OU=Groups,DC=corp", "CN=Platform,OU=Other,DC=corp"),
        ("CN=a,CN=b", "CN=b,CN=a"),
        ("CN=a,DC=x", "CN=a\\,DC=x"),
        ("CN=a+OU=b", "CN=a,OU=b"),
        ("CN=a", "CN=a,CN=a"),
        ("CN=\\ a", "CN=a\\ b"),
        ("CN=Straße", "CN=Strasse"),
        ("CN=x²", "CN=x2"),
        ("CN=ﬁ", "CN=fi"),
        ("CN=Platform", "CN=Platform\u00a0"),
        ("CN=Platform", "CN=\u1680Platform"),
        ("CN=Plat form", "CN=Plat\u00a0form"),
        ("CN=Plat form", "CN=Plat\u0085form"),
    ],
)
def test_different_names_are_different(one: str, other: str) -> None:
    """A name is compared whole, and an escaped separator separates nothing."""
    assert parse(one) != parse(other)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("Platform", 1),
        ("CN=", 4),
        ("CN=a,,DC=x", 6),
        ("CN=a\\", 5),
        ("CN=a\\zz", 5),
        ('CN="a', 4),
        ("CN=a,", 6),
        ("CN=\\ff", 4),
        ("CN=#0401", 4),
        ("CN=\ud800", 4),
        ("X", 1),
    ],
)
def test_what_is_no_name_is_refused_with_its_column(text: str, column: int) -> None:
    """The column points at what is wrong."""
    with pytest.raises(InvalidName, match=r"^an? ") as caught:
        parse(text)
    assert caught.value.column == column


def test_a_name_beyond_measure_is_refused() -> None:
    """Reading it would take time by the square of its length."""
    with pytest.raises(InvalidName):
        parse("CN=a," * 10_000 + "DC=x")
    longest = "CN=" + "x" * (MAX_LENGTH - 3)
    assert parse(longest).rdns
    with pytest.raises(InvalidName):
        parse(longest + "x")


@given(st.text())
def test_what_is_folded_is_folded_as_it_is(text: str) -> None:
    """Names are folded where they are read and again where they are looked up."""
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("name", "folded"), [("ÉCOLE", "école"), ("E\u0301COLE", "école"), ("İ", "İ"), ("Straße", "straße")]
)
def test_a_name_is_folded_letter_by_letter(name: str, folded: str) -> None:
    """Composed, in small letters, and where a letter would become two it stays."""
    assert fold(name) == folded


@pytest.mark.parametrize(("value", "normal"), [("  A   b ", "a b"), ("É  B", "é b"), ("\u00a0a", "\u00a0a")])
def test_the_form_in_which_values_compare(value: str, normal: str) -> None:
    """Folded, and runs of spaces as one; none outside."""
    assert normalise_value(value) == normal


def test_is_below() -> None:
    """A name stands below its own suffixes only."""
    name = parse("CN=a,OU=b,DC=x")
    assert name.is_below(parse("ou=B,dc=x"))
    assert name.is_below(name)
    assert name.is_below(parse(""))
    assert not parse("DC=x").is_below(name)
    assert not name.is_below(parse("OU=c,DC=x"))


VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(lambda text: text.strip())


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_escaped_values_survive(values: list[str]) -> None:
    """Any value that ldap3 escapes is read back as many parts, and as the same name with every octet escaped."""
    text = ",".join(f"CN={escape_rdn(value)}" for value in values)
    octets = ",".join("cn=" + "".join(f"\\{octet:02x}" for octet in value.encode()) for value in values)
    assert len(parse(text).rdns) == len(values)
    assert parse(text) == parse(octets)


@given(st.text(max_size=30))
def test_what_is_read_is_a_name_to_ldap3_too(text: str) -> None:
    """The reader accepts no more parts than ldap3 sees in the same text, and raises nothing else."""
    try:
        ours = parse(text)
    except InvalidName:
        return
    try:
        theirs = parse_dn(text)
    except LDAPInvalidDnError:
        return  # ldap3 refuses names that RFC 4514 allows, such as those with quotes
    assert sum(len(rdn) for rdn in ours.rdns) <= max(1, len(theirs)) or not text.strip()
