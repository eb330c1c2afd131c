"""What a word in braces can stand for, without trying every word there is.

Two words that fit the same globs and are written out nowhere are told apart by nothing, so one of a kind stands for
all. As many of a kind as there are words are kept, and one more, since two words may or may not be the same, and the
rest of a name may or may not repeat them.
"""

from collections.abc import Collection, Hashable, Sequence
from itertools import islice

from ldap_token_bridge.policy.fit import fits_glob
from ldap_token_bridge.policy.pattern import Exact, Glob
from ldap_token_bridge.registry import MAX_NAME_LENGTH, is_path_component
from ldap_token_bridge.values import dataclass

from .names import Path
from .places import Places
from .segments import Fits, Segments, Shape, glob_shape, segments_of, shape_bit
from .work import Work

# Words of one kind are interchangeable.
Kind = Hashable
_Pieces = tuple[str, ...]
_ANY = ("", "")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What tells words apart besides patterns: `shapes`, each for the text `before`, word and `after` together.

    `useful` and `avoided` are words that mean more than others.
    """

    useful: Collection[str] = ()
    avoided: Collection[str] = ()
    shapes: Sequence[Shape] = ()
    before: str = ""
    after: str = ""


_NONE = Surroundings()


def candidates(
    wanted: Sequence[Path], unwanted: Sequence[Path], count: int, work: Work, around: Surroundings = _NONE
) -> dict[str, Kind]:
    """What a word is to be tried as; `count` is how many words there are. Raises Bound."""
    work.spend(len(wanted) + len(unwanted))
    places = Places([*wanted, *unwanted])
    helping = _globs(places, wanted)
    harming = _globs(places, unwanted)
    needed = _written(places, wanted).union(around.useful)
    written = needed.union(around.avoided, _written(places, unwanted))
    kinds = _few_kinds(_segments(sorted(helping), work, around), harming - helping, written, count + 1, work)
    if kinds is not None:
        return kinds | {text: text for text in sorted(filter(is_path_component, needed))}
    return _all_kinds(helping, harming, written, needed, count + 1, work, around)


def _few_kinds(
    segments: Segments, avoided: set[_Pieces], written: set[str], count: int, work: Work
) -> dict[str, Kind] | None:
    """The usual case: words as short as any avoid the globs of unwanted patterns, which need not be told apart then."""
    found: dict[str, Kind] = {}

    def serves(word: str) -> bool:
        work.spend(1 + len(avoided))
        return word not in written and not any(fits_glob(pieces, word) for pieces in avoided)

    for fits in segments.shortest:
        words = segments.some_of_the_shortest(fits, count, serves)
        if len(words) < count:
            return None
        found |= {word: (len(word), fits) for word in words}
    return found


def _all_kinds(
    helping: set[_Pieces],
    harming: set[_Pieces],
    written: set[str],
    needed: set[str],
    count: int,
    work: Work,
    around: Surroundings,
) -> dict[str, Kind]:
    """All kinds that the globs tell apart, without those for which another serves as well."""
    globs = sorted(helping | harming)
    segments = _segments(globs, work, around)
    # By the further shapes a word may be met by more rules, of either kind.
    others = sum(shape_bit(number) for number in range(len(around.shapes)))
    of_globs = {pieces: shape_bit(number) for number, pieces in enumerate(globs, len(around.shapes))}
    helps = others | sum(of_globs[pieces] for pieces in helping)
    harms = others | sum(of_globs[pieces] for pieces in harming)
    found: dict[str, Kind] = {}
    enough: list[tuple[Fits, int]] = []  # kinds that have words enough, with the length of the last

    def is_served(fits: Fits, length: int) -> bool:
        work.spend(1 + len(enough))
        return any(not fits & helps & ~other and not other & harms & ~fits and most <= length for other, most in enough)

    for fits, shortest in segments.shortest.items():
        if is_served(fits, len(shortest)):
            continue
        free = (word for word in segments.words(fits, MAX_NAME_LENGTH) if word not in written)
        words = list(islice(free, count))
        found |= {word: (len(word), fits) for word in words}
        if len(words) == count:
            enough.append((fits, len(words[-1])))
    for text in sorted(filter(is_path_component, written)):
        if text in needed or not is_served(segments.fits(text), len(text)):
            found[text] = text
    return found


def _segments(globs: Sequence[_Pieces], work: Work, around: Surroundings) -> Segments:
    before, after = around.before, around.after
    if not (around.shapes or before or after):
        return segments_of(tuple(globs), work)
    shapes = [glob_shape((before + first, *rest, last + after)) for first, *rest, last in globs]
    return Segments([*around.shapes, *shapes], work, before=before, after=after)


def _globs(places: Places, paths: Sequence[Path]) -> set[_Pieces]:
    return {part.pieces for part in places.beside(paths) if isinstance(part, Glob)} - {_ANY}


def _written(places: Places, paths: Sequence[Path]) -> set[str]:
    return {part.text for part in places.beside(paths) if isinstance(part, Exact)}
