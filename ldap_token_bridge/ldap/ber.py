"""The part of BER that LDAP uses (RFC 4511 section 5.1): definite lengths, tags of one octet. No I/O.

The reader trusts nothing: every length is held against what encloses it, and bad input raises ProtocolError only.
Nothing here recurses; how deep a message may nest is fixed by the code that reads it (responses.py).
"""

BOOLEAN = 0x01
INTEGER = 0x02
OCTET_STRING = 0x04
ENUMERATED = 0x0A
SEQUENCE = 0x30
SET = 0x31

_LONG_FORM = 0x80
_MANY_OCTET_TAG = 0x1F
_MAX_LENGTH_OCTETS = 4
_LONGEST_FORM = _LONG_FORM + _MAX_LENGTH_OCTETS
_MAX_INTEGER_OCTETS = 4


class ProtocolError(Exception):
    """The bytes are not the LDAP that a server in order would send."""


def element(tag: int, *contents: bytes) -> bytes:
    """Tag, length and the contents joined."""
    body = b"".join(contents)
    length = len(body)
    if length < _LONG_FORM:
        return bytes((tag, length)) + body
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_FORM | len(octets))) + octets + body


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A non-negative INTEGER or ENUMERATED in the fewest octets."""
    if value < _LONG_FORM:
        return bytes((tag, 1, value))
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def read_header(data: bytes, position: int, end: int) -> tuple[int, int, int]:
    """Tag, start and stop of the contents of the element at `position`, which must lie before `end` as a whole."""
    start = position + 2
    if start > end:
        raise ProtocolError("an element is cut short")
    tag = data[position]
    if tag & _MANY_OCTET_TAG == _MANY_OCTET_TAG:
        raise ProtocolError("a tag of several octets")
    length = data[position + 1]
    if length >= _LONG_FORM:
        octets = length & 0x7F
        if not 0 < octets <= _MAX_LENGTH_OCTETS or start + octets > end:
            raise ProtocolError("a length that is indefinite, too long or cut short")
        length = int.from_bytes(data[start : start + octets], "big")
        start += octets
    stop = start + length
    if stop > end:
        raise ProtocolError("an element is longer than what encloses it")
    return tag, start, stop


def expect(data: bytes, position: int, end: int, tag: int) -> tuple[int, int]:
    """Start and stop of the contents of the element at `position`, which must have that tag."""
    start = position + 2
    # What is in order is read in line, for each call costs as much; what is odd goes the long way and is refused there.
    if start <= end and data[position] == tag:
        length = data[position + 1]
        if _LONG_FORM < length <= _LONGEST_FORM:
            first, start = start, start + length - _LONG_FORM
            length = int.from_bytes(data[first:start], "big")
        elif length >= _LONG_FORM:
            length = end
        stop = start + length
        if stop <= end:
            return start, stop
    found, start, stop = read_header(data, position, end)
    if found != tag:
        raise ProtocolError(f"tag {found:#04x} where {tag:#04x} belongs")
    return start, stop


def read_integer(data: bytes, start: int, stop: int) -> int:
    """The non-negative integer in these octets."""
    if not 0 < stop - start <= _MAX_INTEGER_OCTETS or data[start] & 0x80:
        raise ProtocolError("an integer that is empty, negative or too large")
    return int.from_bytes(data[start:stop], "big")


class MessageReader:
    """Cuts a stream into whole LDAP messages; `limit` is the most octets that one message may have."""

    __slots__ = ("_buffer", "_needed", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._needed = 2  # so that a dripping server costs one comparison a drop

    @property
    def buffered(self) -> int:
        """Octets of a message that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now, header included. Raises ProtocolError; the stream is useless then."""
        kept = self._buffer
        if kept:
            kept += data
        buffer = kept or data  # whole messages, which is what mostly comes, are not copied twice
        messages: list[bytes] = []
        position, end, needed = 0, len(buffer), self._needed
        while end - position >= needed:
            needed = self._size(buffer, position, end)
            if end - position >= needed:
                messages.append(bytes(buffer[position : position + needed]))
                position += needed
                needed = 2
        self._needed = needed
        if kept:
            del kept[:position]
        else:
            kept += data[position:]
        return messages

    def _size(self, buffer: bytes | bytearray, position: int, end: int) -> int:
        """Octets of the message at `position`, or as many as must be there before that can be told."""
        if buffer[position] != SEQUENCE:
            raise ProtocolError("what came is not an LDAP message")
        length = buffer[position + 1]
        header = 2
        if length >= _LONG_FORM:
            octets = length & 0x7F
            if not 0 < octets <= _MAX_LENGTH_OCTETS:
                raise ProtocolError("a message of indefinite or absurd length")
            header += octets
            if end - position < header:
                return header
            length = int.from_bytes(buffer[position + 2 : position + header], "big")
        if header + length > self.limit:
            raise ProtocolError(f"a message of {length} octets, more than the {self.limit} allowed here")
        return header + length
