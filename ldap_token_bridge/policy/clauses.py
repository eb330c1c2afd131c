"""Whom a rule means, with nobody in mind: terms of `who` joined to what the words of a pattern would have to be."""

from collections.abc import Iterable, Iterator

from ldap_token_bridge.dn import DistinguishedName, fold
from ldap_token_bridge.registry import CATALOG, Access
from ldap_token_bridge.values import dataclass

from .fit import Binding, fit
from .rules import NamedFamily, NamedGroup, Rule
from .who import ANYONE, SIGNED_IN, WhoKind

_ONE_SUBJECT = ("user", "robot", "workload")


@dataclass(frozen=True, slots=True, order=True)
class Atom:
    """One thing to be: a term of `who`; with `word`, someone to whom a group of the family gives that word."""

    kind: WhoKind
    name: str = ""
    word: str = ""

    def __str__(self) -> str:
        term = f"{self.kind}:{self.name}" if self.name else self.kind
        return f"{term} with the word {self.word}" if self.word else term


# All of them must hold of one subject.
Atoms = frozenset[Atom]


class Meanings:
    """What follows from being something, by the groups and families of one policy."""

    def __init__(self, groups: Iterable[NamedGroup], families: Iterable[NamedFamily]) -> None:
        self._groups = tuple(groups)
        self._families = tuple(families)
        self._group_names = {fold(named.name): named for named in self._groups}
        self._family_names = {fold(named.name): named for named in self._families}

    def atom(self, kind: WhoKind, name: str = "", word: str = "") -> Atom:
        """The atom with its name as the policy defines it, or folded: equal for what compares as equal."""
        named: NamedGroup | NamedFamily | None = None
        if kind == "group":
            named = self._group_names.get(fold(name))
        elif kind == "family":
            named = self._family_names.get(fold(name))
        return Atom(kind, named.name if named else fold(name), word)

    def group_dn(self, atom: Atom) -> str:
        """The DN of the one group that an atom names; empty for others, and for a group known by its SID."""
        if atom.kind == "group":
            named = self._group_names[fold(atom.name)]
            return "" if named.group.sid else named.group.text
        if atom.kind == "family" and atom.word:
            return self._family_names[fold(atom.name)].template.fill(atom.word)
        return ""

    def group_sid(self, atom: Atom) -> str:
        """The SID of the group that an atom names, if the policy names it so."""
        return self._group_names[fold(atom.name)].group.sid if atom.kind == "group" else ""

    def implied(self, atoms: Atoms) -> Atoms:
        """Everything that is true of whoever these are true of."""
        found = {Atom(ANYONE)}
        for atom in atoms:
            found.add(atom)
            if atom.kind != ANYONE:
                found.add(Atom(SIGNED_IN))
            if atom.kind == "family":
                found.add(Atom("family", atom.name))
            if dn := self.group_dn(atom):
                found.update(self._of_group(DistinguishedName.parse(dn)))
            if sid := self.group_sid(atom):
                found |= {Atom("group", each.name) for each in self._groups if each.group.sid == sid}
        return frozenset(found)

    def _of_group(self, dn: DistinguishedName) -> Iterator[Atom]:
        """What a member of this group is."""
        for named in self._groups:
            if named.group.dn == dn:
                yield Atom("group", named.name)
        for family in self._families:
            if word := family.template.word_of(dn):
                yield Atom("family", family.name)
                yield Atom("family", family.name, word)


def alternatives(rule: Rule, access: Access, meanings: Meanings) -> tuple[Atoms, ...]:
    """The ways to be meant by a rule that speaks of `access`, whatever narrows it; none if it does not speak of it."""
    if access.type == "registry":
        found = _terms(rule, Binding(), meanings) if rule.catalog and access.name == CATALOG else iter(())
        return tuple(dict.fromkeys(found))
    segments = access.name.split("/")
    ways: dict[Atoms, None] = {}
    for placed in rule.patterns:
        for binding in sorted(fit(placed.pattern, segments).bindings, key=str):
            if binding.word:
                # A family in `who` that gives the word is in itself one of the terms.
                given = (frozenset((meanings.atom("family", name, binding.word),)) for name in placed.families)
                ways |= dict.fromkeys(way for each in given if (way := _with_user(each, binding.user)))
            else:
                ways |= dict.fromkeys(_terms(rule, binding, meanings))
    return tuple(ways)


def exclude_each_other(one: Atoms, other: Atoms) -> bool:
    """Whether nobody can be both."""
    subjects = {atom for atom in one | other if atom.kind in _ONE_SUBJECT}
    return len(subjects) > 1


def _terms(rule: Rule, binding: Binding, meanings: Meanings) -> Iterator[Atoms]:
    for who in rule.who:
        way = _with_user(frozenset((meanings.atom(who.kind, who.name),)), binding.user)
        if way:
            yield way


def _with_user(atoms: Atoms, user: str) -> Atoms | None:
    """These, of the person with that account; None if nobody is both."""
    if not user:
        return atoms
    kept = frozenset(atom for atom in atoms if atom.kind not in (ANYONE, SIGNED_IN))
    whole = kept | {Atom("user", user)}
    return None if exclude_each_other(kept, whole) else whole
