"""The codec's lowest layer: lengths, integers, and cutting a stream into messages."""

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.ldap import responses
from ldap_token_bridge.ldap.ber import MessageReader, ProtocolError, element, expect, integer, read_header, read_integer
from ldap_token_bridge.ldap.responses import Answer, Found, Skipped, decode
from tests.support.scripted_ldap import ALL_ANSWERS
from tests.support.tiny_ber import put

LIMIT = 1 << 16


@given(st.integers(0, 255).filter(lambda tag: tag & 31 != 31), st.binary(max_size=400))
def test_an_element_reads_back(tag: int, contents: bytes) -> None:
    """Whatever is written as an element is read as that element, whole."""
    octets = element(tag, contents)
    found, start, stop = read_header(octets, 0, len(octets))
    assert (found, octets[start:stop], stop) == (tag, contents, len(octets))


@given(st.integers(0, 2**31 - 1))
def test_an_integer_reads_back_and_is_as_short_as_can_be(value: int) -> None:
    """Integers are minimal and never turn negative by their first bit."""
    octets = integer(value)
    start, stop = expect(octets, 0, len(octets), 2)
    assert read_integer(octets, start, stop) == value
    assert len(octets) == 2 + max(1, (value.bit_length() + 8) // 8)


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x04", b"\x04\x05abc", b"\x04\x80abc", b"\x04\x85\x00\x00\x00\x00\x01a", b"\x1f\x01a", b"\x04\x82\x01"],
)
def test_a_broken_header_is_a_protocol_error(octets: bytes) -> None:
    """Cut short, indefinite, absurdly long, or with a tag of several octets: refused."""
    with pytest.raises(ProtocolError):
        read_header(octets, 0, len(octets))


# Tags, and octets that a length begins with or consists of.
_TELLING = st.sampled_from((0, 1, 2, 3, 4, 5, 0x1F, 0x30, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x85, 0xFF))


@given(st.lists(_TELLING, max_size=9).map(bytes), st.integers(0, 2), st.integers(0, 2), _TELLING)
def test_what_is_expected_is_read_as_any_other_header(octets: bytes, position: int, outside: int, tag: int) -> None:
    """Every form of a length and every fault in it, where what encloses it ends before the octets or with them."""
    end = len(octets) - outside

    def expected() -> tuple[int, int] | None:
        try:
            found, start, stop = read_header(octets, position, end)
        except ProtocolError:
            return None
        return (start, stop) if found == tag else None

    def read() -> tuple[int, int] | None:
        try:
            return expect(octets, position, end, tag)
        except ProtocolError:
            return None

    assert read() == expected()


@pytest.mark.parametrize("octets", [b"", b"\xff", b"\x00\x00\x00\x00\x01"])
def test_an_integer_that_ldap_does_not_use_is_refused(octets: bytes) -> None:
    """Empty, negative or over four octets."""
    with pytest.raises(ProtocolError):
        read_integer(octets, 0, len(octets))


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(1, 50))
def test_messages_come_whole_however_the_stream_is_cut(bodies: list[bytes], step: int) -> None:
    """The reader gives the same messages for any way in which the octets arrive."""
    messages = [put(0x30, body) for body in bodies]
    stream = b"".join(messages)
    reader = MessageReader(LIMIT)
    found = [message for at in range(0, len(stream), step) for message in reader.feed(stream[at : at + step])]
    assert found == messages
    assert reader.buffered == 0


@pytest.mark.parametrize("start", [b"\x31\x02", b"HTTP/1.1", b"\x30\x80", b"\x30\x85\x01", b"\x30\x83\x01\x00\x00"])
def test_a_stream_that_is_not_ldap_ends_at_once(start: bytes) -> None:
    """A wrong tag, an indefinite length, or more than the limit is refused before anything is kept for it."""
    with pytest.raises(ProtocolError):
        MessageReader(1000).feed(start + bytes(10))


def test_the_limit_counts_the_whole_message() -> None:
    """A message as long as the limit passes, one octet more does not."""
    assert MessageReader(102).feed(element(0x30, bytes(100))) == [element(0x30, bytes(100))]
    with pytest.raises(ProtocolError):
        MessageReader(101).feed(element(0x30, bytes(100)))


@given(st.binary(max_size=200))
def test_no_octets_make_the_decoder_raise_anything_else(octets: bytes) -> None:
    """Noise is a ProtocolError, or by chance a message; never another error."""
    _decode(octets)
    _decode(put(0x30, b"\x02\x01\x01", octets))


@given(st.sampled_from(ALL_ANSWERS), st.data())
def test_no_damage_makes_the_decoder_raise_anything_else(message: bytes, data: st.DataObject) -> None:
    """Real messages with octets changed, cut out or put in are a ProtocolError or another message."""
    octets = bytearray(message)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    _decode(bytes(octets))


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_no_stream_makes_the_reader_raise_anything_else(chunks: list[bytes]) -> None:
    """Whatever arrives, messages come out or a ProtocolError; what waits stays below the limit."""
    reader = MessageReader(LIMIT)
    try:
        for chunk in chunks:
            for message in reader.feed(chunk):
                assert message[0] == 0x30
    except ProtocolError:
        return
    assert reader.buffered < LIMIT


@given(
    st.sampled_from([0x61, 0x65, 0x78]),
    st.integers(0, 2**31 - 1),
    st.integers(0, 200),
    st.sampled_from([b"", b"\xa0\x00", b"\x04\x00"]),
    st.data(),
)
def test_a_plain_answer_reads_as_any_other(tag: int, number: int, code: int, more: bytes, data: st.DataObject) -> None:
    """It is read at once as a whole: with the same outcome, be it damaged or not."""
    operation = element(tag, integer(code, 10), element(4), element(4))
    octets = bytearray(element(0x30, integer(number), operation, more))
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    with mock.patch.object(responses, "_PLAIN_ANSWER", return_value=None):
        step_by_step = _outcome(bytes(octets))
    assert _outcome(bytes(octets)) == step_by_step


@pytest.mark.parametrize(
    "octets",
    [
        "300d 020101 6107 0a0131 0400 0400",  # longer than it is
        "300b 020101 6107 0a0131 0400 0400",  # shorter
        "300c 020201 6107 0a0131 0400 0400",  # an id that is said to be longer
        "300d 02010101 6107 0a0131 0400 0400",  # shorter
        "300c 020181 6107 0a0131 0400 0400",  # negative
        "300c 020101 6107 0a0181 0400 0400",  # a negative code
        "300c 020101 6108 0a0131 0400 0400",  # a result that is said to be longer
        "300c 020101 6007 0a0131 0400 0400",  # a request
    ],
)
def test_an_answer_that_is_nearly_plain_is_refused(octets: str) -> None:
    """Each is off by one thing that the short way must not overlook."""
    with pytest.raises(ProtocolError):
        decode(bytes.fromhex(octets))


def test_most_answers_are_plain() -> None:
    """Else the test above would hold two same things against each other."""
    plain = element(0x30, integer(300), element(0x61, integer(49, 10), element(4), element(4)))
    assert responses._PLAIN_ANSWER(plain)
    assert _outcome(plain) == Answer(300, 0x61, 49, "")


def _outcome(octets: bytes) -> Answer | Found | Skipped | str:
    try:
        return decode(octets)
    except ProtocolError:
        return "refused"


def _decode(octets: bytes) -> None:
    try:
        message = decode(octets)
    except ProtocolError:
        return
    assert isinstance(message, Answer | Found | Skipped)
    assert message.message_id >= 0
