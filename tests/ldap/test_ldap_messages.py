"""Our messages held against ldap3's, both ways: what we write it reads the same, what it writes we read the same."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.ldap import Entry, FilterTemplate, SearchRequest, SearchScope, requests, responses
from ldap_token_bridge.ldap.ber import ProtocolError
from tests.support import ldap3_oracle as oracle
from tests.support.scripted_ldap import ALL_ANSWERS, FoundEntry, entry_octets, message, search_done
from tests.support.tiny_ber import number, put

IDS = st.integers(1, 2**31 - 1)
NAMES = st.text(max_size=60)
ATTRIBUTE_NAMES = st.text(string.ascii_letters + string.digits + "-;", min_size=1, max_size=20)
ANY_ENTRY = FilterTemplate.compile("(objectClass=*)").fill()


@given(IDS, NAMES, st.text(min_size=1, max_size=200))
def test_a_bind_is_the_one_that_ldap3_would_write(message_id: int, dn: str, password: str) -> None:
    """Octet for octet, for any name and any password, which is not prepared in any way."""
    ours = requests.envelope(message_id, requests.simple_bind(dn.encode(), password.encode()))
    assert ours == oracle.bind(message_id, dn, password.encode())


@given(
    IDS,
    NAMES,
    st.sampled_from(SearchScope),
    st.lists(ATTRIBUTE_NAMES, max_size=5),
    st.integers(0, 2**31 - 1),
    st.integers(0, 100_000),
)
def test_a_search_is_the_one_that_ldap3_would_write(
    message_id: int, base: str, scope: SearchScope, attributes: list[str], size_limit: int, time_limit: int
) -> None:
    """Octet for octet, aliases never followed."""
    request = SearchRequest(base, scope, ANY_ENTRY, tuple(attributes), size_limit)
    ours = requests.envelope(message_id, requests.search(request, time_limit))
    assert ours == oracle.search(message_id, base, int(scope), attributes, size_limit, time_limit)


@given(IDS, st.integers(1, 10_000), st.binary(max_size=300))
def test_the_paging_control_is_the_one_that_ldap3_would_write(message_id: int, size: int, cookie: bytes) -> None:
    """With and without a cookie, never critical."""
    request = SearchRequest("dc=x", SearchScope.SUBTREE, ANY_ENTRY, ("cn",))
    ours = requests.envelope(message_id, requests.search(request, 0), requests.paging(size, cookie))
    assert ours == oracle.search(message_id, "dc=x", 2, ["cn"], 0, 0, page=(size, cookie))


@given(IDS, IDS)
def test_the_small_requests_are_the_ones_that_ldap3_would_write(message_id: int, other: int) -> None:
    """SASL EXTERNAL without an identity of our own wording, StartTLS, unbind and abandon."""
    assert requests.envelope(message_id, requests.external_bind()) == oracle.external_bind(message_id)
    assert requests.envelope(message_id, requests.start_tls()) == oracle.start_tls(message_id)
    assert requests.envelope(message_id, requests.unbind()) == oracle.unbind(message_id)
    assert requests.envelope(message_id, requests.abandon(other)) == oracle.abandon(message_id, other)


@given(IDS, st.sampled_from([0, 4, 10, 19, 32, 49, 51, 53, 80]), st.text(string.printable.strip(), max_size=50))
def test_an_answer_that_ldap3_writes_reads_back(message_id: int, code: int, text: str) -> None:
    """Bind and search results with their code and their words."""
    for kind, operation in (("bind", responses.BIND_RESPONSE), ("search", responses.SEARCH_DONE)):
        answer = responses.decode(oracle.result(message_id, kind, code, text))
        assert answer == responses.Answer(message_id, operation, code, text)


@given(
    IDS,
    NAMES,
    st.dictionaries(ATTRIBUTE_NAMES.map(str.lower), st.lists(st.binary(max_size=200), max_size=5), max_size=5),
)
def test_an_entry_that_ldap3_writes_reads_back(message_id: int, dn: str, attributes: dict[str, list[bytes]]) -> None:
    """Its name and all its values, in their order, as octets."""
    found = responses.decode(oracle.entry(message_id, dn, attributes))
    expected = Entry(dn, {name: tuple(values) for name, values in attributes.items()})
    assert found == responses.Found(message_id, expected)


@given(
    st.text(max_size=20),
    st.dictionaries(ATTRIBUTE_NAMES, st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=8), max_size=4),
)
def test_we_and_ldap3_read_an_entry_alike(dn: str, attributes: dict[str, list[bytes]]) -> None:
    """The same octets, with lengths as Active Directory writes them, mean the same to both."""
    octets = message(7, entry_octets(FoundEntry(dn, attributes)))
    found = responses.decode(octets)
    assert isinstance(found, responses.Found)
    theirs = oracle.read_entry(octets)
    assert found.entry.dn == theirs[0]
    assert sorted((name, value) for name, values in found.entry.attributes.items() for value in values) == sorted(
        (name.lower(), value) for name, values in theirs[1] for value in values
    )


def test_an_entry_may_be_as_large_as_can_be() -> None:
    """So many values, and a name so long; one more of either is refused (above and below)."""
    octets = put(0x30, put(4, b"A" * 256), put(0x31, b"\x04\x00" * 250_000))
    found = responses.decode(message(1, put(0x64, put(4), put(0x30, octets))))
    assert isinstance(found, responses.Found)
    assert found.entry.attributes == {"a" * 256: (b"",) * 250_000}


def test_an_attribute_sent_in_two_parts_is_one() -> None:
    """Its values are joined in their order, whatever the case of its name."""
    entry = FoundEntry("dc=x", {"CN": [b"a"], "cn": [b"b", b"c"], "Cn": [b"d"]})
    found = responses.decode(message(1, entry_octets(entry)))
    assert isinstance(found, responses.Found)
    assert found.entry.texts("cn") == ("a", "b", "c", "d")


def test_a_diagnostic_is_one_line_for_the_log() -> None:
    """The NUL at the end of Active Directory's words goes, control characters too, and there is an end."""
    octets = message(1, put(0x61, number(49, 10), put(4), put(4, b"a\x1b[2J\nb" + b"x" * 5000 + b"\0")))
    answer = responses.decode(octets)
    assert isinstance(answer, responses.Answer)
    assert answer.diagnostic == "a [2J b" + "x" * 993


