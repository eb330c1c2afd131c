"""Policies as short texts, and questions put to them."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.identity import Group, Subject, SubjectKind
from ldap_token_bridge.policy import Decision, Policy, Question, parse_policy
from ldap_token_bridge.registry import Access

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEAD = """\
version: 1
groups:
  platform: CN=Platform,OU=Groups,DC=corp,DC=example,DC=com
  auditors: S-1-5-21-1004336348-1177238915-682003330-1131
families:
  team-write: CN=reg-{team}-write,OU=Registry,DC=corp,DC=example,DC=com
  team-read: CN=reg-{team}-read,OU=Registry,DC=corp,DC=example,DC=com
  project: CN={project},OU=Projects,DC=corp,DC=example,DC=com
"""
PLATFORM = Group("CN=Platform,OU=Groups,DC=corp,DC=example,DC=com", "S-1-5-21-1004336348-1177238915-682003330-1130")
AUDITORS = Group("CN=Auditors,OU=Groups,DC=corp,DC=example,DC=com", "S-1-5-21-1004336348-1177238915-682003330-1131")


def team(word: str, right: str = "write") -> Group:
    """The group of a team, as the family's template has it."""
    return Group(f"CN=reg-{word}-{right},OU=Registry,DC=corp,DC=example,DC=com", f"S-1-5-21-1-2-3-{len(word)}")


def policy(rules: str) -> Policy:
    """The policy of the common head and these rules."""
    return parse_policy([("policy.yaml", HEAD + rules)])


def user(name: str = "alice", *groups: Group) -> Subject:
    """A person."""
    return Subject(SubjectKind.USER, name, groups)


def robot(name: str = "ci") -> Subject:
    """A machine."""
    return Subject(SubjectKind.ROBOT, name)


def decide(
    rules: Policy,
    subject: Subject | None,
    *scopes: str,
    service: str = "registry.corp.example.com",
    address: str | None = "10.20.0.7",
    now: datetime = NOW,
) -> Decision:
    """The decision on scopes such as `team-a/app:pull,push` or `catalog`."""
    access = tuple(_access(scope) for scope in scopes)
    return rules.decide(Question(subject, access, service, ip_address(address) if address else None, now))


def granted(
    rules: Policy,
    subject: Subject | None,
    repository: str,
    *,
    service: str = "registry.corp.example.com",
    address: str | None = "10.20.0.7",
    now: datetime = NOW,
) -> set[str]:
    """The actions granted on a repository when all are asked for."""
    asked = f"{repository}:pull,push,delete"
    decision = decide(rules, subject, asked, service=service, address=address, now=now)
    return {action for access in decision.granted for action in access.actions}


def problems(*texts: str) -> tuple[Problem, ...]:
    """What is wrong with files named 1.yaml, 2.yaml and so on; with one text, policy.yaml."""
    files = [(f"{number}.yaml", text) for number, text in enumerate(texts, 1)]
    with pytest.raises(Misconfigured) as caught:
        parse_policy(files if len(files) > 1 else [("policy.yaml", texts[0])])
    return caught.value.problems


def only_problem(text: str) -> Problem:
    """The single thing wrong with a file."""
    (problem,) = problems(text)
    return problem


def _access(scope: str) -> Access:
    if scope == "catalog":
        return Access("registry", "catalog", ("*",))
    name, _, actions = scope.rpartition(":")
    return Access("repository", name, tuple(actions.split(",")))
