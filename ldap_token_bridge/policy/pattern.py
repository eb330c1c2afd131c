"""Patterns for repository names: text to segments, as in .gitignore but always anchored at both ends.

- `*` within a segment stands for any run of characters, also none; alone it is any one segment.
- `**` is a segment of its own and stands for any number of segments, also none; as the last one for at least one, so
  that `a/**` is everything inside `a` and not `a` itself.
- `{word}` is a segment of its own and stands for one legal path component that the person's identity provides.
"""

import re
from collections.abc import Sequence
from typing import Any

from ldap_token_bridge.registry import MAX_NAME_LENGTH
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import refuse

from .components import some_segment_fits

USER_WORD = "user"
WORD = r"[a-z][a-z0-9_-]*"
_CAPTURE = re.compile(rf"\{{({WORD})\}}").fullmatch
_LONGEST = 4 * MAX_NAME_LENGTH  # of a pattern as written; one that matches something can be much shorter
_ILLEGAL = re.compile(r"[^a-z0-9._:*-]").search


@dataclass(frozen=True, slots=True)
class Exact:
    """A segment written out."""

    text: str


@dataclass(frozen=True, slots=True)
class Glob:
    """A segment with stars: the texts around them, so always two or more. `*` alone is `("", "")`."""

    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Capture:
    """`{word}`: `user` or the word of a family."""

    word: str


@dataclass(frozen=True, slots=True)
class Deep:
    """`**`."""


Segment = Exact | Glob | Capture | Deep


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as written, and its segments; a run of `**` is one `Deep`, which means the same."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The words in braces, distinct, in order."""
        return tuple(dict.fromkeys(part.word for part in self.segments if isinstance(part, Capture)))


def parse_pattern(value: Any) -> Pattern:
    """The pattern in `value`; refuses one that no legal repository name can match."""
    if isinstance(value, dict):
        refuse("braces without quotes make this a mapping", 'Put the pattern in quotes, as in "{user}/**".')
    if not isinstance(value, str):
        refuse(f"{value!r} is not text", f'Put the pattern in quotes: "{value}".')
    _check_shape(value)
    texts = value.split("/")
    segments: list[Segment] = []
    for position, text in enumerate(texts):
        # A host stands first, with at least one segment after it.
        may_be_host = set(texts[:position]) <= {"**"} and position + 1 < len(texts)
        segment = _parse_segment(value, text, may_be_host=may_be_host)
        if not (segments and segment == segments[-1] == Deep()):
            segments.append(segment)
    if least_length(segments) > MAX_NAME_LENGTH:
        _never(value, f"repository names have at most {MAX_NAME_LENGTH} characters", "Shorten the pattern.")
    return Pattern(value, tuple(segments))


def _check_shape(text: str) -> None:
    """What is wrong with the text as a whole."""
    if not text:
        refuse("the pattern is empty and matches nothing", 'Write a pattern such as "team-a/**".')
    if len(text) > _LONGEST:
        _never(text, f"repository names have at most {MAX_NAME_LENGTH} characters", "Shorten the pattern.")
    if text != text.strip():
        _never(text, "it has spaces around it", f"Write {text.strip()!r}.")
    if text != text.lower():
        _never(text, "repository names are lower-case", f"Write {text.lower()!r}.")
    bare = text.strip("/")
    if text.startswith("/"):
        _never(text, "a repository name does not begin with a slash", f"Write {bare!r}; every pattern is anchored.")
    if text.endswith("/"):
        _never(text, "a repository name does not end with a slash", f"For everything inside write '{bare}/**'.")
    if "//" in text:
        _never(text, "a repository name has no empty segment", f"Write {re.sub('/+', '/', text)!r}.")


def _parse_segment(pattern: str, text: str, *, may_be_host: bool) -> Segment:
    if text == "**":
        return Deep()
    if "**" in text:
        _never(pattern, f"in {text!r} the '**' is glued to text", "'**' is a segment of its own: write a/** or a*.")
    if "{" in text or "}" in text:
        capture = _CAPTURE(text)
        if not capture:
            refuse(
                f"the pattern {pattern!r} cannot be used: {text!r} is no word in braces",
                "A word in braces is a whole segment, as in users/{user}/** or {team}/**.",
            )
        return Capture(capture[1])
    pieces = tuple(re.sub(r"\*+", "*", text).split("*"))
    illegal = _ILLEGAL(text)
    if illegal:
        _never(pattern, f"{illegal[0]!r} does not occur in repository names", _remedy(illegal[0]))
    if not some_segment_fits(pieces, may_be_host=may_be_host):
        remedy = "A segment is letters and digits, joined by one '.', one or two '_', or dashes."
        if ":" in text or "@" in text:
            remedy = _remedy(":")
        _never(pattern, f"no legal segment of a name fits {text!r}", remedy)
    return Exact(text) if len(pieces) == 1 else Glob(pieces)


def _remedy(character: str) -> str:
    if character in ":@":
        return "Rules are about whole repositories, not about tags or digests: leave those out."
    if character in "?[]!":
        return "There are only '*' within a segment and '**' for any number of segments; exceptions are deny rules."
    return "Repository names hold only a-z, 0-9, '.', '_', '-' and slashes."


def _never(pattern: str, because: str, remedy: str) -> None:
    refuse(f"no repository name can match the pattern {pattern!r}: {because}", remedy)


def least_length(segments: Sequence[Segment]) -> int:
    """A lower bound of the length in characters of any name that matches."""
    lengths: list[int] = []
    for number, segment in enumerate(segments, 1):
        match segment:
            case Exact(text):
                lengths.append(len(text))
            case Glob(pieces):
                lengths.append(max(1, sum(map(len, pieces))))
            case Deep() if number < len(segments):
                pass
            case _:
                lengths.append(1)
    return sum(lengths) + len(lengths) - 1
