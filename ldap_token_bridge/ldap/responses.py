"""A server's messages from octets (RFC 4511 sections 4.1.9, 4.2.2, 4.5.2, 4.12), straight into values.

`decode` raises ProtocolError and nothing else. Elements nest exactly as deep as the calls below, so no input can
recurse; every count has a bound. Referrals are read over and never kept: nothing can follow what nobody knows.
"""

import re
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from .ber import ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE, SET, ProtocolError, expect, read_header, read_integer
from .model import Entry
from .requests import MAX_MESSAGE_ID, PAGED_RESULTS, PASSWORD_POLICY

BIND_RESPONSE, SEARCH_DONE, EXTENDED_RESPONSE = 0x61, 0x65, 0x78
NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036"  # RFC 4511 section 4.4.1

_SEARCH_ENTRY, _SEARCH_REFERENCE, _INTERMEDIATE = 0x64, 0x73, 0x79
_ANSWERS = frozenset((BIND_RESPONSE, SEARCH_DONE, EXTENDED_RESPONSE))
_CONTROLS, _RESPONSE_NAME = 0xA0, 0x8A
_SHORT_FORM_END = 0x80
_POLICY_ERROR = 0x81
# What most answers consist of as a whole, in the form that servers write: lengths in one octet, an id, a code in one
# octet (above 0x7f, the sign of a negative number), an empty name and an empty text.
_PLAIN_ANSWER = re.compile(
    rb"\x30([\x00-\x7f])\x02([\x01-\x04])([\x00-\x7f].{0,3})([\x61\x65\x78])\x07\x0a\x01([\x00-\x7f])\x04\x00\x04\x00",
    re.DOTALL,
).fullmatch

MAX_ATTRIBUTES = 4_096  # of one entry; the schema of Active Directory knows about 1,500
MAX_VALUES = 250_000  # of one entry, all attributes together
MAX_NAME = 256  # octets of an attribute's name with its options
MAX_DIAGNOSTIC = 1_000  # characters kept
_MAX_EXTRAS = 32  # controls of a message; elements after the diagnostic message


class Answer(NamedTuple):
    """The last word on a request: `operation` is the response's tag, `name` an extended response's OID.

    `cookie` is not empty if more pages can be asked for; `policy_error` is OpenLDAP's reason for refusing a bind.
    """

    message_id: int
    operation: int
    code: int
    diagnostic: str
    name: str = ""
    cookie: bytes = b""
    policy_error: int | None = None


class Found(NamedTuple):
    """One entry of a search under way."""

    message_id: int
    entry: Entry


class Skipped(NamedTuple):
    """A reference to another server or an intermediate response: nothing that the bridge uses."""

    message_id: int


def decode(message: bytes) -> Answer | Found | Skipped:
    """The message whose octets these are, as a whole."""
    end = len(message)
    if plain := _PLAIN_ANSWER(message):
        length, id_length, octets, tag, code = plain.groups()
        if length[0] == end - 2 and id_length[0] == len(octets):
            return Answer(int.from_bytes(octets, "big"), tag[0], code[0], "")
    start, stop = expect(message, 0, end, SEQUENCE)
    if stop != end:
        raise ProtocolError("octets after the message")
    id_start, id_stop = expect(message, start, end, INTEGER)
    message_id = read_integer(message, id_start, id_stop)
    if message_id > MAX_MESSAGE_ID:
        raise ProtocolError("a message id that is too large")
    operation, start, stop = read_header(message, id_stop, end)
    controls = _controls(message, stop, end)
    if operation == _SEARCH_ENTRY:
        return Found(message_id, _entry(message, start, stop))
    if operation in _ANSWERS:
        answer = _answer(message, start, stop, message_id, operation)
        return _with_controls(answer, message, *controls) if controls else answer
    if operation in (_SEARCH_REFERENCE, _INTERMEDIATE):
        return Skipped(message_id)
    raise ProtocolError(f"an operation with tag {operation:#04x}, which no server sends")


def _answer(data: bytes, start: int, stop: int, message_id: int, operation: int) -> Answer:
    code_start, code_stop = expect(data, start, stop, ENUMERATED)
    code = read_integer(data, code_start, code_stop)
    _, matched_stop = expect(data, code_stop, stop, OCTET_STRING)
    text_start, position = expect(data, matched_stop, stop, OCTET_STRING)
    diagnostic = _diagnostic(data[text_start:position]) if position > text_start else ""
    name = ""
    for _ in range(_MAX_EXTRAS):
        if position == stop:
            return Answer(message_id, operation, code, diagnostic, name)
        tag, extra_start, position = read_header(data, position, stop)
        if tag == _RESPONSE_NAME:
            name = data[extra_start:position].decode("ascii", "replace")
    raise ProtocolError("too many elements in a result")


def _entry(data: bytes, start: int, stop: int) -> Entry:
    dn_start, dn_stop = expect(data, start, stop, OCTET_STRING)
    position, end = expect(data, dn_stop, stop, SEQUENCE)
    if end != stop:
        raise ProtocolError("octets after an entry's attributes")
    attributes: dict[str, tuple[bytes, ...]] = {}
    repeated: dict[str, list[tuple[bytes, ...]]] = {}
    room = MAX_VALUES
    while position < end:
        name, values, position = _only_value(data, position, end) or _attribute(data, position, end, room)
        room -= len(values)
        if name in attributes:
            repeated.setdefault(name, [attributes[name]]).append(values)
        attributes[name] = values
        if room < 0 or len(attributes) > MAX_ATTRIBUTES:
            raise ProtocolError("too many values or attributes in an entry")
    for name, parts in repeated.items():
        attributes[name] = tuple(chain.from_iterable(parts))
    return Entry(_decoded(data[dn_start:dn_stop], "utf-8"), attributes)


