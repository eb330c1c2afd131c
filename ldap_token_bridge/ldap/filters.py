"""Search filters: their text is compiled once, values are spliced into the octets afterwards.

ldap3 reads the text (RFC 4515) with a marker in the place of each value; its BER is taken apart into a small tree.
Filling the tree writes a value's octets with their length and nothing else, so no value can become part of the
filter's structure and there is no escaping that could be forgotten.
"""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from .ber import OCTET_STRING, element, read_header

with warnings.catch_warnings():
    # ldap3 2.9 reads names that pyasn1 0.6 has renamed; nobody who runs the bridge can do anything about it.
    warnings.simplefilter("ignore", DeprecationWarning)
    from ldap3.operation.search import compile_filter, parse_filter
    from ldap3.utils.asn1 import encode

MAX_TEMPLATE = 4_096  # characters
MAX_CLAUSES = 100  # keeps the reading of the text, which recurses, far from Python's own limit

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_STRAY_BACKSLASH = re.compile(r"\\(?![0-9A-Fa-f]{2})")
# RFC 4512 section 2.5: a name or an object identifier, then options.
_ATTRIBUTE = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*")

# RFC 4511 section 4.5.1.7
_AND, _OR, _NOT = 0xA0, 0xA1, 0xA2
_EQUAL, _SUBSTRINGS, _GREATER, _LESS, _PRESENT, _APPROXIMATE, _EXTENSIBLE = 0xA3, 0xA4, 0xA5, 0xA6, 0x87, 0xA8, 0xA9
_RULE, _RULE_ATTRIBUTE, _RULE_VALUE = 0x81, 0x82, 0x83


class InvalidFilter(ValueError):
    """The text is no filter, or a value does not fit it."""


@dataclass(frozen=True, slots=True)
class _Value:
    """An element with values in it: octets as they are, `str` the name of a value. `may_be_empty` is False in `*x*`."""

    tag: int
    parts: tuple[bytes | str, ...]
    may_be_empty: bool

    def render(self, values: Mapping[str, bytes]) -> bytes:
        # A list and no generator here and below: this is done for every login.
        octets = b"".join([values[part] if isinstance(part, str) else part for part in self.parts])
        if not octets and not self.may_be_empty:
            raise InvalidFilter("an empty value cannot stand beside a '*' in a filter")
        return element(self.tag, octets)


@dataclass(frozen=True, slots=True)
class _Node:
    """An element that holds others, of which at least one holds a value."""

    tag: int
    children: "tuple[bytes | _Value | _Node, ...]"

    def render(self, values: Mapping[str, bytes]) -> bytes:
        return element(
            self.tag, *[child if isinstance(child, bytes) else child.render(values) for child in self.children]
        )


@dataclass(frozen=True, slots=True)
class FilterTemplate:
    """A filter with named gaps for values, as in `(&(objectClass=user)(|(uid={login})(mail={login})))`."""

    text: str
    names: frozenset[str]
    _tree: bytes | _Value | _Node

    @classmethod
    def compile(cls, text: str) -> Self:
        """The template in `text`; raises InvalidFilter with a text for people."""
        names = _PLACEHOLDER.findall(text)
        _check(text)
        markers: dict[bytes, str] = {}
        marked = text
        for name in sorted(set(names)):
            marker = _unused_marker(text, len(markers))
            markers[marker.encode()] = name
            marked = marked.replace(f"{{{name}}}", marker)
        octets = _compiled(marked)
        spliced: list[str] = []
        tree = _take_apart(octets, markers, spliced)
        if len(spliced) != len(names):
            raise InvalidFilter("a name in braces may only stand where a value stands, as in (uid={login})")
        return cls(text, frozenset(names), tree)

    def fill(self, **values: bytes) -> bytes:
        """The filter as BER with these octets as values, verbatim. Raises InvalidFilter if the names do not fit."""
        if values.keys() != self.names:
            wanted = ", ".join(sorted(self.names)) or "no values"
            raise InvalidFilter(f"the filter takes {wanted}, not {', '.join(sorted(values)) or 'none'}")
        return self._tree if isinstance(self._tree, bytes) else self._tree.render(values)


def any_equal(attribute: str, values: Sequence[bytes]) -> bytes:
    """The BER of `(|(attribute=value)...)`. Raises InvalidFilter without a value, for that would match nothing."""
    name = attribute.encode()
    if not _ATTRIBUTE.fullmatch(name):
        raise InvalidFilter(f"{attribute!r} is not the name of an attribute")
    if not values:
        raise InvalidFilter("a search for any of no values")
    name = element(OCTET_STRING, name)
    return element(_OR, *(element(_EQUAL, name, element(OCTET_STRING, value)) for value in values))


