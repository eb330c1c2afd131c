"""The differences of two policies: terms that follow from each other, and the work that large policies take."""

from datetime import date

import pytest

from ldap_token_bridge.identity import SubjectKind
from ldap_token_bridge.policy import Policy, parse_policy
from ldap_token_bridge.policy.proof.diff import PolicyDiff, diff_policies
from ldap_token_bridge.policy.proof.names import Names
from tests.support.large_policy import policy_text

TODAY = date(2026, 6, 1)
HEAD = """\
version: 1
groups:
  platform: CN=Platform,OU=Groups,DC=x
  red: CN=reg-red-write,OU=R,DC=x
  auditors: S-1-5-21-7
families:
  write: CN=reg-{team}-write,OU=R,DC=x
  every: CN=reg-{unit},OU=R,DC=x
"""


def policy(allow: list[str], deny: list[str] | None = None, head: str = HEAD) -> Policy:
    """Rules without ids, in one line each."""
    lines = [head]
    for kind, rules in (("allow", allow), ("deny", deny or [])):
        lines += [f"{kind}:", *(f"  - {{id: {kind}-{number}, {rule}}}" for number, rule in enumerate(rules))]
        if not rules:
            lines.pop()
    return parse_policy([("policy.yaml", "\n".join(lines) + "\n")])


def rule(who: str, repositories: str, actions: str = "pull", more: str = "") -> str:
    """The text of a rule."""
    return f'who: ["{who}"], repositories: ["{repositories}"], actions: [{actions}]{more}'


def told(found: PolicyDiff) -> list[str]:
    """The differences in words."""
    assert found.gaps == ()
    return [f"{' + '.join(each.who)} {each.change} {each.action} {each.repository}" for each in found.differences]


def diff(old: Policy, new: Policy) -> list[str]:
    """The same of two policies."""
    return told(diff_policies(old, new, TODAY))


PULL_ALL = rule("signed-in", "**")


def test_a_renamed_group_is_the_same_group() -> None:
    """It is compared by its DN, however that is written, and a family by its template."""
    head = HEAD.replace("platform: CN=Platform,OU=Groups", "ops: cn=platform, ou=groups").replace("write:", "w:")
    head = head.replace("{team}", "{crew}")
    old = policy([rule("group:platform", "a/**"), rule("family:write", "{team}/**")])
    assert diff(old, policy([rule("group:ops", "a/**"), rule("family:w", "{crew}/**")], head=head)) == []
    moved = policy(
        [rule("group:platform", "a/**"), rule("family:write", "{team}/**")], head=HEAD.replace("Groups", "Old")
    )
    assert diff(old, moved) == ["group:platform gain pull a/a", "group:platform loss pull a/a"]


def test_a_group_that_belongs_to_a_family_has_its_word() -> None:
    """Whoever is in reg-red-write loses by a deny rule for the word of a family."""
    old = policy([rule("group:red", "**")])
    new = policy([rule("group:red", "**")], [rule("family:write", "{team}/**")])
    assert "group:red loss pull red/a" in diff(old, new)
    wide = policy([rule("group:red", "**")], [rule("family:every", "{unit}/**")])
    assert "group:red loss pull red-write/a" in diff(old, wide)


def test_families_that_share_groups_follow_from_each_other() -> None:
    """A group of `write` is one of `every` as well, which gives it a longer word."""
    old = policy([rule("family:write", "**")], [rule("family:every", "{unit}/**")])
    found = diff(old, policy([rule("family:write", "**")]))
    assert "family:write gain pull a-write/a" in found
    # Also where only some words do.
    head = HEAD.replace("reg-{unit}", "reg-a{unit}")
    old = policy([rule("family:write", "**")], [rule("family:every", "{unit}/x")], head)
    assert "family:write gain pull a-write/x" in diff(old, policy([rule("family:write", "**")], head=head))


def test_two_groups_of_one_family_are_a_class_of_their_own() -> None:
    """Where one word is not enough."""
    allow = [rule("family:write", "{team}/**")]
    deny = [rule("family:write", "{team}/{team}/**")]
    old = policy(allow, [rule("family:write", "*/{team}"), *deny, rule("family:write", "{team}/*/{team}")])
    new = policy(allow, [*deny, rule("family:write", "{team}/*/{team}")])
    # One word: a/a is not denied by deny, which ends with at least one more segment.
    assert "family:write gain pull a/a" in diff(old, new)
    narrow = rule("family:write", "{team}/{team}")
    found = diff(policy(allow, [rule("family:write", "*/{team}"), narrow]), policy(allow, [narrow]))
    assert found == ["family:write + family:write gain pull a/b"]


