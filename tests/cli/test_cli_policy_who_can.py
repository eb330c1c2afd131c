"""`policy who-can` and `policy what-can`: terms, conditions, exceptions, and the people from real directories."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.cli import root
from tests.cli.test_cli_check import folder
from tests.cli.test_cli_whoami import settings_for
from tests.support import canaries, ldif
from tests.support.slapd import Slapd

POLICY = """\
version: 1
groups:
  platform: CN=Platform,OU=Groups,DC=corp,DC=example,DC=com
  lookalikes: CN=Platform,OU=Lookalikes,DC=corp,DC=example,DC=com
  staff: CN=Staff,OU=Groups,DC=corp,DC=example,DC=com
families:
  team: CN=reg-{team}-write,OU=Registry,DC=corp,DC=example,DC=com
allow:
  - {id: platform, who: ["group:platform"], repositories: ["**"], actions: [push], catalog: true}
  - {id: teams, who: ["family:team"], repositories: ["{team}/**"], actions: [push]}
  - {id: own, who: [signed-in], repositories: ["users/{user}/**"], actions: [push]}
  - {id: staff, who: ["group:staff"], until: 2099-01-01, repositories: [s/app], actions: [pull]}
  - {id: build, who: ["robot:ci"], networks: [10.20.0.0/16], repositories: ["*/release-*"], actions: [pull]}
  - {id: public, who: [anyone], repositories: ["public/**"], actions: [pull]}
  - {id: any-team, who: ["family:team"], repositories: [shared/app], actions: [pull]}
deny:
  - {id: not-they, why: ask bob, who: ["group:lookalikes"], repositories: ["team-a/**"], actions: [push]}
  - {id: freeze, who: [anyone], until: 2099-01-01, repositories: ["prod/**"], actions: [push]}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The file."""
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


def run(*arguments: object) -> Result:
    """`policy ...`."""
    result = CliRunner().invoke(root, ["policy", *map(str, arguments)])
    assert not canaries.leaks(result.output)
    return result


def who_can(policy: Path, *arguments: str) -> str:
    """What `who-can` prints."""
    result = run("who-can", *arguments, "--policy", policy)
    assert result.exit_code == 0, result.output
    return result.stdout


def terms(text: str) -> list[str]:
    """The terms that are named, without what is said about them."""
    return [line.strip() for line in text.splitlines() if line.startswith("  ") and line[2] != " "]


def test_families_with_the_word_and_the_group_that_it_is(policy: Path) -> None:
    """With what takes it away from some of them."""
    shown = who_can(policy, "push", "team-a/app")
    assert terms(shown) == ["group:platform", "family:team with the word team-a"]
    assert "that is CN=reg-team-a-write,OU=Registry,DC=corp,DC=example,DC=com" in shown
    assert f"unless also group:lookalikes: deny rule 'not-they' ({policy}:17:5): ask bob" in shown


def test_an_own_space_names_its_one_user(policy: Path) -> None:
    """Not everybody who is signed in."""
    assert terms(who_can(policy, "push", "users/alice/x")) == [
        "user:alice",
        "group:platform",
        "family:team with the word users",
    ]


def test_conditions_are_in_words(policy: Path) -> None:
    """Networks, and until when."""
    assert "by allow rule 'build' (" in (shown := who_can(policy, "pull", "a/release-1"))
    assert "from 10.20.0.0/16" in shown
    assert "until 2099-01-01" in who_can(policy, "pull", "s/app")
    assert "group:staff" not in who_can(policy, "pull", "s/app", "--at", "2099-01-02")


def test_what_everybody_loses_is_told_apart(policy: Path) -> None:
    """Nobody can, and who could without the deny rule."""
    shown = who_can(policy, "push", "prod/app")
    assert "nobody can push prod/app." in shown
    assert "taken away from all of them:\n  group:platform" in shown


def test_the_catalog(policy: Path) -> None:
    """Needs no repository."""
    assert terms(who_can(policy, "catalog")) == ["group:platform"]
    assert run("who-can", "catalog", "x", "--policy", policy).exit_code == 2
    assert "Name a repository" in run("who-can", "pull", "--policy", policy).output
    assert "no pattern" in run("who-can", "pull", "a/*", "--policy", policy).output
    assert "lower-case" in run("who-can", "pull", "Team/app", "--policy", policy).output


def test_json_for_programs(policy: Path) -> None:
    """Terms, words, groups, rules and exceptions."""
    shown = json.loads(who_can(policy, "push", "team-a/app", "--format", "json"))
    (_, team) = shown["grants"]
    assert team["who"][0]["word"] == "team-a"
    assert team["unless"][0]["also"] == [
        {"term": "group:lookalikes", "word": None, "group": "CN=Platform,OU=Lookalikes,DC=corp,DC=example,DC=com"}
    ]
    assert team["by"]["line"] == 10


WHAT = {
    "group:platform": ["**: pull, push", "list all repositories", "public/**: pull", "users/{user}/**: pull, push"],
    "user:Alice": ["public/**: pull", "users/alice/**: pull, push"],
    "user:J Doe": ["public/**: pull"],
    "robot:ci": ["*/release-*: pull", "public/**: pull"],
    "anyone": ["public/**: pull"],
    "family:team": ["public/**: pull", "shared/app: pull", "users/{user}/**: pull, push", "{team}/**: pull, push"],
}


@pytest.mark.parametrize(("subject", "expected"), WHAT.items())
def test_what_a_term_can(policy: Path, subject: str, expected: list[str]) -> None:
    """Patterns, with the words filled in that are known."""
    result = run("what-can", subject, "--policy", policy)
    assert result.exit_code == 0, result.output
    assert sorted(terms(result.stdout)) == expected


def test_exceptions_of_a_term(policy: Path) -> None:
    """Those that hit everyone, and those of groups that some may be in; not those for elsewhere."""
    shown = run("what-can", "group:platform", "--policy", policy).stdout
    assert "except: deny rule 'freeze'" in shown
    assert "unless also group:lookalikes: deny rule 'not-they'" in shown
    assert "it takes push on team-a/**" in shown
    assert "deny rule" not in run("what-can", "robot:ci", "--policy", policy).stdout


@pytest.mark.parametrize(
    ("subject", "words"), [("gruop:x", "Did you mean 'group:x'?"), ("group:platfrom", "Did you mean 'platform'?")]
)
def test_a_subject_that_the_policy_does_not_know(policy: Path, subject: str, words: str) -> None:
    """Exit code 2, with the nearest."""
    result = run("what-can", subject, "--policy", policy)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.fixture
def config(tmp_path: Path, slapd: Slapd) -> Path:
    """bridge.yaml for slapd."""
    (tmp_path / "password").write_text(canaries.password("svc-registry"))
    return folder(tmp_path, policy=POLICY, **settings_for(slapd))


def people(config: Path, *arguments: str) -> dict[str, tuple[bool, str]]:
    """By account: whether it is granted, and the account's state."""
    result = run("who-can", *arguments, "--expand", "--format", "json", "-c", config)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["people"]["looked_up"]
    return {each["account"]: (each["granted"], each["state"]) for each in found}


