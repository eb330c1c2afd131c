"""Which terms of `who` a subject meets: resolved once a decision, by whole DN or SID."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial

from ldap_token_bridge.dn import DistinguishedName, InvalidName, RelativeName, fold
from ldap_token_bridge.identity import Subject, SubjectKind
from ldap_token_bridge.registry import is_path_component

from .rules import NamedFamily, NamedGroup
from .who import ANYONE, SIGNED_IN, term

# Parsing a DN costs more than the rest of a decision; people share groups, so this holds a large directory's.
_REMEMBERED_NAMES = 65_536

# Where a family's word stands, and the names around it: all that a template fixes besides one value.
_Shape = tuple[tuple[RelativeName, ...], tuple[RelativeName, ...]]
_ByName = dict[DistinguishedName, list[str]]
_Templates = dict[int, dict[_Shape, list[NamedFamily]]]


@dataclass(frozen=True, slots=True)
class Person:
    """What the rules need to know of a subject.

    `terms` are met for certain; `possible` also holds those that cannot be ruled out, because a group's DN or SID is
    not known. `words` maps each word to the families that give it; with `any_word` a family may give any other.
    `account` is what `{user}` stands for, empty if it stands for nothing.
    """

    terms: frozenset[str]
    possible: frozenset[str]
    words: dict[str, set[str]]
    any_word: bool
    account: str


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What one DN means to this policy."""

    terms: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()  # word, family
    known: bool = True


_UNKNOWN = _Meaning(known=False)
NOBODY = Person(frozenset((ANYONE,)), frozenset((ANYONE,)), {}, any_word=False, account="")


class Terms:
    """The groups and families of one policy, indexed by what a directory says of a group."""

    def __init__(self, groups: Iterable[NamedGroup], families: Iterable[NamedFamily]) -> None:
        self._by_name: _ByName = {}
        self._by_sid: dict[str, list[str]] = {}
        self._templates: _Templates = {}
        for named in groups:
            key = term("group", named.name)
            if named.group.dn is None:
                self._by_sid.setdefault(named.group.sid, []).append(key)
            else:
                self._by_name.setdefault(named.group.dn, []).append(key)
        for family in families:
            template = family.template
            shapes = self._templates.setdefault(template.rdn, {})
            shapes.setdefault((template.before, template.after), []).append(family)
        self._needs_name = frozenset(key for keys in self._by_name.values() for key in keys) | {
            term("family", family.name) for family in families
        }
        self._needs_sid = frozenset(key for keys in self._by_sid.values() for key in keys)
        # Of the two tables alone: with a method this would be a cycle, and an old policy would outlive its time.
        self._meaning = lru_cache(_REMEMBERED_NAMES)(partial(_read, self._by_name, self._templates))

    def person(self, subject: Subject | None) -> Person:
        """What the rules need to know of `subject`; None is the anonymous client."""
        if subject is None:
            return NOBODY
        terms = {ANYONE, SIGNED_IN, term(subject.kind.value, subject.name)}
        words: dict[str, set[str]] = {}
        unknown_name = unknown_sid = False
        for group in subject.groups:
            meaning = self._meaning(group.dn)
            if meaning is not None:  # most groups mean nothing to the policy
                terms.update(meaning.terms)
                for word, family in meaning.words:
                    words.setdefault(word, set()).add(family)
                unknown_name |= not meaning.known
            if not group.sid:
                unknown_sid = True
            elif self._by_sid:
                terms.update(self._by_sid.get(group.sid.upper(), ()))
        known = possible = frozenset(terms)
        if unknown_name:
            possible |= self._needs_name
        if unknown_sid:
            possible |= self._needs_sid
        account = own_component(subject) or ""
        return Person(known, possible, words, unknown_name, account)


def _read(by_name: _ByName, templates: _Templates, text: str) -> _Meaning | None:
    """What the group of this DN means; None if nothing."""
    if not text:
        return _UNKNOWN
    try:
        name = DistinguishedName.parse(text)
    except InvalidName:
        return _UNKNOWN
    terms = list(by_name.get(name, ()))
    words: list[tuple[str, str]] = []
    for position, shapes in templates.items():
        for family in shapes.get((name.rdns[:position], name.rdns[position + 1 :]), ()):
            word = family.template.word_of(name)
            if word:
                terms.append(term("family", family.name))
                words.append((word, fold(family.name)))
    return _Meaning(tuple(terms), tuple(words)) if terms else None


def own_component(subject: Subject) -> str | None:
    """The path component that `{user}` stands for: a person's account in lower case, if that is a legal one.

    Only ASCII is lowered: other letters can become ASCII on the way, and two accounts would share one space.
    """
    if subject.kind is not SubjectKind.USER or not subject.name.isascii():
        return None
    name = subject.name.lower()
    return name if is_path_component(name) else None
