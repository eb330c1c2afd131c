"""The compiled policy against a literal reading of its semantics, on generated policies and questions."""

import json
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ldap_token_bridge.identity import Group, Subject, SubjectKind
from ldap_token_bridge.policy import Decision, Granted, Policy, Question, parse_policy
from ldap_token_bridge.registry import Access
from tests.support.policy_oracle import FAMILIES, GROUPS, WORDS, outcome

SEGMENTS = ["a", "b", "aa", "ba", "x-1", "x-1a", "users", "alice", "prod"]
GLOBS = ["*", "**", "**", "x-*", "*a", "a*a", "*-*", "*l*c*"]
WHO = [
    *(f"group:{name}" for name in GROUPS),
    *(f"family:{name}" for name in FAMILIES),
    *("user:alice", "user:A", "robot:alice", "robot:ci", "workload:alice", "signed-in", "anyone"),
]
DNS = ["CN=A,OU=G,DC=x", "cn=a,ou=g,dc=x", "CN=B,OU=G,DC=x", "CN=C,OU=G,DC=x", "CN=A,OU=H,DC=x", ""] + [
    template.replace("{team}", word).replace("{proj}", word)
    for template in FAMILIES.values()
    for word in ("a", "B", "x-1", "no word")
]
SIDS = ["S-1-5-21-7", "S-1-5-21-8", "S-1-5-21-9", ""]
MOMENTS = [datetime(2026, 1, day, hour, tzinfo=UTC) for day in (1, 2) for hour in (0, 23)]
Plain = dict[str, Any]


@st.composite
def rules(draw: st.DrawFn) -> Plain:
    """A rule that loads; its id is given later."""
    who = draw(st.lists(st.sampled_from(WHO), min_size=1, max_size=4, unique=True))
    segments = SEGMENTS + GLOBS
    if not all(term.startswith(("robot:", "workload:")) for term in who):
        segments = [*segments, "{user}"]
    words = sorted({WORDS[term.removeprefix("family:")] for term in who if term.startswith("family:")})
    if words:
        segments = [*segments, *["{" + draw(st.sampled_from(words)) + "}"] * 8]
    pattern = st.lists(st.sampled_from(segments), min_size=1, max_size=4).map("/".join)
    rule: Plain = {"who": who}
    if draw(st.booleans()):
        rule["catalog"] = True
    if "catalog" not in rule or draw(st.booleans()):
        rule["repositories"] = draw(st.lists(pattern, min_size=1, max_size=3))
        rule["actions"] = draw(st.lists(st.sampled_from(["pull", "push", "delete"]), min_size=1, unique=True))
    for key, value in (("networks", ["10.0.0.0/8"]), ("services", ["one"]), ("until", "2026-01-01")):
        if draw(st.integers(0, 5)) == 0:
            rule[key] = value
    return rule


@st.composite
def policies(draw: st.DrawFn, most: int = 6) -> Plain:
    """The plain values of a policy file."""
    found: Plain = {"version": 1, "groups": GROUPS, "families": FAMILIES}
    for section in ("allow", "deny"):
        found[section] = draw(st.lists(rules(), max_size=most if section == "allow" else most // 2))
        for number, rule in enumerate(found[section]):
            rule["id"] = f"{section}-{number}"
    return found


GROUP = st.builds(Group, st.sampled_from(DNS), st.sampled_from(SIDS)).filter(lambda group: bool(group.dn or group.sid))
SUBJECTS = st.none() | st.builds(
    Subject,
    st.sampled_from(SubjectKind),
    st.sampled_from(["alice", "ALICE", "a", "ci", "no name"]),
    st.lists(GROUP, max_size=4).map(tuple),
)
NAMES = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5).map("/".join)
ACTIONS = st.lists(st.sampled_from(["pull", "push", "delete", "*"]), min_size=1, unique=True).map(tuple)
ACCESS = st.just(Access("registry", "catalog", ("*",))) | st.builds(Access, st.just("repository"), NAMES, ACTIONS)
QUESTIONS = st.builds(
    Question,
    SUBJECTS,
    st.lists(ACCESS, min_size=1, max_size=4).map(tuple),
    st.sampled_from(["one", "two", ""]),
    st.sampled_from([ip_address("10.1.1.1"), ip_address("192.0.2.1"), ip_address("fd00::1"), None]),
    st.sampled_from(MOMENTS),
)


def load(plain: Plain) -> Policy:
    """JSON is YAML."""
    return parse_policy([("policy.yaml", json.dumps(plain))])


def granted(decision: Decision) -> set[tuple[str, str]]:
    """Pairs of resource and action."""
    return {(f"{access.type}:{access.name}", action) for access in decision.granted for action in access.actions}


@settings(max_examples=500, deadline=None)
@given(policies(), QUESTIONS)
def test_decisions_are_what_a_literal_reading_gives(plain: Plain, question: Question) -> None:
    """Each action of each access: granted or not, and by which rules."""
    decision = load(plain).decide(question)
    assert [access for access, _ in decision.verdicts] == list(question.access)
    for access, verdicts in decision.verdicts:
        expected = outcome(plain, question, access.name if access.type == "repository" else None)
        asked = set(expected) if "*" in access.actions else set(access.actions)
        assert {
            verdict.action: (isinstance(verdict, Granted), [rule.id for rule in verdict.rules]) for verdict in verdicts
        } == {action: said for action, said in expected.items() if action in asked}


@settings(max_examples=200, deadline=None)
@given(policies(), QUESTIONS, st.randoms(use_true_random=False))
def test_order_never_matters(plain: Plain, question: Question, random: Any) -> None:
    """Rules, patterns, people and actions in any order give the same, and name the same rules."""
    shuffled = json.loads(json.dumps(plain))
    for section in ("allow", "deny"):
        random.shuffle(shuffled[section])
        for rule in shuffled[section]:
            for key in ("who", "repositories", "actions"):
                random.shuffle(rule.get(key, []))
    turned = dict(reversed(shuffled.items()))
    before, after = load(plain).decide(question), load(turned).decide(question)
    assert before.granted == after.granted
    assert before.rule_ids == after.rule_ids


@settings(max_examples=200, deadline=None)
@given(policies(), QUESTIONS, rules())
def test_an_allow_rule_never_removes_and_a_deny_rule_never_adds(plain: Plain, question: Question, rule: Plain) -> None:
    """So that a reviewer can read a change by itself."""
    before = granted(load(plain).decide(question))
    more = {**plain, "allow": [*plain["allow"], {**rule, "id": "new"}]}
    less = {**plain, "deny": [*plain["deny"], {**rule, "id": "new"}]}
    assert before <= granted(load(more).decide(question))
    assert granted(load(less).decide(question)) <= before


@settings(max_examples=200, deadline=None)
@given(policies(), QUESTIONS)
def test_only_what_was_asked_for_is_granted(plain: Plain, question: Question) -> None:
    """In the order of the question, without empty entries, and never a star on a repository."""
    decision = load(plain).decide(question)
    order = [(access.type, access.name) for access in question.access]
    kept = iter(order)
    for access in decision.granted:
        assert access.actions
        assert (access.type, access.name) in kept  # consumes: each entry stands behind the one before
    for access, verdicts in decision.verdicts:
        actions = {verdict.action for verdict in verdicts if isinstance(verdict, Granted)}
        everything = {"pull", "push", "delete"} if access.type == "repository" else {"*"}
        assert actions <= (everything if "*" in access.actions else set(access.actions))
