"""Decisions that are remembered: the same as those of the policy, and no more of them than there is room for."""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from ldap_token_bridge.identity import Group, Subject, SubjectKind
from ldap_token_bridge.policy import DecisionMemory, Question, engine, index, terms
from ldap_token_bridge.policy.memory import _ROOM
from ldap_token_bridge.registry import parse_scopes
from tests.support.policies import AUDITORS, NOW, PLATFORM, policy

_PULL = parse_scopes(["repository:team/app:pull"])
_RULES = f"""\
deny:
  - {{id: closed, why: a freeze, who: ["user:mallory"], repositories: ["**"], actions: [pull]}}
allow:
  - {{id: named, who: ["user:alice"], repositories: ["**"], actions: [pull]}}
  - {{id: machine, who: ["robot:ci"], repositories: ["**"], actions: [pull]}}
  - {{id: group, who: ["group:platform"], repositories: ["**"], actions: [pull]}}
  - {{id: near, who: [anyone], repositories: ["**"], actions: [pull], networks: [10.0.0.0/8]}}
  - {{id: other, who: [anyone], repositories: ["**"], actions: [pull], services: [other]}}
  - {{id: short, who: ["user:carol"], repositories: ["**"], actions: [pull], until: {NOW:%Y-%m-%d}}}
"""


def _question(subject: Subject | None, service: str = "registry", address: str = "", days: int = 0) -> Question:
    where = ip_address(address) if address else None
    return Question(subject, _PULL, service, where, NOW + timedelta(days=days))


def _questions() -> list[Question]:
    """Each differs from another in one thing that rules heed."""
    groups = tuple[Group, ...]()
    people = [Subject(SubjectKind.USER, name, groups) for name in ("alice", "bob", "carol", "mallory", "ci")]
    machines = [Subject(kind, "ci", groups) for kind in (SubjectKind.ROBOT, SubjectKind.WORKLOAD)]
    members = [Subject(SubjectKind.USER, "bob", (group,)) for group in (PLATFORM, AUDITORS)]
    return [
        _question(subject, service, address, days)
        for subject in (None, *people, *machines, *members)
        for service in ("registry", "other", "")
        for address in ("", "10.0.0.1", "192.0.2.1")
        for days in (0, 1)
    ]


def test_what_is_remembered_is_what_the_policy_says() -> None:
    """Of people, machines and nobody, by groups, services, networks and days; asked twice, in both orders."""
    rules, questions = policy(_RULES), _questions()
    memory = DecisionMemory(rules)
    for question in (*questions, *reversed(questions)):
        assert memory.decide(question) == rules.decide(question)


def test_verdicts_that_stay_are_those_of_a_policy_that_has_none() -> None:
    """Rules that hold for every question settle a case for good; those with networks, services or days do not."""
    rules, questions = policy(_RULES), _questions()
    for question in (*questions, *reversed(questions)):
        assert rules.decide(question) == policy(_RULES).decide(question)


def test_a_verdict_stays_for_those_alone_for_whom_it_holds() -> None:
    """Asked in turn of one policy: from elsewhere, later, for another registry; deny rules are what counts."""
    rules = policy("""\
allow:
  - {id: all, who: [signed-in], repositories: ["**"], actions: [pull]}
  - {id: near, who: [signed-in], repositories: ["near/**"], actions: [push], networks: [10.0.0.0/8]}
deny:
  - {id: net, why: x, who: [signed-in], repositories: ["net/**"], actions: [pull], networks: [10.0.0.0/8]}
  - {id: old, why: x, who: [signed-in], repositories: ["old/**"], actions: [pull], until: 2026-06-01}
  - {id: other, why: x, who: [signed-in], repositories: ["other/**"], actions: [pull], services: [other]}
""")
    alice = Subject(SubjectKind.USER, "alice")

    def may(scope: str, *, service: str = "registry", address: str = "192.0.2.1", days: int = 0) -> bool:
        asked = parse_scopes([f"repository:{scope}"])
        question = Question(alice, asked, service, ip_address(address), NOW + timedelta(days=days))
        return bool(rules.decide(question).granted)

    for _ in range(2):
        assert may("net/x:pull") and not may("net/x:pull", address="10.1.1.1")
        assert not may("old/x:pull") and may("old/x:pull", days=1)
        assert may("other/x:pull") and not may("other/x:pull", service="other")
        assert not may("near/x:push") and may("near/x:push", address="10.1.1.1")
        assert may("app:pull") and may("app:pull", address="10.1.1.1", days=1, service="other")


