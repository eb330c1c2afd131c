"""From a question to a decision. Pure: no clock, no I/O."""

from collections.abc import Iterable

from ldap_token_bridge.identity import Subject
from ldap_token_bridge.registry import CATALOG, Access, is_repository_name

from .decision import Decision, Denied, DenyReason, Granted, Question, Verdict
from .index import Index
from .model import ACTIONS
from .narrowing import Narrowing
from .rules import NamedFamily, NamedGroup, Rule, RuleReference
from .terms import Person, Terms
from .who import term

# The only action that clients ask for on the catalogue.
_EVERYTHING = "*"


# The actions asked for, and the rules that speak for and against.
_Case = tuple[tuple[str, ...], frozenset[Rule], frozenset[Rule]]
_Alike = dict[_Case, tuple[Verdict, ...]]
_ROOM = 20_000  # rules in the cases that are kept: some 300 octets each


class Engine:
    """The compiled policy: what allow rules grant is united, what any deny rule takes away is gone."""

    def __init__(self, rules: Iterable[Rule], groups: Iterable[NamedGroup], families: Iterable[NamedFamily]) -> None:
        rules = tuple(rules)
        self._terms = Terms(tuple(groups), tuple(families))
        self._allow = Index(rule for rule in rules if rule.reference.kind == "allow")
        self._deny = Index(rule for rule in rules if rule.reference.kind == "deny")
        self._settled: _Alike = {}  # by rules that hold for every question
        self._room = _ROOM

    def decide(self, question: Question) -> Decision:
        """The decision; raises ValueError if `now` has no time zone."""
        if question.now.tzinfo is None:
            raise ValueError("the time of a question must know its time zone")
        person = self._terms.person(question.subject)
        narrowing = Narrowing(question)
        alike: _Alike = {}
        verdicts = tuple([(access, self._judge(access, person, narrowing, alike)) for access in question.access])
        granted = tuple([given for access, judged in verdicts if (given := _granted(access, judged))])
        return Decision(granted, verdicts)

    def memberships(self, subject: Subject) -> tuple[tuple[str, str], ...]:
        """The terms `group:NAME` and `family:NAME` that a subject meets for certain, a family's with each word."""
        person = self._terms.person(subject)
        words = [(term("family", family), word) for word, families in person.words.items() for family in families]
        return tuple(sorted([(each, "") for each in person.terms if each.startswith("group:")] + words))

    def _judge(self, access: Access, person: Person, narrowing: Narrowing, alike: _Alike) -> tuple[Verdict, ...]:
        if access.type == "registry":
            return self._judge_catalog(access, person, narrowing)
        # An illegal name must not be read as anything; the scope parser has dropped it, other callers may not have.
        if not is_repository_name(access.name):
            return tuple(Denied(action, DenyReason.NO_RULE, ()) for action in _asked(access.actions))
        allow = self._allow.repository(access.name, person, possibly=False)
        deny = self._deny.repository(access.name, person, possibly=True) if allow else allow
        # Of many repositories that are asked for at once, most have the same rules.
        case = access.actions, allow, deny
        verdicts = self._settled.get(case) or alike.get(case)
        if verdicts is None:
            held = [rule for rule in allow if narrowing.holds_for_sure(rule)]
            against = [rule for rule in deny if narrowing.may_hold(rule)]
            verdicts = alike[case] = tuple(
                _verdict(
                    action,
                    [rule for rule in held if action in rule.effective],
                    [rule for rule in against if action in rule.effective],
                )
                for action in _asked(access.actions)
            )
            if not any(rule.narrows for rule in allow | deny):
                self._settle(case, verdicts)
        return verdicts

    def _settle(self, case: _Case, verdicts: tuple[Verdict, ...]) -> None:
        """The same rules speak of other repositories, too, and of other people."""
        _, allow, deny = case
        size = 1 + len(allow) + len(deny)
        self._room -= size
        if self._room < 0:
            self._settled.clear()
            self._room = _ROOM - size
        self._settled[case] = verdicts

    def _judge_catalog(self, access: Access, person: Person, narrowing: Narrowing) -> tuple[Verdict, ...]:
        if access.name != CATALOG:
            return tuple(Denied(action, DenyReason.NO_RULE, ()) for action in access.actions)
        allow = [rule for rule in self._allow.catalog(person.terms) if narrowing.holds_for_sure(rule)]
        deny = [rule for rule in self._deny.catalog(person.possible) if narrowing.may_hold(rule)]
        return tuple(
            _verdict(action, allow, deny) if action == _EVERYTHING else Denied(action, DenyReason.NO_RULE, ())
            for action in access.actions
        )


def _granted(access: Access, judged: Iterable[Verdict]) -> Access | None:
    """What is granted of an access; None if nothing."""
    actions = tuple([verdict.action for verdict in judged if isinstance(verdict, Granted)])
    if not actions:
        return None
    return access if actions == access.actions else Access(access.type, access.name, actions)


def _verdict(action: str, allow: list[Rule], deny: list[Rule]) -> Verdict:
    if not allow:
        return Denied(action, DenyReason.NO_RULE, ())
    if deny:
        return Denied(action, DenyReason.TAKEN_AWAY, _references(deny))
    return Granted(action, _references(allow))


def _references(rules: list[Rule]) -> tuple[RuleReference, ...]:
    """Sorted by id, so that an answer does not depend on the order of the file."""
    return tuple(rule.reference for rule in sorted(rules, key=lambda rule: rule.id))


def _asked(actions: tuple[str, ...]) -> tuple[str, ...]:
    """The actions to judge: `*` on a repository asks for each one there is."""
    if _EVERYTHING not in actions:
        return actions
    others = tuple(action for action in actions if action != _EVERYTHING and action not in ACTIONS)
    return (*ACTIONS, *others)