def _only_value(data: bytes, position: int, end: int) -> tuple[str, tuple[bytes, ...], int] | None:
    """As `_attribute`, for one value with all lengths in one octet, as most attributes have it; None for others.

    Each call costs as much as all of this.
    """
    name_start = position + 4
    if name_start > end or data[position] != SEQUENCE or data[position + 2] != OCTET_STRING:
        return None
    length = data[position + 1]
    stop = position + 2 + length
    name_stop = name_start + data[position + 3]
    if length >= _SHORT_FORM_END or stop > end or name_stop + 4 > stop or data[name_stop] != SET:
        return None
    # What is left is short, so no long form of a length can equal it.
    rest = stop - name_stop
    if data[name_stop + 1] != rest - 2 or data[name_stop + 2] != OCTET_STRING or data[name_stop + 3] != rest - 4:
        return None
    return _attribute_name(data[name_start:name_stop]), (data[name_stop + 4 : stop],), stop


def _attribute(data: bytes, position: int, end: int, room: int) -> tuple[str, tuple[bytes, ...], int]:
    """Name, values and end of the attribute at `position`."""
    start, stop = expect(data, position, end, SEQUENCE)
    name_start, name_stop = expect(data, start, stop, OCTET_STRING)
    values_start, values_stop = expect(data, name_stop, stop, SET)
    values = _values(data, values_start, values_stop, room)
    if values_stop != stop:
        raise ProtocolError("octets after an attribute's values")
    return _attribute_name(data[name_start:name_stop]), values, stop


def _values(data: bytes, position: int, end: int, room: int) -> tuple[bytes, ...]:
    values: list[bytes] = []
    for _ in range(room):
        if position >= end:
            break
        start = position + 2
        # The short form in line: this loop runs once per group of a person and is most of the decoding.
        if start <= end and data[position] == OCTET_STRING and (length := data[position + 1]) < _SHORT_FORM_END:
            position = start + length
        else:
            start, position = expect(data, position, end, OCTET_STRING)
        values.append(data[start:position])
    if position != end:
        raise ProtocolError("too many values in an entry, or one that is longer than what encloses it")
    return tuple(values)


@lru_cache(maxsize=256)  # every entry has the same few
def _attribute_name(octets: bytes) -> str:
    if len(octets) > MAX_NAME:
        raise ProtocolError("an attribute's name that is too long")
    return _decoded(octets, "ascii").lower()


def _controls(data: bytes, position: int, end: int) -> tuple[int, int] | None:
    """Start and stop of the message's controls, if it has any."""
    if position == end:
        return None
    start, stop = expect(data, position, end, _CONTROLS)
    if stop != end:
        raise ProtocolError("octets after the controls")
    return start, stop


def _with_controls(answer: Answer, data: bytes, position: int, end: int) -> Answer:
    """The answer with what the known ones of its controls say."""
    for _ in range(_MAX_EXTRAS):
        if position == end:
            return answer
        start, position = expect(data, position, end, SEQUENCE)
        oid_start, oid_stop = expect(data, start, position, OCTET_STRING)
        read = _READ_CONTROL.get(data[oid_start:oid_stop])
        if read is None:
            continue
        tag, value_start, value_stop = read_header(data, oid_stop, position)
        if tag != OCTET_STRING:  # the criticality, which a server may send
            value_start, value_stop = expect(data, value_stop, position, OCTET_STRING)
        answer = read(answer, data, *expect(data, value_start, value_stop, SEQUENCE))
    raise ProtocolError("too many controls")


def _page(answer: Answer, data: bytes, start: int, stop: int) -> Answer:
    _, size_stop = expect(data, start, stop, INTEGER)
    cookie_start, cookie_stop = expect(data, size_stop, stop, OCTET_STRING)
    return answer._replace(cookie=data[cookie_start:cookie_stop])


def _password_policy(answer: Answer, data: bytes, start: int, stop: int) -> Answer:
    """A warning may stand before the error; both may be left out."""
    while start < stop:
        tag, value_start, start = read_header(data, start, stop)
        if tag == _POLICY_ERROR:
            return answer._replace(policy_error=read_integer(data, value_start, start))
    return answer


_READ_CONTROL = {PAGED_RESULTS: _page, PASSWORD_POLICY: _password_policy}


def _decoded(octets: bytes, encoding: str) -> str:
    try:
        return octets.decode(encoding)
    except UnicodeDecodeError:
        raise ProtocolError("a name that is not text") from None


def _diagnostic(octets: bytes) -> str:
    """One printable line; Active Directory ends its messages with a NUL."""
    text = octets[: 4 * MAX_DIAGNOSTIC].decode("utf-8", "replace").rstrip("\0 \r\n")
    return "".join(character if character.isprintable() else " " for character in text[:MAX_DIAGNOSTIC])
