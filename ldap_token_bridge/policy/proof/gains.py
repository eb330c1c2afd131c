"""What one policy gives that another does not: for whom to look, and the shortest name for each.

Why one term, or two, is enough: allow rules unite and deny rules take away, so who meets fewer terms has fewer rules
against them. A gain needs an allow rule of the new policy, which one term meets; and either the old policy allows
nothing here, or one of its deny rules took it away, which the same term meets or a second one. Whatever else a person
meets can only spoil it. And what both policies say alike makes no difference: the allow rule must be new in the first
case, and the deny rule gone in the second.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from ldap_token_bridge.identity import Subject
from ldap_token_bridge.policy.pattern import USER_WORD
from ldap_token_bridge.policy.who import ANYONE, SIGNED_IN
from ldap_token_bridge.values import dataclass

from .anywhere import shortest_anywhere
from .candidates import Kind
from .classes import Classes, word_symbol
from .contexts import Context
from .names import Path
from .overlap import overlapping
from .sides import CATALOG, EVERYBODY, Key, Side, Statement
from .verdict import Bound, Unproved
from .words import search, words_of
from .work import Work

_ANONYMOUS = (Key(ANYONE),)
_SIGNED_IN = (Key(SIGNED_IN),)
_SUBJECTS = ("user", "robot", "workload")
Words = Mapping[str, str]
# A class costs so much even where nothing is to be searched for, and so does each way to fill its words in.
_STEPS_OF_CLASS = 50


@dataclass(frozen=True, slots=True)
class Gain:
    """One request that the new policy grants and the old one does not. `repository` is empty for the catalogue.

    `words` are the account where it matters, and the word of each family of the class, by its place there.
    """

    subject: Subject | None
    repository: str
    context: Context
    words: Words


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to gain: by which terms an allow rule is met, and by which the deny rule that is gone.

    Terms are those of the `first` or `second` of a pair, the class's `own`, those of `everybody`, or `all`; `freed`
    is empty where the allow rule itself is new.
    """

    allowed: str
    freed: str


_NEW_RULE = _Way("own", "")
_ONE_TERM = (_NEW_RULE, _Way("own", "all"), _Way("everybody", "own"))
_TWO_TERMS = (_Way("first", "second"),)


