"""How a repository name fits a pattern, with its words left open: what they would have to stand for.

The engine asks whether a name matches for one person, for thousands of rules at once (`index`). This asks of one
pattern for whom a name would match, or else where the two part.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ldap_token_bridge.registry import is_path_component
from ldap_token_bridge.values import dataclass

from .pattern import USER_WORD, Capture, Deep, Exact, Glob, Pattern, Segment


@dataclass(frozen=True, slots=True)
class Binding:
    """What `{user}` and a family's word must be for a name to match; empty where the pattern does not hold them."""

    user: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """`bindings` are all ways in which the name fits. Without one, it parts from the pattern at `segment`, from 1 on.

    `expected` are what the pattern has there, empty for its end; `segment` is one more than the name has if it ends
    too early.
    """

    bindings: frozenset[Binding]
    segment: int = 0
    expected: tuple[str, ...] = ()


# How many of the pattern's segments are behind, and what was bound on the way.
_State = tuple[int, Binding]


def fit(pattern: Pattern, segments: Sequence[str]) -> Fit:
    """How the name of these segments fits."""
    parts = pattern.segments
    states = set(_entered(parts, 0, Binding()))
    for number, segment in enumerate(segments, 1):
        following = {state for each in states for state in _step(parts, each, segment)}
        if not following:
            return Fit(frozenset(), number, _expected(parts, states))
        states = following
    found = frozenset(binding for position, binding in states if position == len(parts))
    return Fit(found) if found else Fit(found, len(segments) + 1, _expected(parts, states))


def spell(segment: Segment) -> str:
    """A segment of a pattern as it is written."""
    match segment:
        case Exact(text):
            return text
        case Glob(pieces):
            return "*".join(pieces)
        case Capture(word):
            return f"{{{word}}}"
        case Deep():
            return "**"


def _entered(parts: tuple[Segment, ...], position: int, binding: Binding) -> Iterator[_State]:
    """The state, and the one behind a `**`, which stands for no segment as well unless it is the last."""
    yield position, binding
    if position + 1 < len(parts) and parts[position] == Deep():
        yield position + 1, binding


def _step(parts: tuple[Segment, ...], state: _State, segment: str) -> Iterator[_State]:
    position, binding = state
    last = len(parts) - 1
    if position > last:
        if parts[last] == Deep():
            yield state
        return
    match parts[position]:
        case Deep():
            yield from ((position + 1, binding),) if position == last else _entered(parts, position, binding)
        case Capture(word):
            bound = _bound(binding, word, segment)
            if bound:
                yield from _entered(parts, position + 1, bound)
        case Exact(text):
            if text == segment:
                yield from _entered(parts, position + 1, binding)
        case Glob(pieces):
            if fits_glob(pieces, segment):
                yield from _entered(parts, position + 1, binding)


def _bound(binding: Binding, word: str, segment: str) -> Binding | None:
    """The binding with this word as well; None if it has another meaning already, or the segment can be no word."""
    if not is_path_component(segment):
        return None
    if word == USER_WORD:
        return replace(binding, user=segment) if binding.user in ("", segment) else None
    return replace(binding, word=segment) if binding.word in ("", segment) else None


def fits_glob(pieces: tuple[str, ...], segment: str) -> bool:
    """Whether a segment fits a glob, by the texts around its stars."""
    first, *middle, last = pieces
    if len(segment) < len(first) + len(last) or not segment.startswith(first) or not segment.endswith(last):
        return False
    position, end = len(first), len(segment) - len(last)
    for piece in middle:
        found = segment.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True


def _expected(parts: tuple[Segment, ...], states: set[_State]) -> tuple[str, ...]:
    positions = sorted({position for position, _ in states})
    return tuple(spell(parts[position]) if position < len(parts) else "" for position in positions)
