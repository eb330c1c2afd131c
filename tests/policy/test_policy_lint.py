"""What a usable policy should be told: each sort of finding, and what is near it and fine."""

from datetime import date

import pytest

from ldap_token_bridge.policy import lint, parse_policy
from ldap_token_bridge.policy.lint import lint_policy
from tests.support.policies import HEAD, policy

TODAY = date(2026, 6, 1)
# So that groups and families of the common head are in use.
USED = """\
  - {id: used, repositories: ["used/a"], actions: [pull],
     who: [group:platform, group:auditors, "family:team-write", "family:team-read", "family:project"]}
"""


def kinds(rules: str) -> list[str]:
    """The findings about `rules`, as `KIND RULE-OR-NAME`."""
    found = lint_policy(policy(f"allow:\n{USED}{rules}"), TODAY)
    return [f"{each.kind} {each.what.split(chr(39))[1]}" for each in found]


def rule(identifier: str, who: str, repositories: str, actions: str = "pull", more: str = "") -> str:
    """A rule in a line."""
    listed = f"repositories: [{repositories}], actions: [{actions}]" if repositories else "catalog: true"
    return f"  - {{id: {identifier}, who: [{who}], {listed}{', ' + more if more else ''}}}\n"


COVERED = [
    (rule("wide", "signed-in", '"a/**"'), rule("narrow", "group:platform", '"a/b/**"')),
    (rule("wide", "anyone", '"**"'), rule("narrow", "signed-in", '"a/*-x"')),
    (rule("wide", "anyone", '"a/*"'), rule("narrow", "group:platform", "a/b", more="until: 2026-07-01")),
    (
        rule("wide", "group:platform", '"a/**"', more="networks: [10.0.0.0/8]"),
        rule("narrow", "group:platform", '"a/x"', more="networks: [10.1.0.0/16, 10.2.0.0/16]"),
    ),
    (rule("wide", '"family:team-write"', '"{team}/**"'), rule("narrow", '"family:team-write"', '"{team}/x"')),
    (rule("wide", "signed-in", '"users/{user}/**"'), rule("narrow", "group:platform", '"users/{user}/x"')),
    (rule("wide", "signed-in", '"users/*/**"'), rule("narrow", "group:platform", '"users/{user}/x"')),
    (rule("wide", "signed-in", ""), rule("narrow", "group:platform", "")),
]
FINE = [
    (rule("wide", "group:platform", '"a/**"'), rule("narrow", "signed-in", '"a/b"')),
    (rule("wide", "signed-in", '"a/**"'), rule("narrow", "anyone", '"a/b"')),
    (rule("wide", "signed-in", '"a/*"'), rule("narrow", "group:platform", '"a/b/c"')),
    (rule("wide", "signed-in", '"a/**"'), rule("narrow", "group:platform", '"a"')),
    (rule("wide", "signed-in", '"a/**"'), rule("narrow", "group:platform", '"a/b"', "push")),
    (rule("wide", "signed-in", '"a/**"', more="until: 2026-07-01"), rule("narrow", "group:platform", '"a/b"')),
    (rule("wide", "signed-in", '"a/**"', more="services: [one]"), rule("narrow", "group:platform", '"a/b"')),
    (
        rule("wide", "group:platform", '"a/**"', more="networks: [10.0.0.0/8]"),
        rule("narrow", "group:platform", '"a/b"', more="networks: [10.0.0.0/8, 192.168.0.0/16]"),
    ),
    (rule("wide", '"family:team-read"', '"{team}/**"'), rule("narrow", '"family:team-write"', '"{team}/x"')),
    (rule("wide", "signed-in", '"users/{user}/**"'), rule("narrow", "signed-in", '"users/alice/x"')),
    (rule("wide", "signed-in", ""), rule("narrow", "group:platform", '"a/b"', more="catalog: true")),
]


@pytest.mark.parametrize(("wide", "narrow"), COVERED)
@pytest.mark.parametrize("kind", ["allow", "deny"])
def test_a_rule_that_others_cover_is_named(wide: str, narrow: str, kind: str) -> None:
    """Whichever stands first, and among deny rules too."""
    for rules in (wide + narrow, narrow + wide):
        text = rules if kind == "allow" else f"deny:\n{rules}"
        found = [each for each in kinds(text) if each.startswith("covered-rule") and not each.endswith("used")]
        assert found == ["covered-rule narrow"]


@pytest.mark.parametrize(("wide", "narrow"), FINE)
def test_a_rule_that_adds_something_is_left_alone(wide: str, narrow: str) -> None:
    """One name, one person, one address or one day more is enough."""
    assert not [each for each in kinds(wide + narrow) if each.startswith("covered-rule")]


