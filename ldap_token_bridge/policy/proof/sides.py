"""One of the two policies that are compared: its rules taken apart, by terms that mean the same in both."""

from collections.abc import Collection, Hashable, Iterable, Iterator

from ldap_token_bridge.dn import fold
from ldap_token_bridge.identity import Subject
from ldap_token_bridge.policy.groups import FamilyTemplate, GroupName
from ldap_token_bridge.policy.load import Policy
from ldap_token_bridge.policy.pattern import USER_WORD, Capture
from ldap_token_bridge.policy.rules import Rule, RuleKind, RulePattern
from ldap_token_bridge.policy.terms import Person, Terms
from ldap_token_bridge.policy.who import ANYONE, SIGNED_IN, Who, WhoKind, term
from ldap_token_bridge.values import dataclass

from .names import Path
from .words import bind

CATALOG = "catalog"


@dataclass(frozen=True, slots=True)
class Key:
    """A term of `who` by what it means: a group by its DN or SID, a family by its template, others by their names."""

    kind: WhoKind
    meaning: Hashable = ""


EVERYBODY = (Key(SIGNED_IN), Key(ANYONE))


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One thing that a rule says of one term: a pattern with its actions, or the catalogue (`path` None).

    `identity` is equal for statements that say the same, in whichever policy, of an action that both speak of.
    """

    rule: Rule
    key: Key
    path: Path | None
    families: frozenset[str]  # those that give the word in braces, folded; empty if there is none
    actions: frozenset[str]
    identity: Hashable


class Side:
    """A policy, and for each term what its rules say."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._terms = Terms(policy.groups, policy.families)
        self.groups: dict[Key, GroupName] = {}
        self.families: dict[Key, FamilyTemplate] = {}
        self.names: dict[Key, str] = {key: key.kind for key in EVERYBODY}
        self._keys: dict[str, Key] = {}
        self._number: dict[Key, int] = {}
        for group in policy.groups:
            key = Key("group", group.group.dn or group.group.sid)
            self._define(key, Who("group", group.name))
            self.groups[key] = group.group
        for family in policy.families:
            key = Key("family", _identity(family.template))
            self._define(key, Who("family", family.name))
            self.families[key] = family.template
        self._said: dict[RuleKind, dict[Key, list[Statement]]] = {"allow": {}, "deny": {}}
        for rule in policy.rules:
            for statement in self._statements(rule):
                self._number.setdefault(statement.key, len(self._number))
                self._said[rule.reference.kind].setdefault(statement.key, []).append(statement)

    def keys(self, kind: RuleKind) -> Collection[Key]:
        """The terms that rules of this kind speak of."""
        return self._said[kind].keys()

    def said(self, kind: RuleKind, keys: Iterable[Key], action: str) -> Iterator[Statement]:
        """What rules of this kind say of these terms and an action."""
        table = self._said[kind]
        # In the order of the policy, so that whatever is asked of sets of terms comes to the same each time.
        for key in sorted((key for key in keys if key in table), key=self._number.__getitem__):
            for statement in table[key]:
                if action in statement.actions:
                    yield statement

    def person(self, subject: Subject | None) -> Person:
        """The subject in terms of this policy."""
        return self._terms.person(subject)

    def met(self, person: Person) -> frozenset[Key]:
        """The terms that a person meets."""
        return frozenset(key for each in person.terms if (key := self._keys.get(each)))

    def identities(self, kind: RuleKind) -> set[tuple[Hashable, str]]:
        """What rules of this kind say, each with an action."""
        every = (statement for said in self._said[kind].values() for statement in said)
        return {(statement.identity, action) for statement in every for action in statement.actions}

    def all_bound(self, statements: Iterable[Statement], person: Person) -> list[tuple[Statement, Path]]:
        """Statements with their patterns as `bound` gives them."""
        return [(statement, path) for statement in statements for path in self._bound(statement, person)]

    def _bound(self, statement: Statement, person: Person) -> list[Path]:
        """The statement's pattern with the person's words; none if the person has no such word."""
        if statement.path is None:
            return [()]  # of the catalogue there is but one
        own = {USER_WORD: person.account} if person.account else {}
        if not statement.families:
            return bind([statement.path], own)
        (word,) = {part.word for part in statement.path if isinstance(part, Capture)} - {USER_WORD}
        given = (each for each, families in person.words.items() if not statement.families.isdisjoint(families))
        return [path for each in given for path in bind([statement.path], {**own, word: each})]

    def _define(self, key: Key, who: Who) -> None:
        self._keys[who.key] = key
        self.names.setdefault(key, str(who))

    def _statements(self, rule: Rule) -> Iterator[Statement]:
        for who in dict.fromkeys(rule.who):
            key = self._keys.get(who.key)
            if key is None:
                key = Key(who.kind, fold(who.name))
                self._define(key, who)
            narrowing = (frozenset(rule.networks or ()), rule.services, rule.until)
            if rule.catalog:
                yield Statement(
                    rule, key, None, frozenset(), frozenset((CATALOG,)), (rule.reference.kind, key, narrowing)
                )
            for placed in rule.patterns:
                yield self._statement(rule, key, placed, narrowing)

    def _statement(self, rule: Rule, key: Key, placed: RulePattern, narrowing: Hashable) -> Statement:
        path = placed.pattern.segments
        # Families may be renamed, and their words: what counts is which groups give the word.
        meant = tuple(Capture("") if isinstance(part, Capture) and part.word != USER_WORD else part for part in path)
        families = frozenset(fold(name) for name in placed.families)
        given = frozenset(self._keys[term("family", name)] for name in families)
        identity = (rule.reference.kind, key, meant, given, narrowing)
        return Statement(rule, key, path, families, rule.effective, identity)


def _identity(template: FamilyTemplate) -> Hashable:
    return frame(template), template.prefix, template.suffix


def frame(template: FamilyTemplate) -> Hashable:
    """All but the texts around the word; families of different frames have no group in common."""
    return template.rdn, template.before, template.after, template.others, template.attribute