def test_a_lifted_deny_is_a_gain_for_those_who_are_allowed() -> None:
    """For each class that an allow rule reaches there, and for nobody else."""
    allow = [
        rule("group:platform", "**", "pull, push"),
        rule("group:auditors", "**"),
        rule("user:bob", "apps/**", "push"),
    ]
    found = diff(policy(allow, [rule("signed-in", "prod/**", "push")]), policy(allow))
    assert found == ["group:platform gain push prod/a"]
    found = diff(policy(allow, [rule("group:auditors", "prod/**", "pull")]), policy(allow))
    assert found == [
        "group:auditors gain pull prod/a",
        "group:auditors + group:platform gain pull prod/a",
        "group:auditors + group:platform gain push prod/a",
    ]


def test_what_anyone_may_reaches_the_anonymous() -> None:
    """And what takes an account, those who are signed in."""
    found = diff_policies(policy([rule("anyone", "x")]), policy([rule("anyone", "**")]), TODAY)
    assert told(found) == ["anyone gain pull a"]
    assert found.differences[0].subject is None
    found = diff_policies(
        policy([rule("anyone", "x/**")]), policy([rule("anyone", "x/**"), rule("anyone", "{user}")]), TODAY
    )
    assert told(found) == ["signed-in gain pull a"]
    assert found.differences[0].subject is not None
    assert found.differences[0].subject.name == "a"


def test_an_account_may_be_written_out() -> None:
    """The person alice has her own space already; nobody else has."""
    old = policy([rule("signed-in", "users/{user}/**"), rule("group:platform", "users/*/x")])
    new = policy(
        [
            rule("signed-in", "users/{user}/**"),
            rule("group:platform", "users/*/x"),
            rule("user:alice", "users/alice/**"),
        ]
    )
    assert diff(old, new) == []
    more = policy(
        [rule("signed-in", "users/{user}/**"), rule("group:platform", "users/*/x"), rule("user:alice", "users/bob/**")]
    )
    assert diff(old, more) == ["user:alice gain pull users/bob/a"]


def test_narrowed_rules_are_told_apart_by_what_they_ask_for() -> None:
    """Networks by the address, `until` by the day, services by the service, and what is unknown."""
    old = policy([rule("signed-in", "a", more=", networks: [10.0.0.0/8], services: [one], until: 2026-12-31")])
    wider = policy(
        [rule("signed-in", "a", more=", networks: [10.0.0.0/8, 'fd00::/8'], services: [one], until: 2026-12-31")]
    )
    (gain,) = diff_policies(old, wider, TODAY).differences
    assert (str(gain.context.address), gain.context.service) == ("fd00::1", "one")
    later = policy([rule("signed-in", "a", more=", networks: [10.0.0.0/8], services: [one], until: 2027-01-31")])
    (gain,) = diff_policies(old, later, TODAY).differences
    assert (str(gain.context.address), gain.context.service, gain.context.day) == ("10.0.0.1", "one", date(2027, 1, 1))
    # Of all addresses that are known to the rules, none is left; an unknown one is denied.
    everywhere = ", networks: ['0.0.0.0/0', '::/0']"
    denied = policy([PULL_ALL], [rule("signed-in", "a", more=everywhere)])
    assert diff(policy([PULL_ALL], [rule("signed-in", "a")]), denied) == []
    assert diff(policy([rule("signed-in", "a")]), policy([rule("signed-in", "a", more=everywhere)])) == [
        "signed-in loss pull a"
    ]


def test_only_people_have_accounts_and_groups() -> None:
    """Robots have neither."""
    old = policy([rule("robot:ci", "**")], [rule("group:platform", "a"), rule("signed-in", "{user}")])
    assert diff(old, policy([rule("robot:ci", "**")])) == []
    (gain, *_) = diff_policies(old, policy([rule("robot:ci", "**", "pull, delete")]), TODAY).differences
    assert gain.subject is not None
    assert gain.subject.kind is SubjectKind.ROBOT


@pytest.mark.parametrize("rules", [200, 2000])
def test_the_work_follows_the_change(rules: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty changed rules of a large policy: few classes are looked at, and few searches are made, none in vain."""
    text = policy_text(rules)
    changed = text
    step = rules // 20
    for number in range(0, rules, step):
        changed = changed.replace(
            f"{{id: allow-{number}, who: [group:group-{number}]", f"{{id: allow-{number}, who: [signed-in]"
        )
    assert changed != text
    searches = 0
    real = Names.shortest

    def shortest(self: Names, longest: int = 255) -> str | None:
        nonlocal searches
        searches += 1
        return real(self, longest)

    monkeypatch.setattr(Names, "shortest", shortest)
    steps: set[int] = set()
    found = diff_policies(
        parse_policy([("old.yaml", text)]),
        parse_policy([("new.yaml", changed)]),
        TODAY,
        lambda _, total: steps.add(total),
    )
    assert found.gaps == ()
    assert [each.who for each in found.differences if each.change == "gain"] == [("signed-in",)] * 2
    (total,) = steps
    assert total <= 2 * (rules + 2 + 2 * 20)
    assert searches <= 100