def test_push_includes_pull_where_it_is_allowed_and_not_where_it_is_denied() -> None:
    """Whoever may push may pull; who may not push may still pull."""
    rules = rule("wide", "group:platform", '"a/**"', "push") + rule("narrow", "group:platform", '"a/x"', "pull")
    assert "covered-rule narrow" in kinds(rules)
    assert "covered-rule narrow" not in kinds(f"deny:\n{rules}")


def test_several_rules_may_cover_one_together() -> None:
    """No single one of them does it."""
    parts = [rule(f"part-{number}", "signed-in", f'"{name}"') for number, name in enumerate(["a", "a/b/**", "a/b"])]
    assert "covered-rule whole" in kinds("".join(parts) + rule("whole", "group:platform", '"a", "a/b", "a/b/c/**"'))


def test_of_equal_rules_the_later_is_named() -> None:
    """One of them must stay."""
    assert kinds(rule("one", "signed-in", '"a/**"') + rule("two", "signed-in", '"a/**"')) == ["covered-rule two"]


def test_what_has_ended_covers_nothing() -> None:
    """A rule that ended yesterday is no reason to remove another."""
    assert kinds(rule("old", "signed-in", '"a/**"', more="until: 2026-05-31") + rule("new", "signed-in", '"a/b"')) == [
        "ended-rule old"
    ]


