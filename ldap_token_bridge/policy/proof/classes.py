"""Classes of subjects: everybody who meets one term, or two, and nothing that follows from neither."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, count

from ldap_token_bridge.dn import DistinguishedName
from ldap_token_bridge.identity import Group, Subject, SubjectKind
from ldap_token_bridge.policy.components import COMPONENT
from ldap_token_bridge.policy.groups import FamilyTemplate
from ldap_token_bridge.policy.pattern import USER_WORD, Exact, Glob
from ldap_token_bridge.policy.who import ANYONE

from .candidates import Kind, Surroundings, candidates
from .names import Path
from .overlap import begins_alike
from .segments import Shape, glob_shape
from .sides import EVERYBODY, Key, Side, frame
from .words import words_of
from .work import Work

# A group of whom a policy speaks by its DN has a SID in Active Directory, and the other way round. Left out, it would
# be unknown, and deny rules would hold through it. That needs no classes of its own: whatever a deny rule takes away
# through what is unknown, it takes away from those of whom it is known, and who meets more terms meets more deny rules.
_OTHER_SID = "S-1-5-21-1-1-1-1"
_OTHER_DN = "CN=a group named by its SID alone,OU=elsewhere"
_PEOPLE = (SubjectKind.USER, SubjectKind.ROBOT, SubjectKind.WORKLOAD)
_SUBJECT_KINDS = {kind.value: kind for kind in _PEOPLE}


class Classes:
    """Makes subjects of terms, for two policies together."""

    def __init__(self, old: Side, new: Side) -> None:
        self._sides = (old, new)
        self._groups = {**old.groups, **new.groups}
        self._families = {**old.families, **new.families}
        self._names = {**old.names, **new.names}
        self._accounts = {
            key: name.partition(":")[2] for key, name in self._names.items() if key.kind in _SUBJECT_KINDS
        }
        self._somebody = _unnamed(self._accounts.values())
        self._related: dict[Key, frozenset[Key]] = {}

    def name(self, key: Key) -> str:
        """The term as the policies write it."""
        before, after = (side.names.get(key) for side in self._sides)
        return (
            f"{before} (now {after})" if before and after and before.lower() != after.lower() else after or before or ""
        )

    def words(self, keys: Sequence[Key], words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """What words stand for, by the names of the families that give them; `user` is the account."""
        own = [(USER_WORD, words[USER_WORD])] if USER_WORD in words else []
        symbols = {word_symbol(number): key for number, key in enumerate(keys)}
        return (*own, *((self.name(key), words[symbol]) for symbol, key in symbols.items() if symbol in words))

    def subject(self, keys: Sequence[Key], words: Mapping[str, str]) -> Subject | None:
        """Somebody who meets the terms. `words` are by the places of families in `keys`; `user` is the account."""
        if tuple(keys) == (Key(ANYONE),):
            return None
        kind, account = SubjectKind.USER, words.get(USER_WORD) or self._somebody
        groups: list[Group] = []
        for number, key in enumerate(keys):
            if key in self._groups:
                group = self._groups[key]
                groups.append(Group(_OTHER_DN, group.sid) if group.sid else Group(group.text, _OTHER_SID))
            elif key in self._families:
                groups.append(Group(self._families[key].fill(words[word_symbol(number)]), _OTHER_SID))
            elif key in self._accounts:
                kind, account = _SUBJECT_KINDS[key.kind], self._accounts[key]
        return Subject(kind, account, tuple(dict.fromkeys(groups)))

    def own(self, side: Side, keys: Sequence[Key], words: Mapping[str, str]) -> frozenset[Key]:
        """What of the terms of one side the class meets that not everybody meets, or that it was made for."""
        if not set(keys).isdisjoint(EVERYBODY):
            return frozenset(keys)
        met = side.met(side.person(self.subject(keys, words)))
        # An account that happens to be named belongs to the class of that name.
        return frozenset(key for key in met if key in keys or key.kind in ("group", "family"))

    def related(self, key: Key) -> frozenset[Key]:
        """The term, and the groups and families that may follow from it."""
        found = self._related.get(key)
        if found is None:
            found = self._related[key] = frozenset((key, *self._follow(key)))
        return found

    def values(
        self, keys: Sequence[Key], wanted: Sequence[Path], unwanted: Sequence[Path], work: Work
    ) -> dict[str, dict[str, Kind]]:
        """What each word of the class is to be tried as, so that no other could make a difference. Raises Bound.

        `wanted` and `unwanted` are all patterns that names are to fit, or not, with their words in braces.
        """
        own = USER_WORD in words_of(wanted) and not any(key in self._accounts for key in keys)
        families = [(number, self._families[key]) for number, key in enumerate(keys) if key in self._families]
        # A group may give further words in other families.
        count = own + sum(1 + len(self._neighbours(template)) for _, template in families)
        pooled: dict[str, dict[str, Kind]] = {}
        values: dict[str, dict[str, Kind]] = {}
        for number, template in families:
            # Where no name has to hold the word, it is best one that no name holds.
            is_wanted = not self._words_in_braces(keys[number]).isdisjoint(words_of(wanted))
            given = {word for key in keys if (word := self._word(key, template))}
            (pooled if is_wanted else values)[word_symbol(number)] = candidates(
                wanted if is_wanted else (),
                unwanted if is_wanted else [*wanted, *unwanted],
                count,
                work,
                Surroundings(
                    useful=given | self._useful(template, wanted),
                    avoided={word for key in self._groups if (word := self._word(key, template))},
                    shapes=self._shapes(template, [*wanted, *unwanted]),
                    before=template.prefix,
                    after=template.suffix,
                ),
            )
        if own:
            named = {name.lower() for key, name in self._accounts.items() if key.kind == "user"}
            pooled[USER_WORD] = candidates(wanted, unwanted, count, work, Surroundings(avoided=named))
        # Two words may have to be the same, so each is tried as all that any is tried as.
        pool = {word for found in pooled.values() for word in found}
        kinds: dict[str, Kind] = {
            word: tuple(found.get(word) for found in pooled.values()) for word in sorted(pool, key=_by_length)
        }
        return values | dict.fromkeys(pooled, kinds)

    def _follow(self, key: Key) -> Iterable[Key]:
        if key in self._families:
            template = self._families[key]
            neighbours = self._neighbours(template)
            yield from (other for other, each in self._families.items() if each in neighbours)
            yield from (group for group in self._groups if self._word(group, template))
        elif key in self._groups:
            yield from (family for family, template in self._families.items() if self._word(key, template))

    def _word(self, key: Key, template: FamilyTemplate) -> str:
        return template.word_of(key.meaning) if isinstance(key.meaning, DistinguishedName) else ""

    def _words_in_braces(self, key: Key) -> set[str]:
        """What the words are called that a group of the family may give."""
        return {
            side.families[related].word
            for related in self.related(key)
            for side in self._sides
            if related in side.families
        }

    def _neighbours(self, template: FamilyTemplate) -> list[FamilyTemplate]:
        """The other families that may have groups in common with this one."""
        return [
            other
            for other in self._families.values()
            if frame(other) == frame(template)
            and (other.prefix, other.suffix) != (template.prefix, template.suffix)
            and begins_alike(other.prefix, template.prefix)
            and begins_alike(other.suffix[::-1], template.suffix[::-1])
        ]

    def _shapes(self, template: FamilyTemplate, paths: Sequence[Path]) -> list[Shape]:
        """What tells words apart because the same group belongs to another family, too, which gives it another word."""
        shapes: list[Shape] = []
        globs = {part.pieces for path in paths for part in path if isinstance(part, Glob)}
        for other in self._neighbours(template):
            shapes.append((other.prefix, COMPONENT, other.suffix))
            shapes += [
                glob_shape((other.prefix + first, *rest, last + other.suffix)) for first, *rest, last in sorted(globs)
            ]
        return shapes

    def _useful(self, template: FamilyTemplate, wanted: Sequence[Path]) -> set[str]:
        """Words by which another family gives one that is written out."""
        found: set[str] = set()
        for other in self._neighbours(template):
            for path in wanted:
                for part in path:
                    value = f"{other.prefix}{part.text}{other.suffix}" if isinstance(part, Exact) else ""
                    if value.startswith(template.prefix) and value.endswith(template.suffix):
                        found.add(value[len(template.prefix) : len(value) - len(template.suffix)])
        return found


def _by_length(word: str) -> tuple[int, str]:
    return len(word), word


def _unnamed(accounts: Collection[str]) -> str:
    """An account that nothing speaks of."""
    taken = {name.lower() for name in accounts}
    names = chain(("somebody",), (f"somebody-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def word_symbol(number: int) -> str:
    """What stands for the word of the family at this place."""
    return f"word {number}"
