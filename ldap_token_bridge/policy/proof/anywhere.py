"""The shortest name over all addresses, services and days: for one person, of patterns whose words are filled in."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache

from ldap_token_bridge.policy.rules import Rule

from .contexts import Context, contexts, is_narrowed
from .names import Names, Path
from .sides import Statement
from .work import Work

# Patterns with their words filled in, each with the statement that it is of.
FilledIn = list[tuple[Statement, Path]]
_Group = frozenset[Path]


def shortest_anywhere(
    groups: Sequence[FilledIn], against: FilledIn, longest: int, today: date, work: Work
) -> tuple[str, Context] | None:
    """The shortest name that fits one pattern of each group and none of `against`, and where, for what and when.

    The patterns count only where their rules hold, on `today` or later. Of the catalogue the name is empty, and so are
    its patterns. Raises Bound.
    """
    *wanted, unwanted = [_Split(each) for each in (*groups, against)]
    # No context has a shorter name than one in which all that helps would hold, and little of what harms.
    fitting = _shortest(tuple(part.every for part in wanted), unwanted.always, longest, work)
    if fitting is None:
        return None
    best: tuple[str, Context] | None = None
    for context, some_of, none_of in _queries(wanted, unwanted, today, work):
        name = _shortest(some_of, none_of, longest, work)
        if name is not None:
            best = name, context
            longest = len(name) - 1
            if len(name) == len(fitting):
                break
    return best


def _queries(
    wanted: Sequence["_Split"], unwanted: "_Split", today: date, work: Work
) -> Iterator[tuple[Context, tuple[_Group, ...], _Group]]:
    """What to search for in each kind of context; without those in which others find at least as much."""
    rules = dict.fromkeys(rule for part in (*wanted, unwanted) for rule in part.narrowed)
    found: list[tuple[tuple[_Group, ...], _Group]] = []
    for context, held in contexts(tuple(rules), today, work):
        some_of, none_of = tuple(part.held(held) for part in wanted), unwanted.held(held)
        work.spend(1 + len(found))
        found_already = any(
            less <= none_of and all(more >= group for more, group in zip(others, some_of, strict=True))
            for others, less in found
        )
        if all(some_of) and not found_already:
            found.append((some_of, none_of))
            yield context, some_of, none_of


class _Split:
    """Patterns by whether their rules hold everywhere and for ever."""

    def __init__(self, filled_in: Iterable[tuple[Statement, Path]]) -> None:
        self.narrowed: dict[Rule, set[Path]] = {}
        always: set[Path] = set()
        for statement, path in filled_in:
            (self.narrowed.setdefault(statement.rule, set()) if is_narrowed(statement.rule) else always).add(path)
        self.always = frozenset(always)
        self.every = self.always.union(*self.narrowed.values())

    def held(self, rules: frozenset[Rule]) -> _Group:
        """Those whose rules hold."""
        return self.always.union(*(paths for rule, paths in self.narrowed.items() if rule in rules))


@lru_cache(2048)
def _shortest(some_of: tuple[_Group, ...], none_of: _Group, longest: int, work: Work) -> str | None:
    """Remembered, because pull and push, and the terms of one rule, ask for the same."""
    if some_of[0] == _CATALOG:
        return "" if not none_of and longest >= 0 else None
    # What stands on both sides needs no search.
    some_of = tuple(group - none_of for group in some_of)
    if not all(some_of):
        return None
    return Names([list(group) for group in some_of], list(none_of), work).shortest(longest)


_CATALOG: _Group = frozenset(((),))
