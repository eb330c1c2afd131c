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
from tests.support.examples import examples
from tests.support.policy_oracle import FAMILIES, GROUPS, WORDS, outcome

SEGMENTS = ["a", "b", "aa", "x-1", "x-1a", "alice"]
GLOBS = ["*", "**", "**", "x-*", "*a", "a*a", "*-*", "*l*c*", "*a*a*"]
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
        if draw(st.integers(0, 9)) == 9:
            rule[key] = value
    return rule


@st.composite
def policies(draw: st.DrawFn) -> Plain:
    """The plain values of a policy file."""
    found: Plain = {"version": 1, "groups": GROUPS, "families": FAMILIES}
    for section in ("allow", "deny"):
        least, most = (2, 6) if section == "allow" else (1, 3)
        found[section] = draw(st.lists(rules(), min_size=least, max_size=most))
        for number, rule in enumerate(found[section]):
            allowed = found["allow"][number % len(found["allow"])]
            if section == "deny" and "repositories" in rule and "repositories" in allowed and draw(st.booleans()):
                # Deny rules that meet an allow rule would else be few.
                rule.update(who=allowed["who"], repositories=allowed["repositories"])
            rule["id"] = f"{section}-{number}"
    return found


GROUP = st.builds(Group, st.sampled_from(DNS), st.sampled_from(SIDS)).filter(lambda group: bool(group.dn or group.sid))
PEOPLE = st.builds(
    Subject,
    st.sampled_from([SubjectKind.USER, *SubjectKind]),
    st.sampled_from(["alice", "ALICE", "a", "ci", "no name"]),
    st.lists(GROUP, max_size=4).map(tuple),
)
SUBJECTS = st.one_of(PEOPLE, PEOPLE, PEOPLE, PEOPLE, st.none())
NAMES = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5).map("/".join)
ACTIONS = st.lists(st.sampled_from(["pull", "push", "delete", "*"]), min_size=1, unique=True).map(tuple)
# What a segment of a pattern may be turned into to find a name near it.
NEAR = {"**": ["", "a", "b/a"], "*": ["a", "x-1"], "x-*": ["x-1"], "*a": ["aa", "x-1a"], "a*a": ["aa", "a"]}
NEAR |= {
    "*-*": ["x-1"],
    "*a*a*": ["a", "aa"],
    "*l*c*": ["alice"],
    "{user}": ["alice", "a"],
    "{team}": ["a", "b"],
    "{proj}": ["a", "x-1"],
}


@st.composite
def names_near(draw: st.DrawFn, plain: Plain) -> str:
    """A name that one of the patterns matches or nearly matches; with few patterns often any name."""
    patterns = [
        text for section in ("allow", "deny") for rule in plain[section] for text in rule.get("repositories", ())
    ]
    pattern = draw(st.sampled_from(["**/**/**", *patterns]))
    parts = [draw(st.sampled_from(NEAR.get(segment, [segment]))) for segment in pattern.split("/")]
    return "/".join(part for part in parts if part) or draw(NAMES)


@st.composite
def questions_near(draw: st.DrawFn, plain: Plain) -> Question:
    """A question that the policy has something to say about."""
    repositories = st.builds(Access, st.just("repository"), names_near(plain), ACTIONS)
    access = draw(st.lists(repositories, min_size=3, max_size=8))
    return Question(
        draw(SUBJECTS),
        (*access, Access("registry", "catalog", ("*",))),
        draw(st.sampled_from(["one", "one", "two", ""])),
        draw(st.sampled_from([ip_address("10.1.1.1"), ip_address("192.0.2.1"), ip_address("fd00::1"), None])),
        draw(st.sampled_from(MOMENTS)),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Plain, list[Question]]:
    """A policy, and questions to it."""
    plain = draw(policies())
    return plain, draw(st.lists(questions_near(plain), min_size=3, max_size=6))


def load(plain: Plain) -> Policy:
    """JSON is YAML."""
    return parse_policy([("policy.yaml", json.dumps(plain))])


def granted(decision: Decision) -> set[tuple[str, str]]:
    """Pairs of resource and action."""
    return {(f"{access.type}:{access.name}", action) for access in decision.granted for action in access.actions}


@settings(max_examples=examples(250))
@given(cases())
def test_decisions_are_what_a_literal_reading_gives(case: tuple[Plain, list[Question]]) -> None:
    """Each action of each access: granted or not, and by which rules."""
    plain, questions = case
    policy = load(plain)
    for question in questions:
        decision = policy.decide(question)
        assert [access for access, _ in decision.verdicts] == list(question.access)
        for access, verdicts in decision.verdicts:
            expected = outcome(plain, question, access.name if access.type == "repository" else None)
            asked = set(expected) if "*" in access.actions else set(access.actions)
            assert {
                verdict.action: (isinstance(verdict, Granted), [rule.id for rule in verdict.rules])
                for verdict in verdicts
            } == {action: said for action, said in expected.items() if action in asked}


@settings(max_examples=examples(60))
@given(cases(), st.randoms(use_true_random=False))
def test_order_never_matters(case: tuple[Plain, list[Question]], random: Any) -> None:
    """Rules, patterns, people and actions in any order give the same, and name the same rules."""
    plain, questions = case
    shuffled = json.loads(json.dumps(plain))
    for section in ("allow", "deny"):
        random.shuffle(shuffled[section])
        for rule in shuffled[section]:
            for key in ("who", "repositories", "actions"):
                random.shuffle(rule.get(key, []))
    before, after = load(plain), load(dict(reversed(shuffled.items())))
    for question in questions:
        one, other = before.decide(question), after.decide(question)
        assert one.granted == other.granted
        assert one.rule_ids == other.rule_ids


@settings(max_examples=examples(60))
@given(cases(), rules())
def test_an_allow_rule_never_removes_and_a_deny_rule_never_adds(
    case: tuple[Plain, list[Question]], rule: Plain
) -> None:
    """So that a reviewer can read a change by itself."""
    plain, questions = case
    policy = load(plain)
    more = load({**plain, "allow": [*plain["allow"], {**rule, "id": "new"}]})
    less = load({**plain, "deny": [*plain["deny"], {**rule, "id": "new"}]})
    for question in questions:
        before = granted(policy.decide(question))
        assert before <= granted(more.decide(question))
        assert granted(less.decide(question)) <= before


@settings(max_examples=examples(60))
@given(cases())
def test_only_what_was_asked_for_is_granted(case: tuple[Plain, list[Question]]) -> None:
    """In the order of the question, without empty entries, and never a star on a repository."""
    plain, questions = case
    policy = load(plain)
    for question in questions:
        decision = policy.decide(question)
        rest = iter([(access.type, access.name) for access in question.access])
        for access in decision.granted:
            assert access.actions
            assert (access.type, access.name) in rest  # consumes: each entry stands behind the one before
        for access, verdicts in decision.verdicts:
            actions = {verdict.action for verdict in verdicts if isinstance(verdict, Granted)}
            everything = {"pull", "push", "delete"} if access.type == "repository" else {"*"}
            assert actions <= (everything if "*" in access.actions else set(access.actions))
