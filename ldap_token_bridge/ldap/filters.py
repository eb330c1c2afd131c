"""Search filters: their text is compiled once, values are spliced into the octets afterwards.

So no value can become part of the filter's structure, and there is no escaping that could be forgotten.
"""

import re
from collections.abc import Sequence
from typing import Self

from ldap_token_bridge.values import dataclass

from .filter_text import PLACEHOLDER, any_of, equal, is_name, read_filter
from .filter_tree import InvalidFilter, Tree

MAX_TEMPLATE = 4_096  # characters
MAX_CLAUSES = 100  # keeps the reading of the text, which recurses, far from Python's own limit

_STRAY_BACKSLASH = re.compile(r"\\(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class FilterTemplate:
    """A filter with named gaps for values, as in `(&(objectClass=user)(|(uid={login})(mail={login})))`."""

    text: str
    names: frozenset[str]
    _tree: Tree

    @classmethod
    def compile(cls, text: str) -> Self:
        """The template in `text`; raises InvalidFilter with a text for people."""
        _check(text)
        return cls(text, frozenset(PLACEHOLDER.findall(text)), read_filter(text))

    def fill(self, **values: bytes) -> bytes:
        """The filter as BER with these octets as values, verbatim. Raises InvalidFilter if the names do not fit."""
        if values.keys() != self.names:
            wanted = ", ".join(sorted(self.names)) or "no values"
            raise InvalidFilter(f"the filter takes {wanted}, not {', '.join(sorted(values)) or 'none'}")
        return self._tree if isinstance(self._tree, bytes) else self._tree.render(values)


def any_equal(attribute: str, values: Sequence[bytes]) -> bytes:
    """The BER of `(|(attribute=value)...)`. Raises InvalidFilter without a value, for that would match nothing."""
    name = attribute.encode()
    if not is_name(name):
        raise InvalidFilter(f"{attribute!r} is not the name of an attribute")
    if not values:
        raise InvalidFilter("a search for any of no values")
    return any_of([equal(name, value) for value in values])


def _check(text: str) -> None:
    if len(text) > MAX_TEMPLATE or text.count("(") > MAX_CLAUSES:
        raise InvalidFilter(f"the filter is longer than {MAX_TEMPLATE} characters or {MAX_CLAUSES} clauses")
    if set(PLACEHOLDER.sub("", text)) & set("{}"):
        raise InvalidFilter(r"braces hold a name in small letters, as in {login}; a brace itself is written \7b or \7d")
    if _STRAY_BACKSLASH.search(text):
        raise InvalidFilter(r"a backslash must be followed by two hexadecimal digits; itself it is written \5c")
