"""What stands between a rule and a question: every reason why it does not hold, in words."""

from collections.abc import Iterator
from enum import StrEnum

from ldap_token_bridge.dn import DistinguishedName, InvalidName, fold
from ldap_token_bridge.errors import Place
from ldap_token_bridge.identity import Subject, SubjectKind
from ldap_token_bridge.registry import CATALOG, MAX_NAME_LENGTH, Access, is_repository_name
from ldap_token_bridge.values import dataclass

from .decision import Question
from .fit import Binding, Fit, fit
from .narrowing import Narrowing
from .rules import NamedFamily, Rule, RulePattern
from .terms import Person
from .who import term


class ObstacleKind(StrEnum):
    """Which part of a rule does not hold."""

    WHO = "who"
    REPOSITORIES = "repositories"
    WORD = "word"  # a pattern fits, for whom a family in `who` gives the word: then `who` is no reason of its own
    ACTIONS = "actions"
    CATALOG = "catalog"
    NETWORKS = "networks"
    SERVICES = "services"
    UNTIL = "until"
    NAME = "name"  # no rule speaks of what is asked for


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason why a rule does not hold, and where it stands in the file.

    `depth` is how many segments of the name fit the pattern, beyond any name's if the pattern is not the reason.
    """

    kind: ObstacleKind
    text: str
    place: Place
    depth: int = MAX_NAME_LENGTH


@dataclass(frozen=True, slots=True)
class Asker:
    """The question as the rules see it: who asks from where, and what is known of them."""

    question: Question
    person: Person
    families: dict[str, NamedFamily]  # by folded name

    def obstacles(self, rule: Rule, access: Access, *, possibly: bool) -> tuple[Obstacle, ...]:
        """Everything against the rule but its actions; with `possibly` what is unknown stands against nothing."""
        return tuple(self._obstacles(rule, access, possibly=possibly))

    def action_obstacle(self, rule: Rule, access: Access, action: str) -> Obstacle | None:
        """What stands against the rule for this one action."""
        if access.type == "registry":
            spoken = "*"
            has = action == spoken
        else:
            spoken = ", ".join(sorted(rule.effective))
            has = not rule.patterns or action in rule.effective
        text = f"it speaks of {spoken}, not of {action}"
        return None if has else Obstacle(ObstacleKind.ACTIONS, text, rule.reference.place)

    def _obstacles(self, rule: Rule, access: Access, *, possibly: bool) -> Iterator[Obstacle]:
        place = rule.reference.place
        terms = self.person.possible if possibly else self.person.terms
        resource = tuple(self._resource(rule, access, possibly=possibly))
        lacks_word = any(each.kind is ObstacleKind.WORD for each in resource)
        if not lacks_word and not any(who.key in terms for who in rule.who):
            yield Obstacle(ObstacleKind.WHO, self._who(rule), place)
        yield from resource
        yield from self._narrowing(rule, possibly=possibly)

    def _resource(self, rule: Rule, access: Access, *, possibly: bool) -> Iterator[Obstacle]:
        place = rule.reference.place
        if access.type == "registry":
            if access.name != CATALOG:
                yield Obstacle(ObstacleKind.NAME, f"rules speak of the {CATALOG}, not of {access.name!r}", place)
            elif not rule.catalog:
                yield Obstacle(ObstacleKind.CATALOG, "it does not speak of the catalog", place)
        elif not is_repository_name(access.name):
            yield Obstacle(ObstacleKind.NAME, f"{access.name!r} is no legal repository name", place)
        elif not rule.patterns:
            yield Obstacle(ObstacleKind.REPOSITORIES, "it speaks of the catalog alone", place)
        else:
            yield from self._patterns(rule, access.name.split("/"), possibly=possibly)

    def _patterns(self, rule: Rule, segments: list[str], *, possibly: bool) -> Iterator[Obstacle]:
        """The pattern that came closest speaks for all."""
        nearest: Obstacle | None = None
        for placed in rule.patterns:
            found = fit(placed.pattern, segments)
            if any(self._gives(binding, placed, possibly=possibly) for binding in found.bindings):
                return
            depth = len(segments) if found.bindings else found.segment - 1
            if nearest is None or depth > nearest.depth:
                kind, text = ObstacleKind.REPOSITORIES, _parting(placed, found, segments)
                if found.bindings:
                    kind, text = self._unbound(placed, found)
                nearest = Obstacle(kind, text, placed.place, depth)
        if nearest:
            yield nearest

    def _gives(self, binding: Binding, placed: RulePattern, *, possibly: bool) -> bool:
        """Whether the person's account and groups give what the pattern's words must be."""
        if binding.user and binding.user != self.person.account:
            return False
        if not binding.word or (possibly and self.person.any_word):
            return True
        given = self.person.words.get(binding.word, set())
        return any(fold(family) in given for family in placed.families)

    def _unbound(self, placed: RulePattern, found: Fit) -> tuple[ObstacleKind, str]:
        text = placed.pattern.text
        wanted = sorted({binding.user for binding in found.bindings if binding.user} - {self.person.account})
        if wanted:
            if self.person.account:
                own = f"here it is {self.person.account!r}"
            elif self.question.subject and self.question.subject.kind is SubjectKind.USER:
                own = f"the account {self.question.subject.name!r} is no path component, so it stands for nothing"
            else:
                own = "only people have one"
            needed = " or ".join(map(repr, wanted))
            return ObstacleKind.REPOSITORIES, f"the pattern {text} needs {{user}} to be {needed}: {own}"
        needed = " or ".join(repr(word) for word in sorted({binding.word for binding in found.bindings}))
        families = {fold(family) for family in placed.families}
        have = sorted(word for word, giving in self.person.words.items() if giving & families)
        own = f"the groups give {', '.join(map(repr, have))}" if have else self._no_word(placed)
        names = " or ".join(f"family:{name}" for name in placed.families)
        return ObstacleKind.WORD, f"the pattern {text} needs the word {needed} from {names}: {own}"

    def _no_word(self, placed: RulePattern) -> str:
        """Why the groups of these families give none."""
        subject = self.question.subject
        if subject is None:
            return "the client is anonymous"
        if self.person.any_word:
            return "a group is not known by its name"
        notes = [note for name in placed.families if (note := self._lost_word(name, subject))]
        return "; ".join(notes) or f"{_called(subject)} is in no such group"

    def _narrowing(self, rule: Rule, *, possibly: bool) -> Iterator[Obstacle]:
        narrowing = Narrowing(self.question)
        place = rule.reference.place
        if not narrowing.in_time(rule):
            yield Obstacle(ObstacleKind.UNTIL, f"it ended with {rule.until}", place)
        in_network = narrowing.in_network(rule)
        if in_network is False or (in_network is None and not possibly):
            only = ", ".join(map(str, rule.networks or ()))
            own = f"not for {self.question.address}" if self.question.address else "the client's address is not known"
            yield Obstacle(ObstacleKind.NETWORKS, f"it is for clients in {only}: {own}", place)
        for_service = narrowing.for_service(rule)
        if for_service is False or (for_service is None and not possibly):
            only = ", ".join(sorted(rule.services or ()))
            own = f"not for {self.question.service}" if self.question.service else "the service is not known"
            yield Obstacle(ObstacleKind.SERVICES, f"it is for the service {only}: {own}", place)

    def _who(self, rule: Rule) -> str:
        named = ", ".join(map(str, rule.who))
        subject = self.question.subject
        if subject is None:
            return f"it is for {named}: the client is anonymous"
        unsure = [str(who) for who in rule.who if who.key in self.person.possible]
        if unsure:
            return f"it is for {named}: whether that holds for {', '.join(unsure)} is not known"
        families = [who.name for who in rule.who if who.kind == "family"]
        notes = [note for name in families if (note := self._lost_word(name, subject))]
        return f"it is for {named}: {'; '.join(notes) or f'{_called(subject)} is none of them'}"

    def _lost_word(self, name: str, subject: Subject) -> str:
        """A group of the family whose word can be no segment of a name; empty if there is none."""
        template = self.families[fold(name)].template
        for group in subject.groups:
            text = template.text_in(_name(group.dn)) if group.dn else ""
            if text:
                return f"the group {group.dn} gives {text!r}, which is no path component"
        return ""


def _called(subject: Subject) -> str:
    return subject.name if subject.kind is SubjectKind.USER else term(subject.kind.value, subject.name)


def _name(dn: str) -> DistinguishedName:
    try:
        return DistinguishedName.parse(dn)
    except InvalidName:
        return DistinguishedName(())


def _parting(placed: RulePattern, found: Fit, segments: list[str]) -> str:
    wanted = " or ".join(repr(each) for each in found.expected if each)
    what = f"the pattern {placed.pattern.text}"
    if found.segment > len(segments):
        return f"{what} goes on with {wanted} where the name ends"
    if not wanted:
        return f"{what} ends before segment {found.segment}, {segments[found.segment - 1]!r}"
    return f"{what} differs at segment {found.segment}: it has {wanted}, the name {segments[found.segment - 1]!r}"
