"""The differences of two policies against trying: every short name, for people of every kind, on generated pairs."""

import itertools
from collections.abc import Iterable, Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ldap_token_bridge.identity import Group, Subject, SubjectKind
from ldap_token_bridge.policy import Granted, Policy, Question
from ldap_token_bridge.policy.proof.diff import Difference, PolicyDiff, diff_policies
from ldap_token_bridge.policy.who import term
from ldap_token_bridge.registry import Access, is_repository_name
from tests.properties.test_policy_engine import DNS, SIDS, WHO, Plain, load, policies, rules
from tests.support.examples import examples
from tests.support.policy_oracle import counts, outcome

TODAY = date(2026, 1, 1)
SEGMENTS = ("a", "b", "aa", "ba", "x-1", "alice")
NAMES = ["/".join(parts) for length in (1, 2, 3) for parts in itertools.product(SEGMENTS, repeat=length)]
ACTIONS = ("pull", "push", "delete")
Context = tuple[IPv4Address | IPv6Address | None, str, datetime]
CONTEXTS: list[Context] = [
    (address, service, datetime(2026, 1, day, 12, tzinfo=UTC))
    for address in (ip_address("10.1.1.1"), ip_address("192.0.2.1"), None)
    for service in ("one", "two", "")
    for day in (1, 2)
]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Plain, Plain]:
    """Two policies that have most rules in common, as the two sides of a pull request have."""
    old = draw(policies())
    new = deepcopy(old)
    for section in ("allow", "deny"):
        for rule in new[section]:
            if draw(st.integers(0, 3)) == 0:
                _mutate(draw, rule)
        if len(new[section]) > 1 and draw(st.integers(0, 2)) == 0:
            del new[section][draw(st.integers(0, len(new[section]) - 1))]
        if draw(st.integers(0, 2)) == 0:
            new[section].append({**draw(rules()), "id": f"{section}-new"})
    return old, new


def _mutate(draw: st.DrawFn, rule: Plain) -> None:
    changed = draw(rules())
    key = draw(st.sampled_from(["who", "repositories", "actions", "networks", "services", "until"]))
    if key in ("networks", "services", "until"):
        rule.pop(key, None)
        rule.update({key: changed[key]} if key in changed else {})
    elif key == "actions" and "actions" in rule:
        rule["actions"] = draw(st.lists(st.sampled_from(ACTIONS), min_size=1, unique=True))
    elif "repositories" in rule and "repositories" in changed:
        # Patterns and people belong together: a word needs its family.
        rule.update(who=changed["who"], repositories=changed["repositories"])


GROUP = st.builds(Group, st.sampled_from(DNS), st.sampled_from(SIDS)).filter(lambda group: bool(group.dn or group.sid))
ACCOUNTS = st.sampled_from(["alice", "ALICE", "a", "b", "ci", "no name"])
SUBJECTS = st.one_of(
    st.builds(Subject, st.just(SubjectKind.USER), ACCOUNTS, st.lists(GROUP, max_size=3).map(tuple)),
    st.builds(Subject, st.just(SubjectKind.WORKLOAD), ACCOUNTS, st.lists(GROUP, max_size=1).map(tuple)),
    st.builds(Subject, st.just(SubjectKind.ROBOT), ACCOUNTS),  # robots are in no groups
    st.none(),
)


def told_apart(pair: tuple[Plain, Plain]) -> list[Context]:
    """One of each kind of context: others of a kind meet the same rules, so trying them would only take time."""
    rules = [(rule, section == "deny") for plain in pair for section in ("allow", "deny") for rule in plain[section]]
    kinds: dict[tuple[bool, ...], Context] = {}
    for context in CONTEXTS:
        address, service, now = context
        question = Question(None, (), service, address, now)
        kinds.setdefault(tuple(counts(rule, question, unknown=deny) for rule, deny in rules), context)
    return list(kinds.values())


def changes(
    old: Policy, new: Policy, subject: Subject | None, contexts: Iterable[Context]
) -> Iterator[tuple[str, str, str]]:
    """What the engines decide differently for a subject: gain or loss, action, and name."""
    access = (*(Access("repository", name, ("*",)) for name in NAMES), Access("registry", "catalog", ("*",)))
    for address, service, now in contexts:
        question = Question(subject, access, service, address, now)
        before, after = old.decide(question), new.decide(question)
        for (asked, one), (_, other) in zip(before.verdicts, after.verdicts, strict=True):
            for was, now_is in zip(one, other, strict=True):
                if isinstance(was, Granted) != isinstance(now_is, Granted):
                    action = "catalog" if asked.type == "registry" else was.action
                    yield (
                        "gain" if isinstance(now_is, Granted) else "loss",
                        action,
                        "" if asked.type == "registry" else asked.name,
                    )