class Gains:
    """What the policy `new` gives that `old` does not, on `today` or later."""

    def __init__(self, old: Side, new: Side, today: date, work: Work) -> None:
        self._old, self._new, self._today, self._work = old, new, today, work
        self._classes = Classes(old, new)
        self._users = tuple(key for key in {*old.names, *new.names} if key.kind == "user")
        self._allowed_before = old.identities("allow")
        self._denied_still = new.identities("deny")

    def classes(self, action: str) -> Iterator[tuple[Key, ...]]:
        """The terms, and pairs of terms, for which there may be a gain."""
        allowed = {key: [*self._new.said("allow", (key,), action)] for key in self._new.keys("allow")}
        denied = {key: [*self._old.said("deny", (key,), action)] for key in self._old.keys("deny")}
        allowed = {key: said for key, said in allowed.items() if said}
        gained = {key for key, said in allowed.items() if any(self._is_new(each, action) for each in said)}
        freed = [key for key, said in denied.items() if any(self._is_gone(each, action) for each in said)]
        changed = gained.union(freed)
        for key in dict.fromkeys((*EVERYBODY, *allowed, *freed)):
            if not changed.isdisjoint((*self._classes.related(key), *EVERYBODY)):
                yield (key,)
        for second in freed:
            if second not in EVERYBODY:
                yield from ((first, second) for first in allowed if _are_two(first, second))

    def find(self, keys: tuple[Key, ...], action: str) -> Gain | Unproved | None:
        """The gain of a class with the shortest name; None is a proof that there is none but those of fewer terms."""
        best: Gain | None = None
        for way in _ONE_TERM if len(keys) == 1 else _TWO_TERMS:
            try:
                found = self._find(keys, action, way)
            except Bound as bound:
                return Unproved(str(bound))
            if found and (best is None or len(found.repository) < len(best.repository)):
                best = found
        return best

    def _find(self, keys: tuple[Key, ...], action: str, way: _Way) -> Gain | None:
        # First with all that somebody of the class may meet, to see what its words in braces have to be tried as.
        self._work.spend(_STEPS_OF_CLASS)
        groups = self._reasons(keys, action, way, lambda _side, which: self._possible(keys, which))
        if not all(groups):
            return None
        wanted = [_paths(group) for group in groups]
        values = self._values(keys, action, way, wanted)
        contexts_of: dict[str, Context] = {}

        def shortest(words: dict[str, str], longest: int) -> str | None:
            found = self._shortest(keys, action, way, words, longest)
            contexts_of.update((found,) if found else ())
            return found[0] if found else None

        witness = search(values, wanted if action != CATALOG else [], shortest, self._work)
        if witness is None:
            return None
        subject = self._classes.subject(keys, witness.words)
        return Gain(subject, witness.name, contexts_of[witness.name], witness.words)

    def _values(
        self, keys: tuple[Key, ...], action: str, way: _Way, wanted: Sequence[Sequence[Path]]
    ) -> dict[str, dict[str, Kind]]:
        """What the words in braces are to be tried as."""
        every = [path for group in wanted for path in group]
        own = USER_WORD in words_of(every)
        if not own and all(key.kind != "family" for key in keys):
            return {}
        against = [*self._possible(keys, "all"), *(self._users if own else ())]
        unwanted = _paths(self._new.said("deny", against, action))
        if not way.freed:
            unwanted += _paths(self._old.said("allow", against, action))
        return self._classes.values(keys, every, overlapping(unwanted, wanted, self._work), self._work)

    def _shortest(
        self, keys: tuple[Key, ...], action: str, way: _Way, words: Words, longest: int
    ) -> tuple[str, Context] | None:
        """The shortest name for the subject of these words, in any context."""
        self._work.spend(_STEPS_OF_CLASS)
        subject = self._classes.subject(keys, words)
        new, old = self._new.person(subject), self._old.person(subject)
        reasons = self._reasons(keys, action, way, lambda side, which: self._met(side, keys, which, words))
        of_whom = ((self._new, new), (self._old, old))
        groups = [side.all_bound(each, person) for each, (side, person) in zip(reasons, of_whom, strict=False)]
        if not all(groups):
            return None
        against = self._new.all_bound(self._new.said("deny", self._new.met(new), action), new)
        if not way.freed:
            against += self._old.all_bound(self._old.said("allow", self._old.met(old), action), old)
        paths = [[path for _, path in group] for group in groups]
        against = [each for each in against if overlapping([each[1]], paths, self._work)]
        return shortest_anywhere(groups, against, longest, self._today, self._work)

    def _reasons(
        self, keys: tuple[Key, ...], action: str, way: _Way, terms: Callable[[Side, str], Iterable[Key]]
    ) -> list[list[Statement]]:
        """The allow rules' statements that could make a gain this way; and, if a deny rule is gone, those of such."""
        allow = [
            statement
            for statement in self._new.said("allow", terms(self._new, way.allowed), action)
            if (way.freed or self._is_new(statement, action)) and _belongs(statement, keys, way.allowed)
        ]
        if not way.freed or not allow:
            return [allow]
        deny = [
            statement
            for statement in self._old.said("deny", terms(self._old, way.freed), action)
            if self._is_gone(statement, action) and _belongs(statement, keys, way.freed)
        ]
        allow = self._meeting(allow, deny)
        return [allow, self._meeting(deny, allow)]

    def _meeting(self, statements: Sequence[Statement], others: Sequence[Statement]) -> list[Statement]:
        """Those that may speak of the same name, or of the catalogue, as one of `others`."""
        paths = [_paths(others)]
        return [each for each in statements if (overlapping([each.path], paths, self._work) if each.path else others)]

    def _possible(self, keys: tuple[Key, ...], which: str) -> Iterable[Key]:
        """The terms that somebody of the class may meet, whatever the words."""
        if which in ("first", "second"):
            return self._classes.related(keys[which == "second"])
        everybody = EVERYBODY if keys != _ANONYMOUS else keys
        if which == "everybody":
            return everybody
        related = {key for each in keys for key in self._classes.related(each)}
        return related.union(everybody) if which == "all" or keys == _SIGNED_IN else related

    def _met(self, side: Side, keys: tuple[Key, ...], which: str, words: Words) -> Iterable[Key]:
        """The terms that the subject of these words does meet."""
        match which:
            case "first":
                return self._classes.own(side, keys[:1], words)
            case "second":
                return self._classes.own(side, keys[1:], {word_symbol(0): words.get(word_symbol(1), "")})
            case "own" if keys != _SIGNED_IN:
                return self._classes.own(side, keys, words)
            case "own" | "everybody":
                return self._possible(keys, "everybody")
            case _:
                return side.met(side.person(self._classes.subject(keys, words)))

    def _is_new(self, statement: Statement, action: str) -> bool:
        return (statement.identity, action) not in self._allowed_before

    def _is_gone(self, statement: Statement, action: str) -> bool:
        return (statement.identity, action) not in self._denied_still


def _belongs(statement: Statement, keys: tuple[Key, ...], which: str) -> bool:
    """Whether a class looks at a statement: those who are signed in leave to anyone what takes no account."""
    return keys != _SIGNED_IN or which != "own" or statement.key != Key(ANYONE) or USER_WORD in _words(statement)


def _are_two(first: Key, second: Key) -> bool:
    """Whether somebody can meet two terms that make a class of their own: also two groups of one family."""
    if first in EVERYBODY or (first == second and first.kind != "family"):
        return False
    kinds = {first.kind, second.kind}
    # Nobody is two subjects, and robots are in no groups.
    return kinds.isdisjoint(_SUBJECTS) or not (kinds <= set(_SUBJECTS) or "robot" in kinds)


def _paths(statements: Iterable[Statement]) -> list[Path]:
    return [statement.path for statement in statements if statement.path is not None]


def _words(statement: Statement) -> list[str]:
    return words_of([statement.path] if statement.path else [])
