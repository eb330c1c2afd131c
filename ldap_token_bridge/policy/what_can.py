"""What someone may do, as patterns with their exceptions: for a term of `who`, or for a person with all groups."""

from collections.abc import Iterator
from datetime import date

from ldap_token_bridge.dn import fold
from ldap_token_bridge.identity import Subject, SubjectKind
from ldap_token_bridge.values import dataclass

from .clauses import Atom, Atoms, Meanings, exclude_each_other
from .load import Policy
from .overlap import may_overlap
from .pattern import USER_WORD, Capture, Exact, Pattern
from .rules import Rule, RulePattern
from .terms import Terms, own_component
from .who import ANYONE, SIGNED_IN
from .who_can import Exemption, exemptions

_PEOPLE = ("group", "family", "user", SIGNED_IN)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom the question is about: what is certain of them. `whole` if they are nothing else, `account` if it is known.

    `words` are what their groups give, by folded family. `doubtful` is what someone `whole` may be as well, since a
    group's DN or SID is not known: deny rules count it. With `any_word` a family may give any other word.
    """

    atoms: Atoms
    whole: bool = False
    account: str = ""
    words: tuple[tuple[str, str], ...] = ()
    doubtful: Atoms = frozenset()
    any_word: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one allow rule gives: `patterns` with the words filled in that are known; `unless` are the exceptions."""

    rule: Rule
    patterns: tuple[Pattern, ...]
    unless: tuple[Exemption, ...]


def holder_of(policy: Policy, atom: Atom) -> Holder:
    """Someone of whom one thing is known, and what follows from it."""
    implied = Meanings(policy.groups, policy.families).implied(frozenset((atom,)))
    person = Subject(SubjectKind.USER, atom.name) if atom.kind == "user" else None
    return Holder(implied, account=own_component(person) or "" if person else "", words=_words(implied))


def holder_of_subject(policy: Policy, subject: Subject) -> Holder:
    """A person with all groups: nothing else is true of them, beside what is not known of a group."""
    meanings = Meanings(policy.groups, policy.families)
    atoms = {Atom(ANYONE), Atom(SIGNED_IN), meanings.atom(subject.kind.value, subject.name)}
    for term, word in policy.memberships(subject):
        kind, _, name = term.partition(":")
        atoms.add(meanings.atom("group" if kind == "group" else "family", name))
        if word:
            atoms.add(meanings.atom("family", name, word))
    found = frozenset(atoms)
    person = Terms(policy.groups, policy.families).person(subject)
    names = (each.partition(":") for each in person.possible - person.terms)
    doubtful = frozenset(meanings.atom("group" if kind == "group" else "family", name) for kind, _, name in names)
    return Holder(
        found, whole=True, account=person.account, words=_words(found), doubtful=doubtful, any_word=person.any_word
    )


def what_can(policy: Policy, holder: Holder, at: date) -> tuple[Allowance, ...]:
    """What is allowed on that day to whoever is all of the holder's atoms, rule by rule."""
    meanings = Meanings(policy.groups, policy.families)
    rules = [rule for rule in sorted(policy.rules, key=lambda rule: rule.id) if not rule.until or at <= rule.until]
    denies = [rule for rule in rules if rule.reference.kind == "deny"]
    found = []
    for rule in rules:
        if rule.reference.kind == "allow" and _is_meant(rule, holder, meanings):
            patterns = tuple(dict.fromkeys(each for placed in rule.patterns for each in _filled(placed, holder)))
            if patterns or rule.catalog:
                found.append(Allowance(rule, patterns, _exceptions(rule, patterns, denies, holder, meanings)))
    return tuple(found)


def _is_meant(rule: Rule, holder: Holder, meanings: Meanings) -> bool:
    return any(meanings.atom(who.kind, who.name) in holder.atoms for who in rule.who)


def _exceptions(
    rule: Rule, patterns: tuple[Pattern, ...], denies: list[Rule], holder: Holder, meanings: Meanings
) -> tuple[Exemption, ...]:
    denying = []
    counted = holder.atoms | holder.doubtful
    for deny in denies:
        shared = rule.catalog and deny.catalog
        if not shared and rule.effective & deny.effective:
            against = [each for placed in deny.patterns for each in _filled(placed, holder, possibly=True)]
            shared = any(may_overlap(one, other) for one in patterns for other in against)
        if shared:
            terms = [frozenset((meanings.atom(who.kind, who.name),)) for who in deny.who]
            met = [each for each in terms if each <= counted]
            # Whoever is nothing else meets a deny rule for certain or not at all.
            open_ones = [] if holder.whole else [e for e in terms if not exclude_each_other(e, holder.atoms)]
            denying += [(deny, each) for each in met[:1] or open_ones]
    return exemptions(rule, counted, denying, meanings)


def _filled(placed: RulePattern, holder: Holder, *, possibly: bool = False) -> Iterator[Pattern]:
    """The pattern with what is known of its words; none if it cannot match for this holder.

    A word stays in its braces if it is not known; with `possibly` also where only more groups could give it.
    """
    kinds = {atom.kind for atom in holder.atoms}
    pattern = placed.pattern
    if USER_WORD in pattern.words:
        if holder.account:
            pattern = _with(pattern, USER_WORD, holder.account)
        elif holder.whole or not kinds.intersection(_PEOPLE) or kinds.intersection(("user", "robot", "workload")):
            return
    if not placed.families:
        yield pattern
        return
    families = {fold(name) for name in placed.families}
    word = next(word for word in pattern.words if word != USER_WORD)
    known = [each for family, each in holder.words if family in families]
    yield from (_with(pattern, word, each) for each in known)
    is_open = any(atom.kind == "family" and fold(atom.name) in families for atom in holder.atoms)
    if (possibly and holder.any_word) or (not holder.whole and (possibly or (is_open and not known))):
        yield pattern


def _with(pattern: Pattern, word: str, value: str) -> Pattern:
    """The pattern with a word filled in."""
    segments = tuple(Exact(value) if part == Capture(word) else part for part in pattern.segments)
    return Pattern(pattern.text.replace(f"{{{word}}}", value), segments)


def _words(atoms: Atoms) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((fold(atom.name), atom.word) for atom in atoms if atom.word))
