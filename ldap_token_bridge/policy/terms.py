"""Which terms of `who` a subject meets: resolved once a decision, by whole DN or SID."""

from collections.abc import Iterable

from ldap_token_bridge.dn import DistinguishedName, InvalidName, RelativeName, fold
from ldap_token_bridge.identity import Subject, SubjectKind
from ldap_token_bridge.registry import is_path_component
from ldap_token_bridge.values import dataclass

from .rules import NamedFamily, NamedGroup
from .who import ANYONE, SIGNED_IN, term

# Parsing a DN costs more than the rest of a decision; people share groups, so this holds a large directory's.
_MOST_KEPT = 65_536
_LONGEST_KEPT = 512  # characters; a hostile directory could send many that are longer

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
        self._meanings = _Meanings(self._by_name, self._templates)

    def person(self, subject: Subject | None) -> Person:
        """What the rules need to know of `subject`; None is the anonymous client."""
        if subject is None:
            return NOBODY
        terms = {ANYONE, SIGNED_IN, term(subject.kind.value, subject.name)}
        words: dict[str, set[str]] = {}
        unknown_name = False
        # Most groups mean nothing to the policy: these are passed over without a turn of the loop.
        for meaning in filter(None, map(self._meanings.__getitem__, [group.dn for group in subject.groups])):
            terms.update(meaning.terms)
            for word, family in meaning.words:
                words.setdefault(word, set()).add(family)
            unknown_name |= not meaning.known
        sids = [group.sid for group in subject.groups] if self._by_sid else []
        for sid in sids:
            terms.update(self._by_sid.get(sid.upper(), ()))
        known = possible = frozenset(terms)
        if unknown_name:
            possible |= self._needs_name
        if "" in sids:
            possible |= self._needs_sid
        account = own_component(subject) or ""
        return Person(known, possible, words, unknown_name, account)


class _Meanings(dict[str, _Meaning | None]):
    """By DN, each read when it is asked for first. None: it means nothing to the policy."""

    def __init__(self, by_name: _ByName, templates: _Templates) -> None:
        self._by_name, self._templates = by_name, templates

    def __missing__(self, dn: str) -> _Meaning | None:
        meaning = _read(self._by_name, self._templates, dn)
        if len(dn) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[dn] = meaning
        return meaning


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
