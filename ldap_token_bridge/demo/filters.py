"""Search filters, evaluated on the sample entries (RFC 4511 section 4.5.1.7, RFC 4517 for the comparisons).

A filter is true, false or undefined (None); only true selects an entry, and "not undefined" stays undefined.
ldap3's own evaluation in its mock strategies is not used: it takes "not (a and b)" for "not a and not b".
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from ldap_token_bridge.dn import DistinguishedName, InvalidName, normalise_value
from ldap_token_bridge.values import dataclass

from .tree import Entry

Comparable = bytes | int | str | DistinguishedName

_NAMES = frozenset({"distinguishedname", "member", "memberof", "objectcategory"})
_OCTETS = frozenset({"objectguid", "objectsid", "tokengroups"})
_NUMBERS = frozenset(
    {
        "accountexpires",
        "grouptype",
        "lockouttime",
        "msds-user-account-control-computed",
        "primarygroupid",
        "pwdlastset",
        "samaccounttype",
        "useraccountcontrol",
    }
)


class Filter(Protocol):
    """A node of a filter."""

    def matches(self, entry: Entry) -> bool | None:
        """Whether the entry is selected; None if that is undefined."""


@dataclass(frozen=True, slots=True)
class And:
    """True if all are; false if any is."""

    parts: tuple[Filter, ...]

    def matches(self, entry: Entry) -> bool | None:
        """See `Filter`."""
        results = [part.matches(entry) for part in self.parts]
        return False if False in results else None if None in results else True


@dataclass(frozen=True, slots=True)
class Or:
    """True if any is; false if all are."""

    parts: tuple[Filter, ...]

    def matches(self, entry: Entry) -> bool | None:
        """See `Filter`."""
        results = [part.matches(entry) for part in self.parts]
        return True if True in results else None if None in results else False


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Filter

    def matches(self, entry: Entry) -> bool | None:
        """See `Filter`."""
        result = self.part.matches(entry)
        return None if result is None else not result


@dataclass(frozen=True, slots=True)
class Present:
    """Whether the attribute has a value."""

    attribute: str

    def matches(self, entry: Entry) -> bool | None:
        """See `Filter`."""
        return bool(entry.values(self.attribute))


@dataclass(frozen=True, slots=True)
class Equal:
    """Whether any value is the asserted one."""

    attribute: str
    value: bytes

    def matches(self, entry: Entry) -> bool | None:
        """See `Filter`."""
        if self.attribute.lower() == "objectcategory" and b"=" not in self.value:
            # Active Directory takes `person` for the name of the class that it stands for.
            head = b"cn=" + self.value.lower() + b","
            return any(value.lower().startswith(head) for value in entry.values(self.attribute))
        return _any_value(entry, self.attribute, self.value, lambda held, asked: held == asked)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Whether any value is the asserted one or greater."""

    attribute: str
    value: bytes

    def matches(self, entry: Entry) -> bool | None:
        """See `Filter`."""
        return _any_value(entry, self.attribute, self.value, lambda held, asked: _in_order(asked, held))


@dataclass(frozen=True, slots=True)
class AtMost:
    """Whether any value is the asserted one or less."""

    attribute: str
    value: bytes

    def matches(self, entry: Entry) -> bool | None:
        """See `Filter`."""
        return _any_value(entry, self.attribute, self.value, _in_order)


@dataclass(frozen=True, slots=True)
class Substring:
    """Whether any value begins with, holds in this order, and ends with the parts."""

    attribute: str
    initial: bytes
    middle: tuple[bytes, ...]
    final: bytes

    def matches(self, entry: Entry) -> bool | None:
        """See `Filter`. Names, numbers and octets have no substring match, as in Active Directory."""
        if self.attribute.lower() in _NAMES | _NUMBERS | _OCTETS:
            return None
        return any(self._holds(_text(value)) for value in entry.values(self.attribute))

    def _holds(self, value: str) -> bool:
        initial, final = _text(self.initial), _text(self.final)
        if len(value) < len(initial) + len(final) or not (value.startswith(initial) and value.endswith(final)):
            return False
        position, end = len(initial), len(value) - len(final)
        for part in self.middle:
            text = _text(part)
            position = value.find(text, position, end)
            if position < 0:
                return False
            position += len(text)
        return True


@dataclass(frozen=True, slots=True)
class Extensible:
    """A match by a named rule; known are the two for bits in a number. Any other is undefined."""

    rule: str
    attribute: str
    value: bytes

    def matches(self, entry: Entry) -> bool | None:
        """See `Filter`."""
        compare = _BIT_RULES.get(self.rule)
        if compare is None or self.attribute.lower() not in _NUMBERS:
            return None
        return _any_value(entry, self.attribute, self.value, compare)


def _any_value(
    entry: Entry, attribute: str, value: bytes, compare: Callable[[Comparable, Comparable], bool]
) -> bool | None:
    asked = _comparable(attribute, value)
    if asked is None:
        return None
    held: Sequence[Comparable | None] = [_comparable(attribute, one) for one in entry.values(attribute)]
    return any(one is not None and compare(one, asked) for one in held)


def _comparable(attribute: str, value: bytes) -> Comparable | None:
    """A value in the form in which its attribute's syntax compares it; None if it is none of that syntax."""
    name = attribute.lower()
    if name in _OCTETS:
        return value
    try:
        if name in _NUMBERS:
            return int(value)
        return DistinguishedName.parse(value.decode()) if name in _NAMES else normalise_value(value.decode())
    except (ValueError, InvalidName):
        return None


def _all_bits(held: Comparable, asked: Comparable) -> bool:
    return isinstance(held, int) and isinstance(asked, int) and held & asked == asked


def _any_bit(held: Comparable, asked: Comparable) -> bool:
    return isinstance(held, int) and isinstance(asked, int) and bool(held & asked)


def _in_order(low: Comparable, high: Comparable) -> bool:
    if isinstance(low, int) and isinstance(high, int):
        return low <= high
    return isinstance(low, str) and isinstance(high, str) and low <= high


def _text(value: bytes) -> str:
    return value.decode(errors="replace").casefold()


# LDAP_MATCHING_RULE_BIT_AND and LDAP_MATCHING_RULE_BIT_OR ([MS-ADTS] 3.1.1.3.4.4).
_BIT_RULES = {"1.2.840.113556.1.4.803": _all_bits, "1.2.840.113556.1.4.804": _any_bit}
