"""The translation of docker_auth's access list ends, however long or hard the list is: the rest is left out."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from ldap_token_bridge.identity import Subject, SubjectKind
from ldap_token_bridge.policy import Question, parse_policy
from ldap_token_bridge.policy.docker_auth import Translation, read_acl, translate, write_policy
from ldap_token_bridge.policy.proof import Work
from ldap_token_bridge.registry import Access

# The first takes something from each of the others, and each of them from those behind it.
LAYERS = [
    {"match": {"account": f"u{number}", "name": f"team{number}/*"}, "actions": ["pull"]}
    if number % 2
    else {"match": {"account": "/.+/", "name": f"team{number + 1}/secret-*"}, "actions": []}
    for number in range(40)
]
LATER = [*LAYERS, {"match": {"account": "/.+/"}, "actions": ["pull", "push"]}]
HARD = "/".join("*a*b*a*b*a*" for _ in range(6))
HARDER = "/".join("*b*a*b*a*b*a*" for _ in range(6))


def translated(acl: Sequence[Mapping[str, object]], work: Work | None = None) -> Translation:
    """What becomes of the entries, each in a line of its own from the third on."""
    lines = ",\n".join(json.dumps(entry) for entry in acl)
    return translate(read_acl(f'{{"users": {{"": {{}}}}, "acl": [\n\n{lines}\n]}}', "auth.yml"), work=work)


def grants(found: Translation, account: str, name: str) -> set[str]:
    """What the policy gives to someone there."""
    policy = parse_policy([("policy.yaml", write_policy(found, "auth.yml"))])
    access = Access("repository", name, ("pull", "push", "delete"))
    subject = Subject(SubjectKind.USER, account)
    question = Question(subject, (access,), "any", ip_address("192.0.2.1"), datetime(2026, 6, 1, tzinfo=UTC))
    return {action for each in policy.decide(question).granted for action in each.actions}


@pytest.mark.parametrize("steps", [0, 50, 500, 2_000, 4_000, 6_000])
def test_what_was_not_compared_is_left_out(steps: int) -> None:
    """Nobody gets what an earlier entry takes away, wherever the comparing stopped; one problem says from where on."""
    found = translated(LATER, Work(steps, steps))
    (problem,) = found.left_out
    assert problem.what.startswith(("this entry and ", "this entry is not"))
    assert f"all questions together take more than {steps:,} steps of search" in problem.what
    assert "--effort" in problem.remedy
    assert problem.where
    first = int(str(problem.where).split(":")[1])
    assert {draft.entry.place.line for draft in found.allow} <= set(range(3, first))
    for number in range(1, 40, 2):
        assert grants(found, f"u{number}", f"team{number}/secret-x") == set()
        expected = {"pull"} if number + 3 < first else set()
        assert grants(found, f"u{number}", f"team{number}/app") == expected


def test_with_steps_enough_nothing_is_left_out() -> None:
    """The usual bound is far away from a list of this length."""
    found = translated(LATER)
    assert found.left_out == ()
    assert grants(found, "u1", "team1/app") == {"pull"}
    assert grants(found, "u2", "team7/app") == {"pull", "push"}
    assert grants(found, "u2", "team7/secret-x") == set()


def test_the_last_entry_needs_no_comparing() -> None:
    """It was compared with all before it when their turn was."""
    one = [{"match": {"account": "a"}, "actions": ["pull"]}]
    assert translated(one, Work(0, 0)).left_out == ()
    (problem,) = translated(one * 2, Work(0, 0)).left_out
    assert problem.what.startswith("this entry is not translated")
    assert str(problem.where).startswith("auth.yml:4:")


def test_a_proof_that_takes_too_long_leaves_out_its_own_entry() -> None:
    """For clients without a login alone: it is said that nothing is proved, and the others are translated."""
    acl = [
        {"match": {"account": "/.+/", "name": HARDER}, "actions": ["pull"]},
        {"match": {"account": "", "name": HARD}, "actions": ["pull"]},
        {"match": {"account": "alice", "name": "x"}, "actions": ["pull"]},
    ]
    found = translated(acl, Work(10_000, 500))
    (problem,) = found.left_out
    assert "it is not proved that everyone who is signed in has as much: it takes more than 500 steps" in problem.what
    assert [draft.entry.place.line for draft in found.allow] == [3, 5]


def test_a_long_list_of_hard_patterns_ends() -> None:
    """Each proof is short, and all together stop at the bound of the command."""
    acl = [
        {"match": {"account": "" if number % 2 else "/.+/", "name": f"{HARD}{number}"}, "actions": ["pull"]}
        for number in range(60)
    ]
    found = translated(acl, Work(100_000, 20_000))
    assert "all questions together take more than 100,000 steps" in found.left_out[-1].what
    assert len(found.allow) < len(acl)
