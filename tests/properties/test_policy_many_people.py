"""What a policy remembers of names must not depend on who asked for them before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ldap_token_bridge.identity import Subject
from ldap_token_bridge.policy import Granted, Question
from ldap_token_bridge.registry import Access
from tests.properties.test_policy_engine import MOMENTS, SUBJECTS, Plain, load
from tests.support.examples import examples
from tests.support.policy_oracle import FAMILIES, GROUPS, outcome

EVERYTHING = ("pull", "push", "delete")
SEGMENTS = ["a", "x-1", "alice", "c"]
NAMES = [*SEGMENTS, *[f"{first}/{second}" for first in SEGMENTS for second in SEGMENTS]]
# Most of them heed who asks; the families are those that have the word.
RULES = [
    *[(who, shape.format("{team}")) for who in ("family:fw", "family:fr") for shape in ("{}", "{}/**", "*/{}")],
    *[("family:fp", pattern) for pattern in ("{proj}/{proj}", "**/{proj}", "a/{proj}")],
    *[("signed-in", shape.format("{user}")) for shape in ("{}", "{}/*", "**/{}")],
    *[(who, pattern) for who in ("anyone", "group:ga") for pattern in ("*/a", "a/**")],
]
EVERYONE = {"id": "everyone", "who": ["anyone"], "repositories": ["**"], "actions": list(EVERYTHING)}


@st.composite
def policies(draw: st.DrawFn) -> Plain:
    """Some let everyone do everything, and then take away."""
    plain: Plain = {"version": 1, "groups": GROUPS, "families": FAMILIES}
    for section in ("allow", "deny"):
        chosen = draw(st.lists(st.sampled_from(RULES), min_size=1, max_size=5, unique=True))
        plain[section] = [
            {"id": f"{section}-{number}", "who": [who], "repositories": [pattern], "actions": ["push"]}
            for number, (who, pattern) in enumerate(chosen)
        ]
    plain["allow"] += draw(st.sampled_from([[EVERYONE], [EVERYONE], []]))
    return plain


@settings(max_examples=examples(100))
@given(policies(), st.lists(SUBJECTS, min_size=4, max_size=8))
def test_who_asked_before_changes_nothing(plain: Plain, people: list[Subject | None]) -> None:
    """Many people ask for the same names in turn, the first ones again at the end: each gets what is theirs alone."""
    policy = load(plain)
    access = tuple(Access("repository", name, EVERYTHING) for name in NAMES)
    for subject in [*people, *people]:
        question = Question(subject, access, "one", None, MOMENTS[0])
        for asked, verdicts in policy.decide(question).verdicts:
            assert {
                verdict.action: (isinstance(verdict, Granted), [rule.id for rule in verdict.rules])
                for verdict in verdicts
            } == outcome(plain, question, asked.name)
