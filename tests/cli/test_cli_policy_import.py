"""`policy import-docker-auth`: the policy on one side, what is left out on the other; docker_auth's published traps."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.cli import root
from ldap_token_bridge.policy import parse_policy
from ldap_token_bridge.policy.proof import work
from tests.support.docker_auth_oracle import path_match


def imported(where: Path, acl: str, users: str = '{"": {}}') -> Result:
    """The outcome for these entries, a line each."""
    path = where / "auth.yml"
    path.write_text(f"users: {users}\nacl:\n{acl}")
    return CliRunner().invoke(root, ["policy", "import-docker-auth", str(path)])


EXACT = {
    "an administrator": ('{match: {account: admin}, actions: ["*"]}', 'who: ["user:admin"]', "catalog: true"),
    "own space": (
        '{match: {account: "/.+/", name: "${account}/*"}, actions: ["*"]}',
        'who: ["signed-in"]',
        'repositories: ["{user}/*"]',
    ),
    "one account's own space": (
        '{match: {account: bob, name: "${account}/*"}, actions: [pull]}',
        'who: ["user:bob"]',
        'repositories: ["bob/*"]',
    ),
    "a network": ('{match: {ip: "172.17.0.1"}, actions: ["*"]}', 'who: ["anyone"]', 'networks: ["172.17.0.1/32"]'),
    "a service": ("{match: {service: one}, actions: [pull]}", 'services: ["one"]', 'repositories: ["**"]'),
    "a star stays within a segment": ('{match: {name: "*"}, actions: [pull]}', 'repositories: ["*"]', "pull"),
    "so do two (#366)": ('{match: {name: "a/**"}, actions: [pull]}', 'repositories: ["a/*"]', "pull"),
    "the catalog": ('{match: {type: registry, name: catalog}, actions: ["*"]}', "catalog: true", "anyone"),
    "a comment in any script": (
        '{match: {account: a}, actions: [pull], comment: "M\xfcller \U0001f680 \\U0001f512"}',
        'why: "M\xfcller \U0001f680 \U0001f512"',
        "line-3",
    ),
    "a comment": ('{match: {account: a}, actions: [pull], comment: "x: \\"y\\""}', 'why: "x: \\"y\\""', "line-3"),
}


@pytest.mark.parametrize(("entry", "one", "other"), EXACT.values(), ids=EXACT)
def test_what_is_translated(tmp_path: Path, entry: str, one: str, other: str) -> None:
    """Exit code 0, a policy that loads, and the line that each rule comes from."""
    result = imported(tmp_path, f"  - {entry}\n")
    assert result.exit_code == 0, result.output
    assert one in result.stdout and other in result.stdout
    assert "auth.yml:3:5" in result.stdout
    assert len(parse_policy([("policy.yaml", result.stdout)]).rules) == 1


# Each pair: an entry that takes away, and a later one that must not give it back.
FIRST_MATCHES = {
    "an IPv4 network written as IPv6": (
        '{match: {ip: "::ffff:10.0.0.0/104", name: "a/*"}, actions: []}',
        '{match: {ip: "10.0.0.0/8", name: "a/*"}, actions: [pull]}',
    ),
    "the space of an account that is a host's name": (
        '{match: {account: Alice, name: "${account}/*"}, actions: []}',
        '{match: {account: Alice, name: "*/*"}, actions: [pull]}',
    ),
}


@pytest.mark.parametrize(("first", "later"), FIRST_MATCHES.values(), ids=FIRST_MATCHES)
def test_what_an_untranslatable_entry_takes_away_is_not_given_back(tmp_path: Path, first: str, later: str) -> None:
    """There the first entry decides; a later one that would grant more is left out with it."""
    result = imported(tmp_path, f"  - {first}\n  - {later}\n")
    assert result.exit_code == 1
    assert parse_policy([("policy.yaml", result.stdout)]).rules == ()


def test_the_space_of_an_account_with_a_slash_is_denied(tmp_path: Path) -> None:
    """The account is filled in as docker_auth does it, whatever the account looks like."""
    acl = '  - {match: {account: a/b, name: "${account}/*"}, actions: []}\n'
    result = imported(tmp_path, acl + '  - {match: {account: a/b, name: "*/*/*"}, actions: [pull]}\n')
    assert result.exit_code == 0, result.output
    assert 'repositories: ["a/b/*"]\n    actions: [pull, push]\n' in result.stdout.partition("deny:")[2]


LEFT_OUT = {
    "a regular expression (#340)": ('{match: {name: "/^team/"}, actions: [pull]}', "regular expression"),
    "accounts by pattern": ('{match: {account: "dev-*"}, actions: [pull]}', "'dev-*' is a pattern"),
    "labels": ("{match: {labels: {group: x}}, actions: [pull]}", "labels are not known"),
    "another type": ('{match: {type: "repo*"}, actions: [pull]}', "not repository or registry"),
    "question marks": ('{match: {name: "a?"}, actions: [pull]}', "'?' or '['"),
    "a variable within a segment": ('{match: {name: "x-${account}"}, actions: [pull]}', "whole segment ${account}"),
    "push alone": ("{match: {account: a}, actions: [push]}", "push without pull"),
    "a key that docker_auth passes over": ("{match: {acount: a}, actions: [pull]}", "Did you mean 'account'?"),
    "services by pattern": ('{match: {service: "r*"}, actions: [pull]}', "'r*' is a pattern"),
    "anonymous alone": ('{match: {account: "", name: x}, actions: [pull]}', "clients without a login alone"),
}


@pytest.mark.parametrize(("entry", "words"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_left_out_is_named(tmp_path: Path, entry: str, words: str) -> None:
    """With its place on standard error and in the policy; exit code 1; no rule comes of it."""
    result = imported(tmp_path, f"  - {entry}\n")
    assert result.exit_code == 1
    assert words in result.stderr
    assert "auth.yml:3:" in result.stderr and "# What is not translated" in result.stdout
    assert parse_policy([("policy.yaml", result.stdout)]).rules == ()


def test_an_entry_that_grants_less_becomes_a_deny_rule(tmp_path: Path) -> None:
    """First match wins: what a later entry would give is taken away."""
    acl = '  - {match: {name: "secret/*"}, actions: []}\n  - {match: {account: "/.+/"}, actions: [pull]}\n'
    result = imported(tmp_path, acl)
    assert result.exit_code == 0, result.output
    rule = 'who: ["anyone"]\n    repositories: ["secret/*"]\n    actions: [pull, push]\n'
    assert result.stdout.endswith(f"deny:\n  # {tmp_path}/auth.yml:3:5\n  - id: line-3-deny\n    {rule}")


def test_an_exception_to_a_denial_needs_the_order(tmp_path: Path) -> None:
    """#237: a deny rule would hit the exception, so what comes later is left out, and shown as a comment."""
    acl = (
        '  - {match: {account: test, name: "test-*"}, actions: ["*"]}\n'
        "  - {match: {account: test}, actions: []}\n"
        '  - {match: {account: "/.+/", type: repository}, actions: [pull]}\n'
    )
    result = imported(tmp_path, acl)
    assert result.exit_code == 1
    assert "auth.yml:5:5: its part depends on the order: the entry in line 4 comes first" in result.stderr
    (rule,) = parse_policy([("policy.yaml", result.stdout)]).rules
    assert rule.id == "line-3"
    assert "#   - id: line-5" in result.stdout


