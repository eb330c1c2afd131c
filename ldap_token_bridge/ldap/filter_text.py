"""The text of a filter (RFC 4515) with names in braces where values go, read into a tree (RFC 4511 section 4.5.1.7).

A value is taken apart only after the clause that it stands in: whatever it holds, the filter's structure is settled.
White space around parentheses, names and values counts for nothing, so that a long filter can be written in lines.
"""

import re
from string import whitespace

from .ber import OCTET_STRING, SEQUENCE, element
from .filter_tree import InvalidFilter, Tree, Value, joined

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
# RFC 4512 section 2.5: a name or an object identifier, then options.
_NAME = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*")
_ESCAPED = re.compile(rb"\\([0-9A-Fa-f]{2})")

_OR = 0xA1
_CONNECTED = {"&": 0xA0, "|": _OR, "!": 0xA2}
_COMPARED = {">": 0xA5, "<": 0xA6, "~": 0xA8}
_EQUAL, _SUBSTRINGS, _PRESENT, _EXTENSIBLE = 0xA3, 0xA4, 0x87, 0xA9
_INITIAL, _ANY, _FINAL = 0x80, 0x81, 0x82
_RULE, _RULE_ATTRIBUTE, _RULE_VALUE = 0x81, 0x82, 0x83
_RULE_DN = element(0x84, b"\xff")


def read_filter(text: str) -> Tree:
    """Raises InvalidFilter with a text for people. It recurses as deep as the text has parentheses in each other."""
    reader = _Reader(text.strip())
    tree = reader.clause()
    reader.end()
    return tree


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def clause(self) -> Tree:
        self._take("(")
        tag = _CONNECTED.get(self._next())
        if tag is None:
            stop = self._text.find(")", self._at)
            tree = _item(self._text[self._at : max(stop, self._at)].strip())
            self._at = stop
        else:
            tree = self._connected(tag)
        self._take(")")
        return tree

    def end(self) -> None:
        if self._next():
            raise _no_filter()

    def _connected(self, tag: int) -> Tree:
        self._at += 1
        parts = []
        while self._next() == "(":
            parts.append(self.clause())
        if not parts or (tag == _CONNECTED["!"] and len(parts) > 1):
            raise _no_filter()
        return joined(tag, parts)

    def _take(self, wanted: str) -> None:
        if self._next() != wanted:
            raise _no_filter()
        self._at += 1

    def _next(self) -> str:
        """The character that is not white space; empty at the end of the text."""
        while (character := self._text[self._at : self._at + 1]) and character in whitespace:
            self._at += 1
        return character


def is_name(octets: bytes) -> bool:
    """Whether they are the name of an attribute, by letters or by numbers, or of a matching rule."""
    return _NAME.fullmatch(octets) is not None


def any_of(filters: list[bytes]) -> bytes:
    """The filters joined by "or"."""
    return element(_OR, *filters)


def equal(name: bytes, value: bytes) -> bytes:
    """A clause for a value as it is."""
    return element(_EQUAL, element(OCTET_STRING, name), element(OCTET_STRING, value))


def _item(text: str) -> Tree:
    left, equals, right = text.partition("=")
    if not equals or "(" in text:
        raise _no_filter()
    if left.endswith(":"):
        return _extensible(left[:-1], right.strip())
    if left[-1:] in _COMPARED:
        return joined(_COMPARED[left[-1]], [_name(left[:-1]), _value(right.strip())])
    if right == "*":
        return _name(left, _PRESENT)
    if "*" in right:
        return joined(_SUBSTRINGS, [_name(left), _substrings(right.strip())])
    return joined(_EQUAL, [_name(left), _value(right.strip())])


def _substrings(text: str) -> Tree:
    initial, *between, final = text.split("*")
    pieces = [(_INITIAL, initial), *((_ANY, piece) for piece in between), (_FINAL, final)]
    parts = [_value(piece, tag, may_be_empty=False) for tag, piece in pieces if piece]
    if not parts:
        raise _no_filter()
    return joined(SEQUENCE, parts)


def _extensible(left: str, right: str) -> Tree:
    """`name:dn:rule:=value`, where what stands between name and value may be missing, or the name, but not both."""
    name, *more = (part.strip() for part in left.split(":"))
    by_dn = bool(more) and more[0].lower() == "dn"
    rules = more[by_dn:]
    if len(rules) > 1 or not (name or rules):
        raise _no_filter()
    parts = [_name(rule, _RULE) for rule in rules] + ([_name(name, _RULE_ATTRIBUTE)] if name else [])
    return joined(_EXTENSIBLE, [*parts, _value(right, _RULE_VALUE), *([_RULE_DN] if by_dn else [])])


def _name(text: str, tag: int = OCTET_STRING) -> bytes:
    name = text.strip()
    if "{" in name:
        raise InvalidFilter("a name in braces may only stand where a value stands, as in (uid={login})")
    if "\\" in name:
        raise InvalidFilter("a backslash may only stand where a value stands, and not in the name of an attribute")
    octets = _octets(name)
    if not is_name(octets):
        raise InvalidFilter(f"{name!r} is not the name of an attribute")
    return element(tag, octets)


def _value(text: str, tag: int = OCTET_STRING, *, may_be_empty: bool = True) -> bytes | Value:
    """The names in it stand at every second place of what the pattern splits the text into."""
    if "*" in text:
        raise InvalidFilter(r"a star stands only behind a plain '=', as in (cn=a*); itself it is written \2a")
    pieces = PLACEHOLDER.split(text)
    if len(pieces) == 1:
        return element(tag, _octets(text))
    parts = (piece if number % 2 else _octets(piece) for number, piece in enumerate(pieces))
    return Value(tag, tuple(part for part in parts if part), may_be_empty)


def _octets(text: str) -> bytes:
    try:
        return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode())
    except UnicodeEncodeError:  # half characters
        raise _no_filter() from None


def _no_filter() -> InvalidFilter:
    return InvalidFilter("this is not a filter in the form of RFC 4515, such as (&(objectClass=user)(uid={login}))")