@pytest.mark.parametrize(
    ("allowed", "denied", "is_found"),
    [
        (rule("gone", "group:platform", '"prod/**"', "push"), rule("d", "signed-in", '"**"', "pull"), True),
        (rule("gone", "group:platform", '"prod/**"', "push"), rule("d", "signed-in", '"prod/**"', "push"), False),
        (rule("gone", "group:platform", '"prod/**"'), rule("d", "signed-in", '"**"', more="until: 2026-07-01"), False),
        (rule("gone", "anyone", '"prod/**"'), rule("d", "signed-in", '"**"', "pull"), False),
        (rule("gone", "group:platform", ""), rule("d", "signed-in", ""), True),
        (rule("gone", "group:platform", ""), rule("d", "signed-in", '"**"', "pull"), False),
    ],
)
def test_a_grant_that_is_taken_away_whole_is_named(allowed: str, denied: str, is_found: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """And one of which something is left is not."""
    assert ("rule-without-effect gone" in kinds(f"{allowed}deny:\n{denied}")) == is_found


def test_days_near_the_end_are_told() -> None:
    """Fourteen days before, and from the day after."""
    text = "".join(
        rule(f"until-{number}", "group:platform", f'"x-{number}"', more=f"until: {day}")
        for number, day in enumerate(["2026-05-31", "2026-06-01", "2026-06-15", "2026-06-16"])
    )
    assert kinds(text) == ["ended-rule until-0", "ending-rule until-1", "ending-rule until-2"]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (rule("r", "anyone", '"**"'), True),
        (rule("r", "signed-in", '"**"', "push"), True),
        (rule("r", "signed-in", '"**"'), False),
        (rule("r", "anyone", '"**"', more="networks: [10.0.0.0/8]"), False),
        (rule("r", "anyone", '"public/**"'), False),
        (rule("r", "group:platform", '"**"', "push"), False),
    ],
)
def test_everything_for_everyone_is_told(text: str, is_found: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """To read for those not signed in, to change for those who are; a rule for a network or a group is meant."""
    assert ("everything-for-everyone r" in kinds(text)) == is_found


def test_what_would_take_too_much_work_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which kind of finding was not looked for, and for which rule; what is proved with less stays a finding."""
    monkeypatch.setattr(lint, "_STEPS_OF_PROOF", 2_000)
    wide = rule("wide", "anyone", '"a/**"') + rule("narrow", "group:platform", '"a/b"')
    hard = "".join(rule(f"h{number}", "signed-in", f'"**/*{number}*/**/*{number}*"') for number in range(10, 30))
    found = lint_policy(policy(f"allow:\n{USED}{wide}{hard}"), TODAY)
    assert [each.what.split("'")[1] for each in found if each.kind == "covered-rule" and each.proved] == ["narrow"]
    (notice,) = (each for each in found if not each.proved)
    assert notice.kind == "covered-rule"
    assert "'h10'" in notice.what
    assert "2,000 steps" in notice.what


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("version: 1\n", "there is no allow rule", 0),
        ("version: 1\ndeny:\n" + rule("d", "user:bob", '"**"'), "there is no allow rule", 0),
        ("version: 1\nallow:\n" + rule("a", "user:bob", '"**"', more="until: 2026-05-31"), "has ended", 3),
    ],
)
def test_a_policy_by_which_nobody_may_do_anything_is_told(text: str, why: str, line: int) -> None:
    """As one is whose end was cut off."""
    found = lint_policy(parse_policy([("policy.yaml", text)]), TODAY)
    (lint_of_all,) = (each for each in found if each.kind == "nobody-allowed")
    assert "nobody may do anything" in lint_of_all.what
    assert why in lint_of_all.what
    assert (lint_of_all.place.file, lint_of_all.place.line) == ("policy.yaml", line)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (rule("d", "anyone", '"**"', "pull, delete"), True),
        (rule("d", "signed-in", '"x", "**"', "pull, push, delete"), True),
        (rule("d", "anyone", '"**"', "push, delete"), False),
        (rule("d", "anyone", '"prod/**"', "pull, delete"), False),
        (rule("d", "group:platform", '"**"', "pull, delete"), False),
        (rule("d", "anyone", '"**"', "pull, delete", more="networks: [10.0.0.0/8]"), False),
        (rule("d", "anyone", '"**"', "pull, delete", more="until: 2026-07-01"), False),
    ],
)
def test_a_deny_rule_that_leaves_nothing_is_told(text: str, is_found: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """One that leaves somebody, some action, some name, network or day is meant."""
    assert ("everything-denied d" in kinds(f"deny:\n{text}")) == is_found


def test_a_deny_rule_for_everyone_is_no_finding() -> None:
    """It gives nothing to anybody."""
    assert kinds("deny:\n" + rule("freeze", "signed-in", '"**"', "push")) == []


def test_one_word_from_two_places_is_told() -> None:
    """Groups that different people may make; families in one place are one team's rights."""
    other = "  other-write: CN=reg-{team}-write,OU=Elsewhere,DC=corp,DC=example,DC=com\n"
    head = HEAD.replace("  team-read: ", f"{other}  team-read: ")

    def found(families: str) -> list[str]:
        text = head + "allow:\n" + rule("r", families, '"{team}/**"')
        linted = lint_policy(parse_policy([("policy.yaml", text)]), TODAY)
        return [each.what for each in linted if each.kind == "word-of-two-places"]

    (what,) = found('"family:team-write", "family:other-write"')
    assert "OU=Registry" in what
    assert "OU=Elsewhere" in what
    assert found('"family:team-write", "family:team-read"') == []


def test_names_that_no_rule_uses_are_told() -> None:
    """A group, a family: each with the place of its definition."""
    found = lint_policy(policy("allow:\n" + rule("r", "group:PLATFORM", '"a/**"')), TODAY)
    assert [(each.kind, each.place.line) for each in found] == [("unused-name", line) for line in (4, 6, 7, 8)]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (r"'user:CORP\alice'", "rite user:alice"),
        ("'user:robot+ci'", "robot:ci"),
        ('"user:Ame\\u0301lie"', "type the name anew"),
        ("'robot:CI Deployer'", "lower case"),
    ],
)
def test_a_name_that_no_login_can_be_is_told(who: str, said: str) -> None:
    """With what to write in its place."""
    (found,) = lint_policy(policy(f"allow:\n{USED}" + rule("r", who, "a")), TODAY)
    assert found.kind == "impossible-name"
    assert said in found.remedy


@pytest.mark.parametrize(
    ("pattern", "is_found"),
    [
        ("registry.corp.example.com/a/**", True),
        ("localhost:5000/a", True),
        ("docker.io/**", False),
        ("node.js/app", False),
        ("registry.corp.example.com/**", True),
        ("a.b", False),
        ("team-a/my.app", False),
        ("*.b/app", False),
        ("**/a.b/c", False),
    ],
)
def test_a_pattern_that_begins_with_a_host_is_told(pattern: str, is_found: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """As somebody writes who copies an image's name: no registry asks for its own host."""
    text = rule("r", "user:bob", f'"{pattern}"', more="services: [registry.corp.example.com]")
    found = list(lint_policy(policy(f"allow:\n{USED}{text}"), TODAY))
    assert [(each.kind, each.place.line) for each in found] == ([("host-in-name", 12)] if is_found else [])


def test_names_that_logins_have_are_fine() -> None:
    """Accounts with dots, dashes, spaces, other letters; a mail address where that is the account."""
    names = ["alice", "a.b-c_d", "Alice Smith", "Amélie", "alice@corp.example.com"]
    assert kinds("".join(rule(f"r{i}", f"'user:{name}'", f"a{i}") for i, name in enumerate(names))) == []