def test_a_cookie_is_found_among_other_controls() -> None:
    """With its criticality written out or not; no control, no cookie."""
    assert _cookie(search_done(3, b"next")) == b"next"
    other = put(0x30, put(4, b"1.2.3"))
    page = put(0x30, put(4, requests.PAGED_RESULTS), put(4, put(0x30, number(0), put(4, b"more"))))
    assert _cookie(message(3, put(0x65, number(0, 10), put(4), put(4)), put(0xA0, other, page))) == b"more"
    assert _cookie(message(3, put(0x65, number(0, 10), put(4), put(4)), put(0xA0, other))) == b""


def _cookie(octets: bytes) -> bytes:
    answer = responses.decode(octets)
    assert isinstance(answer, responses.Answer)
    return answer.cookie


def test_referrals_are_read_over() -> None:
    """Nothing of a referral, in an answer or instead of an entry, is kept."""
    assert responses.decode(ALL_ANSWERS[2]) == responses.Skipped(3)
    assert responses.decode(ALL_ANSWERS[4]) == responses.Answer(5, responses.SEARCH_DONE, 10, "")


@pytest.mark.parametrize(
    "octets",
    [
        message(1, put(0x61, number(0, 10), put(4), put(4))) + b"\x00",
        message(2**31, put(0x61, number(0, 10), put(4), put(4))),
        message(1, put(0x60, number(0, 10), put(4), put(4))),
        message(1, put(0x61, number(0, 10), put(4))),
        message(1, put(0x61, number(0, 10), put(4), put(4), put(0x87) * 40)),
        message(1, put(0x64, put(4, b"\xff"), put(0x30))),
        message(1, put(0x64, put(4), put(0x30, put(0x30, put(4, b"\xc3\xbc"), put(0x31))))),
        message(1, put(0x64, put(4), put(0x30, put(0x30, put(4, b"a"), put(0x31), put(4))))),
        message(1, put(0x64, put(4), put(0x30), put(4))),
        message(1, put(0x65, number(0, 10), put(4), put(4)), put(0xA1)),
        message(1, put(0x65, number(0, 10), put(4), put(4)), put(0xA0, put(0x30, put(4, b"1")) * 40)),
        message(1, put(0x64, put(4), put(0x30, *(put(0x30, put(4, b"%d" % n), put(0x31)) for n in range(5000))))),
        message(1, put(0x64, put(4), put(0x30, put(0x30, put(4, b"a"), put(0x31, b"\x04\x00" * 250_001))))),
        message(1, put(0x64, put(4), put(0x30, put(0x30, put(4, b"a"), put(0x31, b"\x04\x02a"), put(4, b"b"))))),
        message(1, put(0x64, put(4), put(0x30, put(0x30, put(4, b"a" * 257), put(0x31))))),
    ],
    ids=range(15),
)
def test_what_no_server_sends_is_a_protocol_error(octets: bytes) -> None:
    """Trailing octets, absurd ids, unknown operations, missing parts, names no one has, endless lists, odd lengths."""
    with pytest.raises(ProtocolError):
        responses.decode(octets)


def test_an_entry_gives_values_by_name() -> None:
    """Names without regard to case; absent is None or empty; octets that are no text stay apart."""
    attributes: dict[str, Any] = {"mail": (b"a@x", b"b@x"), "photo": (b"\xff\\xff",), "none": ()}
    entry = Entry("dc=x", attributes)
    assert (entry.first("MAIL"), entry.text("Mail"), entry.texts("mail")) == (b"a@x", "a@x", ("a@x", "b@x"))
    assert (entry.first("none"), entry.text("none"), entry.texts("absent")) == (None, "", ())
    assert entry.text("photo") == r"\xff\xff"
