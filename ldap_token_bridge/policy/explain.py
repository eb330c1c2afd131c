"""Why a question is decided as it is: for each action the rules that hold, and for every other rule what it lacks.

The verdict is the engine's own; the reasons are found beside it, rule by rule.
"""

from ldap_token_bridge.dn import fold
from ldap_token_bridge.registry import Access
from ldap_token_bridge.values import dataclass

from .decision import Question, Verdict
from .load import Policy
from .obstacles import Asker, Obstacle
from .rules import Rule
from .terms import Terms


@dataclass(frozen=True, slots=True)
class Holding:
    """A rule that holds for an action. `doubts`: it does so only since these are not known."""

    rule: Rule
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Miss:
    """A rule that does not hold for an action, and everything that it lacks, never empty."""

    rule: Rule
    obstacles: tuple[Obstacle, ...]

    @property
    def is_near(self) -> bool:
        """Whether one thing alone stands against it, and if that is the pattern, a part of it fits."""
        return len(self.obstacles) == 1 and self.depth > 0

    @property
    def depth(self) -> int:
        """How many segments of the name fit one of its patterns."""
        return min(obstacle.depth for obstacle in self.obstacles)


@dataclass(frozen=True, slots=True)
class ActionReasons:
    """One action on one resource; each rule of the policy stands in exactly one of the three lists."""

    verdict: Verdict
    allowing: tuple[Holding, ...]
    denying: tuple[Holding, ...]
    misses: tuple[Miss, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`memberships` are the policy's terms that the subject's groups meet, a family's with each word."""

    question: Question
    memberships: tuple[tuple[str, str], ...]
    accesses: tuple[tuple[Access, tuple[ActionReasons, ...]], ...]


def explain(policy: Policy, question: Question) -> Explanation:
    """The engine's decision with the reasons for it."""
    person = Terms(policy.groups, policy.families).person(question.subject)
    asker = Asker(question, person, {fold(named.name): named for named in policy.families})
    decision = policy.decide(question)
    accesses = tuple((access, _reasons(policy, asker, access, verdicts)) for access, verdicts in decision.verdicts)
    memberships = policy.memberships(question.subject) if question.subject else ()
    return Explanation(question, memberships, accesses)


def _reasons(policy: Policy, asker: Asker, access: Access, verdicts: tuple[Verdict, ...]) -> tuple[ActionReasons, ...]:
    # What a rule says of an action is the least of it, so the rest is found once for all actions.
    rules = sorted(policy.rules, key=lambda rule: rule.id)
    found = [(rule, *_read(asker, rule, access)) for rule in rules]
    reasons = []
    for verdict in verdicts:
        holding: dict[str, list[Holding]] = {"allow": [], "deny": []}
        misses = []
        for rule, obstacles, doubts in found:
            about_action = asker.action_obstacle(rule, access, verdict.action)
            lacking = (*obstacles, about_action) if about_action else obstacles
            if lacking:
                misses.append(Miss(rule, lacking))
            else:
                holding[rule.reference.kind].append(Holding(rule, doubts))
        allowing, denying = tuple(holding["allow"]), tuple(holding["deny"])
        reasons.append(ActionReasons(verdict, allowing, denying, tuple(misses)))
    return tuple(reasons)


def _read(asker: Asker, rule: Rule, access: Access) -> tuple[tuple[Obstacle, ...], tuple[str, ...]]:
    """What stands against a rule, and what would if everything were known."""
    strict = asker.obstacles(rule, access, possibly=False)
    if rule.reference.kind == "allow":
        return strict, ()
    left = asker.obstacles(rule, access, possibly=True)
    return left, tuple(each.text for each in strict if each.kind not in {other.kind for other in left})
