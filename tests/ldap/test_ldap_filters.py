"""Filters: compiled once, filled with anything, equal to what ldap3 would have written for the escaped text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.core.exceptions import LDAPExceptionError
from pyasn1.error import PyAsn1Error

from ldap_token_bridge.ldap import FilterTemplate, InvalidFilter, any_equal
from tests.support import ldap3_oracle as oracle

HOSTILE = [b"*", b")(uid=*", b"\\2a", b"a\0b", b"(|(", b"\xff\xfe", b" a ", b"zq0xzz", b"{login}", b"x" * 300, b""]
TEMPLATES = [
    "(uid={login})",
    "(&(objectClass=user)(|(uid={login})(mail={login})(sAMAccountName={account})))",
    "(!(cn>={login}))",
    "(&(a<={login})(b~={account})(c=*))",
    "(memberOf:1.2.840.113556.1.4.1941:={login})",
    "(cn:dn:caseIgnoreMatch:={login})",
    "(mail={login}@example.com)",
    "(|(mail={account}.{login}@x)(cn=\\2a\\28{login}))",
    "( & (objectClass=*) (uid={login}) )",
]


def _escaped(value: bytes) -> str:
    return "".join(f"\\{octet:02x}" for octet in value)


def _filled(text: str, values: dict[str, bytes]) -> bytes:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", _escaped(value))
    return oracle.search_filter(text)


@pytest.mark.parametrize("text", TEMPLATES)
@given(login=st.one_of(st.binary(max_size=300), st.sampled_from(HOSTILE)), account=st.sampled_from(HOSTILE))
def test_a_filled_filter_is_what_ldap3_writes_for_the_escaped_text(text: str, login: bytes, account: bytes) -> None:
    """Octet for octet: no value becomes structure, none is changed."""
    template = FilterTemplate.compile(text)
    values = {name: value for name, value in (("login", login), ("account", account)) if name in template.names}
    assert template.fill(**values) == _filled(text, values)


@given(st.binary(min_size=1, max_size=100), st.sampled_from(["(cn={x}*)", "(cn=a*{x}*b)", "(cn=*{x})"]))
def test_a_value_beside_stars_is_taken_literally(value: bytes, text: str) -> None:
    """A star in the value is an octet like any other."""
    assert FilterTemplate.compile(text).fill(x=value) == _filled(text, {"x": value})


def test_an_empty_value_beside_a_star_is_refused() -> None:
    """`(cn={x}*)` with nothing would match everyone."""
    with pytest.raises(InvalidFilter):
        FilterTemplate.compile("(cn={x}*)").fill(x=b"")


def test_a_filter_without_gaps_is_constant() -> None:
    """It fills with no values."""
    assert FilterTemplate.compile("(&(a=b)(c=*))").fill() == oracle.search_filter("(&(a=b)(c=*))")


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=30))
def test_any_equal_is_an_or_of_equalities(values: list[bytes]) -> None:
    """As ldap3 would write it, for one value and for many."""
    text = "(|" + "".join(f"(member={_escaped(value)})" for value in values) + ")"
    assert any_equal("member", values) == oracle.search_filter(text)


@pytest.mark.parametrize(("attribute", "values"), [("member", []), ("a)(b", [b"x"]), ("", [b"x"])])
def test_any_equal_refuses_what_is_no_search(attribute: str, values: list[bytes]) -> None:
    """No value would match nothing, an attribute is never made of what someone typed."""
    with pytest.raises(InvalidFilter):
        any_equal(attribute, values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "uid={login}",
        "(uid={login}",
        "(uid={login}))",
        "(&(uid={login})",
        "(uid={login})(cn=x)",
        "(a=b))((c=d)",
        "(&)",
        "(!(a=b)(c=d))",
        "(!(a=b)(&(c=d)))",
        "(=x)",
        "(a b=x)",
        "(a=**)",
        "({login}=x)",
        "({login}=*)",
        "({login})",
        "(cn:{login}:=x)",
        "(uid={Login})",
        "(uid={login)",
        "(uid={})",
        r"(uid=\{login})",
        r"(uid=\4{login})",
        r"(uid=a\zz)",
        "(uid=a\\",
        "(!" * 101 + "(a=b)" + ")" * 101,
        "(a=" + "x" * 5000 + ")",
        "(cn::=x)",
        "(:dn:=x)",
        "(cn:dn:a:b:=x)",
        "(=*)",
        "(a= *)",
        "(cn=\ud800)",
        "(\u00a0&(a=b))",
        "(a>=*)",
        "(a~=*{x})",
        "(memberOf:1.2.840.113556.1.4.1941:=*)",
        r"(\63n=x)",
        r"(\63n=*)",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    """With an error for people."""
    with pytest.raises(InvalidFilter):
        FilterTemplate.compile(text)


@pytest.mark.parametrize("fill", ["(a={})", "(&{}(a=b))"])
def test_a_filter_is_bounded(fill: str) -> None:
    """As long as 4096 characters and a hundred clauses, and no more: reading it recurses."""
    piece, most = ("x", 4096 - 4) if fill == "(a={})" else ("(a=b)", 98)
    assert FilterTemplate.compile(fill.format(piece * most)).fill()
    with pytest.raises(InvalidFilter, match="4096 characters or 100 clauses"):
        FilterTemplate.compile(fill.format(piece * (most + 1)))


def test_white_space_within_an_extensible_match_counts_for_nothing() -> None:
    """`dn` is no name of a rule by it: the filter would match others."""
    spaced = FilterTemplate.compile("( cn : dn : caseIgnoreMatch := x )")
    assert spaced.fill() == oracle.search_filter("(cn:dn:caseIgnoreMatch:=x)")
    assert FilterTemplate.compile("( cn : DN := x )").fill() == oracle.search_filter("(cn:dn:=x)")


@given(st.text("()&|!=*<>~:{}\\ab 2", max_size=25))
def test_no_text_makes_the_compiler_raise_anything_else(text: str) -> None:
    """A text is a filter with the names that it shows, or an InvalidFilter."""
    try:
        template = FilterTemplate.compile(text)
    except InvalidFilter:
        return
    assert all(f"{{{name}}}" in text for name in template.names)


ATTRIBUTES = st.sampled_from(["cn", "1.2.3", "cn;lang-de", " cn ", "dn"])
VALUES = ["x", "", r"\2a", r"\e4x", "ü", "a=b", " a ", "\u00a0a", "a(b"]
STARS = ["*", "a*b", "*a*", "**", "a * b"]
CLAUSES = st.one_of(
    st.builds("({}{}{})".format, ATTRIBUTES, st.sampled_from(["=", " ="]), st.sampled_from(VALUES + STARS)),
    # A star behind these means itself to ldap3; ours refuses it, as RFC 4515 does.
    st.builds(
        "({}{}{})".format,
        ATTRIBUTES,
        st.sampled_from(["~=", ">=", "<=", ":=", ":dn:=", ":1.2:=", ":DN:caseIgnoreMatch:=", ":a:b:="]),
        st.sampled_from(VALUES),
    ),
)
BLANKS = st.sampled_from(["", " ", "\n  ", "\u00a0"])
FILTERS = st.recursive(
    CLAUSES,
    lambda parts: st.one_of(
        # Of "not" with several clauses ldap3 drops all but one, if another holds clauses; ours refuses it.
        st.builds("({1}!{1}{0}{1})".format, parts, BLANKS),
        st.builds(
            lambda sign, inner, blank: f"({blank}{sign}{blank}{blank.join(inner)}{blank})",
            st.sampled_from("&|"),
            st.lists(parts, max_size=3),
            BLANKS,
        ),
    ),
    max_leaves=6,
)


@given(FILTERS)
def test_a_text_is_read_as_ldap3_reads_it(text: str) -> None:
    """The same texts are filters, and they are the same octets."""
    try:
        ours = FilterTemplate.compile(text).fill()
    except InvalidFilter:
        ours = b""
    try:
        theirs = oracle.search_filter(text)
    except (LDAPExceptionError, PyAsn1Error, IndexError):
        theirs = b""
    assert ours == theirs


@pytest.mark.parametrize("values", [{}, {"login": b"a", "more": b"b"}, {"other": b"a"}])
def test_the_values_must_fit_the_names(values: dict[str, bytes]) -> None:
    """Neither missing nor too many."""
    with pytest.raises(InvalidFilter, match="login"):
        FilterTemplate.compile("(uid={login})").fill(**values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("({login}=x)", "a name in braces may only stand where a value stands"),
        (r"(\75id={login})", "a backslash may only stand where a value stands"),
        ("(memberOf:1.2.840.113556.1.4.1941:=*)", "a star stands only behind a plain '='"),
        ("(u id={login})", "'u id' is not the name of an attribute"),
        ("(uid={login}", "not a filter in the form of RFC 4515, such as"),
    ],
)
def test_the_refusal_says_what_is_wrong(text: str, words: str) -> None:
    """In words for who wrote the filter into bridge.yaml."""
    with pytest.raises(InvalidFilter, match=re.escape(words)):
        FilterTemplate.compile(text)