def met(policies: Iterable[Policy], subject: Subject | None) -> set[str]:
    """All that rules can say of a subject, with what cannot be ruled out."""
    found = {"anyone"}
    if subject is not None:
        found |= {"signed-in", term(subject.kind.value, subject.name)}
        for policy in policies:
            found |= {key for key, _ in policy.memberships(subject)}
        unknown = any(not group.dn for group in subject.groups), any(not group.sid for group in subject.groups)
        found |= {each for each in WHO if each.startswith(("group:g", "family:")) and any(unknown)}
    return found


@settings(max_examples=examples(60))
@given(pairs(), st.lists(SUBJECTS, min_size=2, max_size=4))
def test_no_difference_is_missed_and_each_is_shown_by_its_shortest_name(
    pair: tuple[Plain, Plain], subjects: list[Subject | None]
) -> None:
    """Whatever anybody gains or loses, some class that they belong to is told, with a name that is no longer."""
    old, new = load(pair[0]), load(pair[1])
    found = diff_policies(old, new, TODAY)
    shortest = {(each.who, each.change, each.action): len(each.repository) for each in found.differences}
    # What is said not to be proved is no mistake, and rare: the last test of this file.
    shortest |= {(gap.who, gap.change, gap.action): 0 for gap in found.gaps}
    contexts = told_apart(pair)
    for subject in subjects:
        terms = met((old, new), subject)
        for change, action, name in set(changes(old, new, subject, contexts)):
            told = [
                length
                for (who, told_change, told_action), length in shortest.items()
                if (told_change, told_action) == (change, action) and {each.lower() for each in who} <= terms
            ]
            assert told, (subject, change, action, name)
            assert min(told) <= len(name), (subject, change, action, name)


@settings(max_examples=examples(60))
@given(pairs())
def test_every_difference_is_one_by_a_literal_reading(pair: tuple[Plain, Plain]) -> None:
    """The request that shows it has these two outcomes, by these rules, and its name is legal."""
    found = diff_policies(load(pair[0]), load(pair[1]), TODAY)
    for each in found.differences:
        context = each.context
        question = Question(each.subject, (), context.service, context.address, context.now)
        name = each.repository or None
        assert name is None or is_repository_name(name)
        for plain, verdict in ((pair[0], each.before), (pair[1], each.after)):
            granted, deciding = outcome(plain, question, name)[each.action if name else "*"]
            assert granted is isinstance(verdict, Granted)
            assert granted is ((each.change == "gain") is (verdict is each.after))
            assert [rule.id for rule in verdict.rules] == deciding


@settings(max_examples=examples(30))
@given(pairs())
def test_the_other_way_round_gains_are_losses(pair: tuple[Plain, Plain]) -> None:
    """For the same classes, with names of the same lengths."""
    old, new = load(pair[0]), load(pair[1])
    assert _summary(diff_policies(old, new, TODAY)) == {
        (each, {"gain": "loss", "loss": "gain"}[change], action, length)
        for each, change, action, length in _summary(diff_policies(new, old, TODAY))
    }


def _summary(found: PolicyDiff) -> set[tuple[tuple[str, ...], str, str, int]]:
    return {(each.who, each.change, each.action, len(each.repository)) for each in found.differences}


@settings(max_examples=examples(30))
@given(policies(), st.randoms(use_true_random=False))
def test_a_policy_is_equivalent_to_itself_in_another_order(plain: Plain, random: Any) -> None:
    """Also with other ids and reasons."""
    other = deepcopy(plain)
    for section in ("allow", "deny"):
        random.shuffle(other[section])
        for rule in other[section]:
            rule["id"] = f"other-{rule['id']}"
            for key in ("who", "repositories", "actions"):
                random.shuffle(rule.get(key, []))
    assert diff_policies(load(plain), load(other), TODAY).equivalent


def test_the_generated_pairs_differ_in_every_way() -> None:
    """Else the tests above would show nothing: gains and losses of each action, for classes of one term and of two."""
    seen: set[tuple[str, str, int]] = set()

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(pairs())
    def look(pair: tuple[Plain, Plain]) -> None:
        seen.update(map(_kind, diff_policies(load(pair[0]), load(pair[1]), TODAY).differences))

    look()
    assert {(change, action) for change, action, _ in seen} == set(
        itertools.product(("gain", "loss"), (*ACTIONS, "catalog"))
    )
    assert {terms for _, _, terms in seen} == {1, 2}


def _kind(found: Difference) -> tuple[str, str, int]:
    return found.change, found.action, len(found.who)


def test_what_is_not_proved_is_rare() -> None:
    """Of the same forty pairs each time, one in ten at most has a question left open."""
    open_questions: list[bool] = []

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(pairs())
    def count(pair: tuple[Plain, Plain]) -> None:
        open_questions.append(bool(diff_policies(load(pair[0]), load(pair[1]), TODAY).gaps))

    count()
    assert len(open_questions) >= 40
    assert sum(open_questions) <= len(open_questions) // 10
