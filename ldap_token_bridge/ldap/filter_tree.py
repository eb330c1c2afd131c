"""A filter as octets with gaps in them. Filling one writes a value's octets with their length and nothing else."""

from collections.abc import Mapping, Sequence

from ldap_token_bridge.values import dataclass

from .ber import element


class InvalidFilter(ValueError):
    """The text is no filter, or a value does not fit it."""


@dataclass(frozen=True, slots=True)
class Value:
    """An element with values in it: octets as they are, `str` the name of a value. `may_be_empty` is False in `*x*`."""

    tag: int
    parts: tuple[bytes | str, ...]
    may_be_empty: bool

    def render(self, values: Mapping[str, bytes]) -> bytes:
        """The element with these octets in it; raises InvalidFilter."""
        # A list and no generator here and below: this is done for every login.
        octets = b"".join([values[part] if isinstance(part, str) else part for part in self.parts])
        if not octets and not self.may_be_empty:
            raise InvalidFilter("an empty value cannot stand beside a '*' in a filter")
        return element(self.tag, octets)


@dataclass(frozen=True, slots=True)
class Node:
    """An element that holds others, of which at least one holds a value."""

    tag: int
    children: "tuple[Tree, ...]"

    def render(self, values: Mapping[str, bytes]) -> bytes:
        """As for a value."""
        return element(
            self.tag, *[child if isinstance(child, bytes) else child.render(values) for child in self.children]
        )


Tree = bytes | Value | Node


def joined(tag: int, parts: Sequence[Tree]) -> bytes | Node:
    """An element of these parts; plain octets if nothing is to be filled in."""
    fixed = [part for part in parts if isinstance(part, bytes)]
    return element(tag, *fixed) if len(fixed) == len(parts) else Node(tag, tuple(parts))
