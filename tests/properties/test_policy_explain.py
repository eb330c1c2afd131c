"""`explain` against the engine, on generated policies and questions: it can never tell another story."""

import json
from itertools import combinations
from typing import Any

from hypothesis import given, settings

from ldap_token_bridge.policy import DenyReason, Granted, Policy, Question
from ldap_token_bridge.policy.explain import Explanation, explain
from ldap_token_bridge.policy.obstacles import ObstacleKind
from ldap_token_bridge.registry import Access
from tests.properties.test_policy_engine import cases, load
from tests.support.examples import examples
from tests.support.policy_oracle import Rule

Plain = dict[str, Any]
EVERYTHING = {"id": "zz", "who": ["anyone"], "repositories": ["**"], "actions": ["push", "delete"], "catalog": True}


def explanations(policy: Policy, questions: list[Question]) -> list[Explanation]:
    """One for each question."""
    return [explain(policy, question) for question in questions]


@settings(max_examples=examples(40))
@given(cases())
def test_the_verdicts_and_the_deciding_rules_are_the_engines(case: tuple[Plain, list[Question]]) -> None:
    """And the rules found beside it are those that it names."""
    plain, questions = case
    policy = load(plain)
    for question, explanation in zip(questions, explanations(policy, questions), strict=True):
        decision = policy.decide(question)
        told = tuple((access, tuple(each.verdict for each in reasons)) for access, reasons in explanation.accesses)
        assert told == decision.verdicts
        for _, reasons in explanation.accesses:
            for each in reasons:
                allowing = tuple(holding.rule.reference for holding in each.allowing)
                denying = tuple(holding.rule.reference for holding in each.denying)
                if isinstance(each.verdict, Granted):
                    assert (each.verdict.rules, ()) == (allowing, denying)
                elif each.verdict.reason is DenyReason.TAKEN_AWAY:
                    assert allowing and each.verdict.rules == denying
                else:
                    assert (allowing, each.verdict.rules) == ((), ())


@settings(max_examples=examples(40))
@given(cases())
def test_every_rule_holds_or_lacks_something(case: tuple[Plain, list[Question]]) -> None:
    """Each rule stands in one list; a miss without a reason, or without a place, would leave the reader alone."""
    plain, questions = case
    policy = load(plain)
    ids = sorted(rule.id for rule in policy.rules)
    for explanation in explanations(policy, questions):
        for _, reasons in explanation.accesses:
            for each in reasons:
                told = [one.rule.id for part in (each.allowing, each.denying, each.misses) for one in part]
                assert sorted(told) == ids
                assert all(miss.obstacles for miss in each.misses)
                assert all(obstacle.text for miss in each.misses for obstacle in miss.obstacles)


@settings(max_examples=examples(8))
@given(cases())
def test_without_what_is_named_the_rule_holds_and_not_before(case: tuple[Plain, list[Question]]) -> None:
    """The reasons are all of them, and each of them is one."""
    plain, questions = case
    rules = {rule["id"]: rule for section in ("allow", "deny") for rule in plain[section]}
    for explanation in explanations(load(plain), questions):
        for access, reasons in explanation.accesses:
            for each in reasons:
                for miss in each.misses:
                    kinds = [obstacle.kind for obstacle in miss.obstacles]
                    rule = rules[miss.rule.id]
                    question = explanation.question
                    assert holds(plain, rule, kinds, question, access, each.verdict.action)
                    for some in combinations(kinds, len(kinds) - 1):
                        assert not holds(plain, rule, list(some), question, access, each.verdict.action)


def holds(plain: Plain, rule: Rule, kinds: list[ObstacleKind], question: Question, access: Access, action: str) -> bool:
    """Whether the rule, without these parts, is what decides where nothing else does."""
    changed = without(rule, kinds)
    is_deny = rule["id"].startswith("deny")
    sections: Plain = {"allow": [EVERYTHING], "deny": [changed]} if is_deny else {"allow": [changed], "deny": []}
    one = Access(access.type, access.name, (action,))
    decision = load({**plain, **sections}).decide(
        Question(question.subject, (one,), question.service, question.address, question.now)
    )
    return rule["id"] in decision.rule_ids


def without(rule: Rule, kinds: list[ObstacleKind]) -> Rule:
    """The rule with each of these parts opened."""
    changed: Rule = json.loads(json.dumps(rule))
    for kind in kinds:
        if kind is ObstacleKind.WHO:
            changed["who"].append("anyone")
        elif kind is ObstacleKind.REPOSITORIES:
            changed["repositories"] = [*changed.get("repositories", ()), "**"]
            changed.setdefault("actions", ["pull", "push", "delete"])
        elif kind is ObstacleKind.WORD:  # it would come from a family in `who`
            changed = without(changed, [ObstacleKind.WHO, ObstacleKind.REPOSITORIES])
        elif kind is ObstacleKind.ACTIONS:
            changed["actions"] = ["pull", "push", "delete"]
        elif kind is ObstacleKind.CATALOG:
            changed["catalog"] = True
        else:
            del changed[kind.value]
    return changed
