"""Names with words in braces: the shortest over all that the words can stand for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import islice

from ldap_token_bridge.policy.pattern import Capture, Exact, Glob
from ldap_token_bridge.registry import MAX_NAME_LENGTH
from ldap_token_bridge.values import dataclass

from .candidates import Kind, candidates
from .names import Names, Path
from .overlap import overlapping
from .verdict import Bound, Unproved
from .work import Work

MAX_ASSIGNMENTS = 10_000
# What a question costs where there is next to nothing to search for.
_STEPS_OF_QUESTION = 100


@dataclass(frozen=True, slots=True)
class Witness:
    """A legal repository name, and what the words in braces stand for."""

    name: str
    words: Mapping[str, str] = field(default_factory=dict)


def shortest_name(
    some_of: Sequence[Sequence[Path]], none_of: Sequence[Path], work: Work | None = None
) -> Witness | Unproved | None:
    """The shortest legal name that fits at least one pattern of each group of `some_of` and none of `none_of`.

    Patterns are `Pattern.segments`. A word in braces stands for one legal path component, the same wherever it is
    written; any that serves is found. None is a proof that there is no such name. `work` is shared by the questions of
    one command.
    """
    work = work or Work()
    work.begin_question(work.of_question)
    try:
        return _shortest(some_of, none_of, work)
    except Bound as bound:
        return Unproved(str(bound))


def _shortest(some_of: Sequence[Sequence[Path]], none_of: Sequence[Path], work: Work) -> Witness | None:
    work.spend(_STEPS_OF_QUESTION)
    # What stands on both sides needs no search.
    excluded = set(none_of)
    some_of = [[path for path in group if path not in excluded] for group in some_of]
    if not all(some_of):
        return None
    wanted = [path for group in some_of for path in group]
    unwanted = overlapping(none_of, some_of, work)
    used = words_of(wanted)

    def shortest(words: dict[str, str], longest: int) -> str | None:
        return Names([bind(group, words) for group in some_of], bind(unwanted, words), work).shortest(longest)

    values = candidates(wanted, unwanted, len(used), work) if used else {}
    return search(dict.fromkeys(used, values), some_of, shortest, work)


def words_of(paths: Sequence[Path]) -> list[str]:
    """The words in braces, each once, in order."""
    return list(dict.fromkeys(part.word for path in paths for part in path if isinstance(part, Capture)))


def bind(paths: Sequence[Path], words: Mapping[str, str]) -> list[Path]:
    """The patterns with their words filled in. Without those that have other words: they are matched by nobody."""
    bound = [
        tuple(Exact(words[part.word]) if isinstance(part, Capture) and part.word in words else part for part in path)
        for path in paths
    ]
    return [path for path in bound if not any(isinstance(part, Capture) for part in path)]


def search(
    values: Mapping[str, Mapping[str, Kind]],
    some_of: Sequence[Sequence[Path]],
    shortest: Callable[[dict[str, str], int], str | None],
    work: Work,
) -> Witness | None:
    """The shortest of the names that `shortest` finds for any assignment of `values` to words. Raises Bound.

    `shortest` gets the words, and how long a name may be. `some_of` are the patterns that a name is to fit, as above;
    none of them for the catalogue.
    """
    least = 0
    if some_of and values:
        # Whatever the words are, no name is shorter than this; often the first words reach it.
        fitting = Names([_open(group) for group in some_of], [], work).shortest()
        if fitting is None:
            return None
        least = len(fitting)
    best: Witness | None = None
    longest = MAX_NAME_LENGTH
    found = list(islice(_assignments(list(values.items())), MAX_ASSIGNMENTS + 1))
    if len(found) > MAX_ASSIGNMENTS:
        raise Bound(f"the words in braces can stand for more than {MAX_ASSIGNMENTS} combinations of words")
    work.spend(len(found))
    for words in sorted(found, key=lambda words: sum(map(len, words.values()))):
        if longest < least:
            break
        name = shortest(words, longest)
        if name is not None:
            best = Witness(name, words)
            longest = len(name) - 1
    return best


def _open(paths: Sequence[Path]) -> list[Path]:
    """The patterns with stars in place of the words in braces."""
    return [tuple(Glob(("", "")) if isinstance(part, Capture) else part for part in path) for path in paths]


def _assignments(values: Sequence[tuple[str, Mapping[str, Kind]]]) -> Iterator[dict[str, str]]:
    """All combinations, but of words of one kind only the first that are not in use yet: others would do the same."""
    if not values:
        yield {}
        return
    *others, (symbol, kinds) = values
    for words in _assignments(others):
        used = set(words.values())
        begun: set[Kind] = set()
        for word, kind in kinds.items():
            if word in used or kind not in begun:
                yield {**words, symbol: word}
            if word not in used:
                begun.add(kind)