def test_verdicts_that_stay_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the rules that they are about, for one case may be about thousands."""
    monkeypatch.setattr(engine, "_ROOM", 6)
    text = "\n".join(
        f"  - {{id: r{number}, who: [anyone], repositories: [team-{number}/app, all/app], actions: [pull]}}"
        for number in range(5)
    )
    compiled = engine.Engine(policy(f"allow:\n{text}").rules, (), ())
    for name in [f"team-{number}/app" for number in range(5)] + ["all/app"] * 2:
        decision = compiled.decide(Question(None, parse_scopes([f"repository:{name}:pull"]), "registry", None, NOW))
        assert decision.granted
        kept = [1 + len(allow) + len(deny) for _, allow, deny in compiled._settled]
        assert sum(kept) == 6 - compiled._room and compiled._room >= 0
    assert kept == [6], "the last case had room when the others were gone"


def test_names_of_repositories_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for names that are made up fills no memory with them."""
    monkeypatch.setattr(index, "_KEPT", 3)
    rules = index.Index(policy('allow:\n  - {id: a, who: [anyone], repositories: ["a/*"], actions: [pull]}\n').rules)
    for number in range(10):
        assert rules.repository(f"a/{number}", terms.NOBODY, possibly=False)
        assert 0 < len(rules._spelled) <= 3


def test_what_dns_mean_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their number and their length; a long one means what it means all the same."""
    monkeypatch.setattr(terms, "_MOST_KEPT", 3)
    long = Group(f"CN={'x' * 600},DC=example")
    meanings = terms.Terms((), ())._meanings
    assert meanings[long.dn] is None and long.dn not in meanings
    for number in range(10):
        assert meanings[f"CN=g{number},DC=example"] is None
        assert 0 < len(meanings) <= 3
    unreadable = meanings["no name"]
    assert unreadable is not None and not unreadable.known


def test_groups_that_are_no_more_are_not_taken_for_others() -> None:
    """Groups are told apart by where they stand in memory: what is remembered must keep that place for itself."""
    rules = policy(_RULES)
    memory = DecisionMemory(rules)
    for number in range(2_000):
        groups = (PLATFORM if number % 2 else AUDITORS,)
        granted = memory.decide(_question(Subject(SubjectKind.USER, "bob", groups))).granted
        assert bool(granted) is bool(number % 2)


def _kept(memory: DecisionMemory) -> int:
    return len(memory._kept)  # nothing else shows how much is kept


def test_questions_about_nothing_take_room_too() -> None:
    """A login that asks for no repository: from everywhere in an IPv6 network, one client alone sends billions."""
    memory = DecisionMemory(policy(_RULES))
    for number in range(_ROOM + 1_000):
        memory.decide(Question(None, (), "registry", ip_address(number + (0x20010DB8 << 96)), NOW))
    assert _kept(memory) <= _ROOM


def test_what_was_asked_first_makes_room_for_what_is_asked_now() -> None:
    """What is asked all day is remembered, however many asked before."""
    memory = DecisionMemory(policy(_RULES))
    first, *_, last = questions = [_question(None, service=str(number)) for number in range(_ROOM)]
    at_first = memory.decide(first)
    assert memory.decide(first) is at_first
    for question in questions:
        at_last = memory.decide(question)
    assert memory.decide(last) is at_last
    assert memory.decide(first) is not at_first


def test_many_groups_take_room_too() -> None:
    """What is kept holds the person's groups, which are others after each look-up in the directory."""
    memory = DecisionMemory(policy(_RULES))
    groups = tuple(Group(f"CN={number},DC=example,DC=com") for number in range(1_000))
    for _ in range(_ROOM // 4):
        memory.decide(_question(Subject(SubjectKind.USER, "bob", (*groups,)[1:])))
    assert 0 < _kept(memory) <= _ROOM // 8