def test_an_account_needs_the_directory(policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the policy alone is told what can be asked of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LTB_CONFIG", raising=False)
    result = run("what-can", "alice", "--policy", policy)
    assert result.exit_code == 2
    assert "the groups of the account 'alice'" in result.stderr
    assert "write a term: user:NAME" in result.stderr


def test_the_people_in_openldap(config: Path) -> None:
    """Nested members; someone who is in a denied group as well is marked, so are accounts that cannot log in."""
    assert people(config, "push", "team-a/app") == {"alice": (True, "fine"), "bob": (False, "fine")}
    staff = people(config, "pull", "s/app")
    assert staff["dave"] == (True, "account-disabled")
    assert set(staff) == {"alice", "dave", "erin", "frank", "gina", "henry"}
    assert set(people(config, "pull", "shared/app")) == {"alice", "bob", "carol"}


def test_a_table_for_people(config: Path) -> None:
    """Who can first; and what was not listed."""
    result = run("who-can", "push", "team-a/app", "--expand", "-c", config)
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines if "uid=" in line] == [["alice", "can"], ["bob", "taken"]]
    assert "1 can, of 2 looked up." in lines
    shown = run("who-can", "pull", "public/x", "--expand", "--limit", "1", "-c", config).stdout
    assert "Not listed: anyone, which is everybody." in shown


def test_a_bound(config: Path) -> None:
    """Says how many are missing."""
    shown = run("who-can", "pull", "s/app", "--expand", "--limit", "2", "-c", config).stdout
    assert "4 more were not looked up: raise --limit." in shown


@pytest.mark.parametrize(
    "options", [["--address", "10.0.0.1"], ["--service", "x"], ["--expand", "--limit", "0"], ["--limit", "-1"]]
)
def test_options_that_would_do_nothing(policy: Path, options: list[str]) -> None:
    """Are refused: the answer would seem to heed them."""
    result = run("who-can", "pull", "x", *options, "--policy", policy)
    assert result.exit_code == 2
    assert options[-2] in result.stderr


def test_a_member_that_is_not_there(config: Path, slapd: Slapd) -> None:
    """Is named: the list would look complete."""
    gone = f"uid=gone,ou=People,{slapd.base}"
    slapd.change(ldif.put_in(slapd.group_dn("Groups/Platform"), "member", [gone]))
    assert f"may not read it: {gone}" in run("who-can", "push", "x", "--expand", "-c", config).stdout


def test_what_an_account_can(config: Path) -> None:
    """With the groups of the directory, and nothing left open."""
    result = run("what-can", "bob", "-c", config)
    assert result.exit_code == 0, result.output
    assert sorted(terms(result.stdout)) == [
        "public/**: pull",
        "shared/app: pull",
        "team-a/**: pull, push",
        "users/bob/**: pull, push",
    ]
    assert "except: deny rule 'not-they'" in result.stdout
    assert "unless" not in result.stdout
    assert "Nothing is granted now" not in result.stdout
    assert run("what-can", "nobody", "-c", config).exit_code == 1


def test_what_a_disabled_account_can(config: Path) -> None:
    """The list is of what the policy says, and does not pass for what they get."""
    shown = run("what-can", "dave", "-c", config).stdout
    assert "Nothing is granted now, whatever the policy says: the account's state is: disabled" in shown
    assert json.loads(run("what-can", "dave", "--format", "json", "-c", config).stdout)["state"] == "account-disabled"
