"""Patterns for a claim's value: the text itself, with stars that never reach over a slash or a colon.

- `*` stands for any run of characters without `/` and `:`; a part that has one is never empty.
- `**` behind the last slash or colon stands for one part or more, so that `team-a/**` is everything inside `team-a`.

Characters compare one by one: no case is folded and no spelling of a letter taken for another.
"""

import re
from typing import Any

from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import refuse

_MAX_PATTERN = 1024
_DEEP = "**"
_parts = re.compile(r"([/:])").split


@dataclass(frozen=True, slots=True)
class ClaimPattern:
    """A pattern as written; `parse_claim` has looked at it."""

    text: str

    @property
    def prefix(self) -> str:
        """What a value begins with: all of it if there is no star."""
        return self.text.partition("*")[0]

    @property
    def is_exact(self) -> bool:
        """Whether one value alone matches."""
        return "*" not in self.text

    def matches(self, value: str) -> bool:
        """Whether the whole value fits."""
        wanted, found = _parts(self.text), _parts(value)
        if wanted[-1] == _DEEP:
            wanted.pop()
            rest = found[len(wanted) :]
            found = found[: len(wanted)]
            if not rest or "" in rest[::2]:
                return False
        return len(wanted) == len(found) and all(map(_fits, wanted, found))

    def covers(self, other: "ClaimPattern") -> bool:
        """Whether it is certain that all that the other matches is matched by this one, too."""
        return self == other or (other.is_exact and self.matches(other.text))


def _fits(pattern: str, part: str) -> bool:
    """One part, in time linear to its length: the first place is the best one for each piece."""
    first, *others = pattern.split("*")
    if not others:
        return pattern == part
    *inner, last = others
    if not part or not part.startswith(first):
        return False
    at = len(first)
    for piece in inner:
        at = part.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return len(part) - len(last) >= at and part.endswith(last)


def parse_claim(value: Any) -> ClaimPattern:
    """One value of `claims` in bridge.yaml."""
    if isinstance(value, bool | int | float):
        written = str(value).lower()
        refuse("must be text", f'Put it in quotes: "{written}". true and numbers of a token compare as such texts.')
    if not isinstance(value, str) or not value:
        refuse("must be text", "Write the value that the token must have; * stands for a part of it.")
    if len(value) > _MAX_PATTERN or not value.isprintable():
        refuse(f"is longer than {_MAX_PATTERN} characters or holds a control character", "Write the value alone.")
    if any(_DEEP in part for part in _parts(value)[:-1]) or (_DEEP in _parts(value)[-1] and not _ends_deep(value)):
        remedy = "'**' stands alone behind the last slash or colon: team-a/**; within a part write '*'."
        refuse(f"{value!r} cannot be used as a pattern", remedy)
    return ClaimPattern(value)


def _ends_deep(value: str) -> bool:
    return _parts(value)[-1] == _DEEP