def test_a_later_entry_does_not_pass_what_is_left_out(tmp_path: Path) -> None:
    """The expression may match more than it seems, and it grants less."""
    acl = '  - {match: {name: "/secret/"}, actions: []}\n  - {match: {account: "/.+/"}, actions: [pull]}\n'
    result = imported(tmp_path, acl)
    assert parse_policy([("policy.yaml", result.stdout)]).rules == ()


def test_accounts_that_differ_in_case(tmp_path: Path) -> None:
    """#332: a policy takes them for one."""
    acl = "  - {match: {account: Bob}, actions: [pull]}\n  - {match: {account: bob}, actions: ['*']}\n"
    result = imported(tmp_path, acl)
    assert result.exit_code == 1
    assert "other capitals" in result.stderr


def test_the_missing_space(tmp_path: Path) -> None:
    """#326: docker_auth reads a key without a value and matches everybody; here the file is not read at all."""
    result = imported(tmp_path, '  - {match: {account:"admin"}, actions: ["*"]}\n')
    assert result.exit_code == 2
    assert "a space is missing after 'account:'" in result.stderr
    assert result.stdout == ""


def test_without_anonymous_access_nobody_is_let_in_without_a_login(tmp_path: Path) -> None:
    """And accounts of the file are named, but never their passwords."""
    result = imported(tmp_path, "  - {match: {}, actions: [pull]}\n", '{"admin": {password: "$2y$05$abcdef"}}')
    assert result.exit_code == 0
    assert 'who: ["signed-in"]' in result.stdout
    assert "the user 'admin' has a password" in result.stderr
    assert "abcdef" not in result.output