def _check(text: str) -> None:
    if len(text) > MAX_TEMPLATE or text.count("(") > MAX_CLAUSES:
        raise InvalidFilter(f"the filter is longer than {MAX_TEMPLATE} characters or {MAX_CLAUSES} clauses")
    if set(_PLACEHOLDER.sub("", text)) & set("{}"):
        raise InvalidFilter(r"braces hold a name in small letters, as in {login}; a brace itself is written \7b or \7d")
    if _STRAY_BACKSLASH.search(text):
        raise InvalidFilter(r"a backslash must be followed by two hexadecimal digits; itself it is written \5c")


def _unused_marker(text: str, number: int) -> str:
    marker = f"zq{number}x"
    while marker in text:
        marker += "zq"
    return f"{marker}zz"


def _compiled(text: str) -> bytes:
    try:
        root = parse_filter(text, None, auto_escape=False, auto_encode=False, validator=None, check_names=False)
        return bytes(encode(compile_filter(root.elements[0])))
    except Exception:  # noqa: BLE001 -- whatever ldap3 stumbles over, the text is no filter
        raise InvalidFilter(
            "this is not a filter in the form of RFC 4515, such as (&(objectClass=user)(uid={login}))"
        ) from None


def _take_apart(octets: bytes, markers: Mapping[bytes, str], spliced: list[str]) -> bytes | _Value | _Node:
    """The tree of one filter; appends the name of each gap to `spliced`."""
    tag, start, stop = read_header(octets, 0, len(octets))
    if tag == _PRESENT:
        _check_attribute(octets[start:stop])
        return octets
    children = _elements(octets, start, stop)
    parts: list[bytes | _Value | _Node]
    if tag in (_AND, _OR, _NOT):
        parts = [_take_apart(child, markers, spliced) for child in children]
    elif tag == _SUBSTRINGS:
        _check_attribute(_contents(children[0]))
        pieces = [_value(piece, markers, spliced, may_be_empty=False) for piece in _elements(children[1])]
        parts = [children[0], _joined(children[1][0], pieces)]
    elif tag in (_EQUAL, _GREATER, _LESS, _APPROXIMATE):
        _check_attribute(_contents(children[0]))
        parts = [children[0], _value(children[1], markers, spliced, may_be_empty=True)]
    elif tag == _EXTENSIBLE:
        for child in children:
            if child[0] in (_RULE, _RULE_ATTRIBUTE):
                _check_attribute(_contents(child))
        parts = [
            _value(child, markers, spliced, may_be_empty=True) if child[0] == _RULE_VALUE else child
            for child in children
        ]
    else:
        raise InvalidFilter(f"a clause with tag {tag:#04x}, which RFC 4511 does not know")
    return _joined(tag, parts)


def _joined(tag: int, parts: Sequence[bytes | _Value | _Node]) -> bytes | _Node:
    """An element of these parts; plain octets if nothing is to be filled in."""
    fixed = [part for part in parts if isinstance(part, bytes)]
    return element(tag, *fixed) if len(fixed) == len(parts) else _Node(tag, tuple(parts))


def _value(octets: bytes, markers: Mapping[bytes, str], spliced: list[str], *, may_be_empty: bool) -> bytes | _Value:
    if not markers:
        return octets
    pattern = b"|".join(re.escape(marker) for marker in markers)
    found = re.split(b"(" + pattern + b")", _contents(octets))
    names = [markers[part] for part in found[1::2]]
    if not names:
        return octets
    spliced += names
    parts = (markers.get(part, part) for part in found if part)
    return _Value(octets[0], tuple(parts), may_be_empty)


def _elements(octets: bytes, start: int | None = None, stop: int | None = None) -> list[bytes]:
    """The elements in an element's contents; by default those of the element that `octets` are."""
    if start is None or stop is None:
        _, start, stop = read_header(octets, 0, len(octets))
    found = []
    while start < stop:
        _, _, end = read_header(octets, start, stop)
        found.append(octets[start:end])
        start = end
    return found


def _contents(octets: bytes) -> bytes:
    _, start, stop = read_header(octets, 0, len(octets))
    return octets[start:stop]


def _check_attribute(name: bytes) -> None:
    if not _ATTRIBUTE.fullmatch(name):
        raise InvalidFilter(f"{name.decode(errors='replace')!r} is not the name of an attribute")
