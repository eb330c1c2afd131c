"""Findings about rules without effect, on generated policies: what is said is true."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

from hypothesis import assume, given, settings

from ldap_token_bridge.policy import Question
from ldap_token_bridge.policy.lint import lint_policy
from tests.properties.test_policy_engine import cases, load
from tests.support.examples import examples

# The generated rules end on this day or never, and questions are asked on it and on the next.
TODAY = date(2026, 1, 1)


def without_effect(policy: Any) -> Iterator[str]:
    """The ids of rules that are said to change nothing."""
    for found in lint_policy(load(policy), TODAY):
        if found.kind in ("covered-rule", "rule-without-effect"):
            yield found.what.split("'")[1]


@settings(max_examples=examples(80))
@given(cases())
def test_a_rule_that_is_said_to_do_nothing_can_be_removed(case: tuple[Any, list[Question]]) -> None:
    """All of them at once: no answer to any question becomes another."""
    policy, questions = case
    idle = set(without_effect(policy))
    assume(idle)
    less = deepcopy(policy)
    for section in ("allow", "deny"):
        less[section] = [rule for rule in less[section] if rule["id"] not in idle]
    before, after = load(policy), load(less)
    for question in questions:
        assert after.decide(question).granted == before.decide(question).granted