def test_an_entry_for_clients_without_a_login_where_there_are_none(tmp_path: Path) -> None:
    """Does nothing, also where everyone who is signed in has as much."""
    acl = '  - {match: {account: "", name: x}, actions: [pull]}\n  - {match: {}, actions: [pull]}\n'
    result = imported(tmp_path, acl, "{}")
    assert result.exit_code == 0
    assert "anyone" not in result.stdout
    assert "'users' has none" in result.stderr


def test_other_ways_to_decide(tmp_path: Path) -> None:
    """They are asked as well where no entry matches, so the policy may give less: exit code 1."""
    (tmp_path / "auth.yml").write_text("acl: []\next_authz: {command: x}\n")
    result = CliRunner().invoke(root, ["policy", "import-docker-auth", str(tmp_path / "auth.yml")])
    assert result.exit_code == 1
    assert "'ext_authz' decides as well" in result.stderr


def test_effort_raises_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not compared for lack of steps is left out, exit code 1; with more steps it is translated."""
    monkeypatch.setattr(work, "MOST_STEPS", 3)
    path = tmp_path / "auth.yml"
    entries = "\n".join(f"  - {{match: {{account: u{number}}}, actions: [pull]}}" for number in range(4))
    path.write_text(f"acl:\n{entries}\n")
    usual = CliRunner().invoke(root, ["policy", "import-docker-auth", str(path)])
    assert usual.exit_code == 1
    assert "auth.yml:3:5: this entry and 2 more behind it are not translated: what earlier ones take" in usual.stderr
    assert "all questions together take more than 3 steps of search" in usual.stderr
    assert "--effort 10" in usual.stderr
    assert [rule.id for rule in parse_policy([("policy.yaml", usual.stdout)]).rules] == ["line-2"]
    longer = CliRunner().invoke(root, ["policy", "import-docker-auth", "--effort", "100", str(path)])
    assert longer.exit_code == 0, longer.output
    assert len(parse_policy([("policy.yaml", longer.stdout)]).rules) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [("server: {}\n", "no list 'acl'"), ("acl: [{match: {}}]\n", "'actions', a list"), ("", "no list 'acl'")],
)
def test_what_is_no_access_list(tmp_path: Path, text: str, words: str) -> None:
    """Exit code 2."""
    (tmp_path / "auth.yml").write_text(text)
    result = CliRunner().invoke(root, ["policy", "import-docker-auth", str(tmp_path / "auth.yml")])
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [("*", "a/b", False), ("a/**", "a/b/c", False), ("a/**", "a/b", True), ("a\\/*", "a/b", True), ("?", "/", False)],
)
def test_the_reading_of_globs_is_that_of_go(pattern: str, text: str, *, expected: bool) -> None:
    """What the tests hold the translation against; as path.Match of Go 1.26 answered."""
    assert path_match(pattern, text) is expected
