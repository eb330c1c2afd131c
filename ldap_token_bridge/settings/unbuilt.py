"""Keys that the product has by its plan and this version does not: refused in so many words, never ignored.

Whoever builds one of them deletes its line here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ldap_token_bridge.errors import Place, Problem
from ldap_token_bridge.yamlfile import Document, KeyPath

_REMOVE = "Remove it."


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """A key and what is not there yet: any value of it, or any value but those `built`."""

    path: KeyPath
    remedy: str = _REMOVE
    built: tuple[str, ...] = ()

    def covers(self, value: Any) -> bool:
        """Whether this value of the key is not supported."""
        return value not in self.built

    def problem(self, what: str, place: Place) -> Problem:
        """What to say about `what`, which is the key or the key with its value."""
        remedy = "Unset it." if self.remedy == _REMOVE and not place.line else self.remedy
        return Problem(f"{what} is not supported by this version", place, remedy)


UNBUILT = (
    Unbuilt(("token", "issued_at")),
    Unbuilt(("token", "refresh")),
    Unbuilt(("policy", "shadow")),
    Unbuilt(("policy", "poll")),
    Unbuilt(("cache", "stale_if_down"), built=("off",)),
    Unbuilt(("cache", "shared"), built=("none",)),
    Unbuilt(("messages", "too-many-attempts")),
    Unbuilt(("guard",)),
    Unbuilt(("robots",)),
)


def find_unbuilt(document: Document) -> Iterator[tuple[tuple[KeyPath, ...], Problem]]:
    """For each key in the document that this version does not support: the keys that it concerns, and what to say."""
    for unbuilt in UNBUILT:
        section = document.value
        for step in unbuilt.path[:-1]:
            section = section.get(step) if isinstance(section, dict) else None
        key = unbuilt.path[-1]
        if isinstance(section, dict) and key in section and unbuilt.covers(section[key]):
            name = ".".join(str(step) for step in unbuilt.path)
            what = f"{name}: {section[key]}" if unbuilt.built and isinstance(section[key], str) else name
            place = document.key_place(unbuilt.path)
            yield (unbuilt.path,), unbuilt.problem(what, place)
