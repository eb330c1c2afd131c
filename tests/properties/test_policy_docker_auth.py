"""The translation of docker_auth's access lists against a literal reading of docker_auth, on generated lists."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import product
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from ldap_token_bridge.identity import Subject, SubjectKind
from ldap_token_bridge.policy import Policy, Question, parse_policy
from ldap_token_bridge.policy.docker_auth import Translation, read_acl, translate, write_policy
from ldap_token_bridge.policy.proof import Work
from ldap_token_bridge.registry import Access
from tests.support.docker_auth_oracle import Entry, granted
from tests.support.examples import examples

ACCOUNTS = ["alice", "bob", "a", ""]
NAMES = ["a", "bob", "alice", "catalog", "a/a", "a/b", "alice/x", "bob/a/x", "x-1", "x-1/a", "lib/x-2/b"]
SERVICES, ADDRESSES = ["one", "two"], ["10.1.1.1", "192.0.2.1"]
ACTIONS = ["pull", "push", "delete"]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAME_GLOBS = [
    *(
        "*",
        "**",
        "a/*",
        "a/**",
        "*/*",
        "*/a",
        "x-*",
        "x-*/*",
        "alice/*",
        "bob/*/*",
        "a",
        "catalog",
        "cat*",
        "A",
        "a//b",
    ),
    *("${account}/*", "${account}/**", "${account}/x", "x-${account}", "/.*/", "/^a/", "a?", "[ab]", "a\\/*", "\\a"),
]
MATCHES: dict[str, list[Any]] = {
    "account": [*("alice", "bob", "a"), *("/.+/", "/.+/", "/.*/", "*", "", "a*", "/^(alice|bob)$/")],
    "type": ["repository", "repository", "registry", "*"],
    "name": NAME_GLOBS,
    "service": ["one", "one", "two", "o*"],
    "ip": ["10.0.0.0/8", "192.0.2.1", "0.0.0.0/0"],
    "labels": [{"group": "a"}],
}
GRANTED = [
    ["*"],
    ["pull"],
    ["pull", "push"],
    ["pull", "push"],
    [],
    [],
    ["delete", "pull"],
    ["push"],
    ["pull", "*"],
    ["x"],
]
SIMPLE: dict[str, list[Any]] = {
    "account": ["alice", "bob", "/.+/", "/.+/"],
    "name": ["*", "a/*", "alice/*", "${account}/*", "x-*", "catalog"],
    "ip": ["10.0.0.0/8"],
    "type": ["repository", "registry"],
}


@st.composite
def entries(draw: st.DrawFn, matches: dict[str, list[Any]], likely: dict[str, int]) -> Entry:
    """One entry; each key stands in it in so many of ten cases."""
    match = {
        key: draw(st.sampled_from(values)) for key, values in matches.items() if draw(st.integers(1, 10)) <= likely[key]
    }
    return {"match": match, "actions": draw(st.sampled_from(GRANTED))}


LIKELY = {"account": 6, "type": 1, "name": 6, "service": 1, "ip": 1, "labels": 0}
LISTS = st.lists(
    st.one_of(entries(MATCHES, {**LIKELY, "labels": 1}), entries(SIMPLE, LIKELY), entries(SIMPLE, LIKELY)),
    min_size=1,
    max_size=5,
)

# As many steps as usual, or so few that they do not suffice.
WORK = st.builds(Work) | st.builds(Work, st.integers(0, 150), st.integers(0, 150))


def translated(acl: list[Entry], work: Work, *, anonymous: bool) -> tuple[Translation, Policy]:
    """The translation, and the policy that its text is."""
    users = {"": {}} if anonymous else {"alice": {"password": "x"}}
    found = translate(read_acl(json.dumps({"users": users, "acl": acl}), "auth.yml"), work=work)
    return found, parse_policy([("policy.yaml", write_policy(found, "auth.yml"))])


def requests() -> Iterator[tuple[str, str, str, str, str]]:
    """Account, type, name, service and address of every request there is here."""
    for account, service, address in product(ACCOUNTS, SERVICES, ADDRESSES):
        yield account, "registry", "catalog", service, address
        for name in NAMES:
            yield account, "repository", name, service, address


def outcome(policy: Policy, account: str, kind: Any, name: str, service: str, address: str) -> set[str]:
    """What the policy grants."""
    access = Access(kind, name, tuple(asked(kind)))
    subject = Subject(SubjectKind.USER, account) if account else None
    decision = policy.decide(Question(subject, (access,), service, ip_address(address), NOW))
    return {action for each in decision.granted for action in each.actions}


def asked(kind: str) -> list[str]:
    """What clients ask for."""
    return ["*"] if kind == "registry" else ACTIONS


@settings(max_examples=examples(200))
@given(acl=LISTS, work=WORK, anonymous=st.booleans())
def test_the_policy_never_grants_more_and_as_much_if_nothing_is_left_out(
    acl: list[Entry], work: Work, *, anonymous: bool
) -> None:
    """On every request of a small world. Labels are taken for held and not held: neither may let anyone in.

    However few steps there are to compare the entries.
    """
    found, policy = translated(acl, work, anonymous=anonymous)
    event("bound hit" if work.is_used_up else "left out" if found.left_out else "exact")
    without_labels = [entry for entry in acl if "labels" not in entry["match"]]
    for account, kind, name, service, address in requests():
        if not account and not anonymous:
            continue  # docker_auth lets nobody without a login in
        ours = outcome(policy, account, kind, name, service, address)
        for read in (acl, without_labels):
            theirs = granted(read, account, kind, name, service, address, asked(kind))
            assert ours <= theirs, (account, kind, name, service, address)
            if not found.left_out:
                assert ours == theirs, (account, kind, name, service, address)
    if not anonymous:
        assert not policy.allows_anonymous
