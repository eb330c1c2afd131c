"""Whether two patterns can match one name, and whether one matches all that another does."""

from collections.abc import Iterator

from .pattern import Capture, Deep, Glob, Pattern, Segment
from .proof import Bound, Unproved, Work, shortest_name
from .proof.overlap import may_agree, may_share_a_name

# A word in braces can be anything for somebody.
_ANYTHING = Glob(("", ""))

_STEPS_AT_FIRST, _STEPS_OF_PLACE = 5, 3

# How many segments of either pattern are behind.
_Place = tuple[int, int]


def may_overlap(one: Pattern, other: Pattern, work: Work | None = None) -> bool:
    """Whether a name may match both, for whomever. A false yes comes only of a name's length, or of a host's port.

    Raises Bound with `work`, which may have other questions beside this one.
    """
    if work:
        work.spend(_STEPS_AT_FIRST + len(one.segments) + len(other.segments))
    if not may_share_a_name(one.segments, other.segments):
        return False
    left, right = _open(one), _open(other)
    seen: set[_Place] = set()
    waiting: list[_Place] = [(0, 0)]
    while waiting:
        place = waiting.pop()
        if place == (len(left), len(right)):
            return True
        if place not in seen:
            if work:
                work.spend(_STEPS_OF_PLACE)
            seen.add(place)
            waiting.extend(_onward(left, right, place))
    return False


def is_within(one: Pattern, other: Pattern, work: Work) -> bool:
    """Whether every legal name that matches `one` matches `other`. Neither may hold words in braces. Raises Bound."""
    found = shortest_name([[one.segments]], [other.segments], work)
    if isinstance(found, Unproved):
        raise Bound(found.bound)
    return found is None


def _onward(left: tuple[Segment, ...], right: tuple[Segment, ...], place: _Place) -> Iterator[_Place]:
    """By one more segment of a name, or by none where a `**` is left."""
    first, second = place
    here = left[first] if first < len(left) else None
    there = right[second] if second < len(right) else None
    if here == Deep():
        yield first + 1, second
    if there == Deep():
        yield first, second + 1
    if here and there and may_agree(here, there):
        yield first + (here != Deep()), second + (there != Deep())


def _open(pattern: Pattern) -> tuple[Segment, ...]:
    """Its segments without words. A `**` at the end stands for one segment at least, so that one is written out."""
    segments = tuple(_ANYTHING if isinstance(part, Capture) else part for part in pattern.segments)
    return (*segments[:-1], _ANYTHING, Deep()) if segments[-1] == Deep() else segments
