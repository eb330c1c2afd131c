"""`policy explain`: offline and against real directories, for people and for programs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.cli import root
from ldap_token_bridge.robots import new_secret
from ldap_token_bridge.robots.hashes import hash_secret
from tests.cli.test_cli_check import folder
from tests.cli.test_cli_whoami import settings_for
from tests.support import canaries
from tests.support.settings_file import write_settings
from tests.support.slapd import Slapd

POLICY = """\
version: 1
groups:
  platform: CN=Platform,OU=Groups,DC=corp,DC=example,DC=com
  interns: CN=Interns,OU=Groups,DC=corp,DC=example,DC=com
  sids: S-1-5-21-1-2-3-4
families:
  team: CN=reg-{team}-write,OU=Registry,DC=corp,DC=example,DC=com
allow:
  - {id: platform, who: ["group:platform"], repositories: ["**"], actions: [pull], catalog: true}
  - {id: teams, who: ["family:team"], repositories: ["{team}/**"], actions: [push]}
  - {id: own, who: [signed-in], repositories: ["users/{user}/**"], actions: [push]}
  - {id: build, who: ["robot:ci"], networks: [10.20.0.0/16], repositories: ["*/release-*"], actions: [pull]}
  - {id: old, who: [anyone], until: 2025-12-31, repositories: [public/base], actions: [pull]}
  - {id: staging, who: [anyone], services: [staging], repositories: [public/base], actions: [pull]}
deny:
  - {id: freeze, why: "CHG1, ask bob", who: ["group:sids"], networks: [10.0.0.0/8],
     repositories: ["a/**"], actions: [push]}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The file."""
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


def explain(*arguments: object) -> Result:
    """`policy explain ...`."""
    result = CliRunner().invoke(root, ["policy", "explain", *map(str, arguments)])
    assert not canaries.leaks(result.output)
    return result


def offline(policy: Path, *arguments: str) -> str:
    """What it prints for a policy file."""
    return explain("--policy", policy, *arguments).stdout


def test_what_is_granted_names_the_rule_and_its_place(policy: Path) -> None:
    """Exit code 0 if all of it is."""
    result = explain("--policy", policy, "--user", "bob", "--group", "team:a", "repository:a/app:pull,push")
    assert result.exit_code == 0, result.output
    assert "pull, push a/app: granted\n" in result.stdout
    assert f"by allow rule 'teams' ({policy}:10:5)" in result.stdout
    assert "family:team {a}" in result.stdout


NEAR = {
    "network": (["--robot", "ci", "--address", "192.0.2.1", "a/release-1"], "in 10.20.0.0/16: not for 192.0.2.1"),
    "unknown address": (["--robot", "ci", "a/release-1"], "the client's address is not known"),
    "expired": (["--anonymous", "--at", "2026-01-01", "public/base"], "it ended with 2025-12-31"),
    "service": (["--anonymous", "--service", "prod", "public/base"], "for the service staging: not for prod"),
    "segment": (
        ["--robot", "ci", "--address", "10.20.0.1", "a/app"],
        "differs at segment 2: it has 'release-*', the name 'app'",
    ),
    "longer": (["--user", "bob", "users/bob"], "goes on with '**' where the name ends"),
    "shorter": (["--robot", "ci", "--address", "10.20.0.1", "a/release-1/x"], "ends before segment 3, 'x'"),
    "group": (["--user", "bob", "catalog"], "it is for group:platform: bob is none of them"),
    "action": (["--user", "bob", "--group", "platform", "repository:x:push"], "it speaks of pull, not of push"),
    "another's space": (["--user", "bob", "users/alice/x"], "needs {user} to be 'alice': here it is 'bob'"),
    "no component": (["--user", "J Doe", "users/jdoe/x"], "the account 'J Doe' is no path component"),
    "another team": (
        ["--user", "bob", "--group", "team:b", "a/x"],
        "the word 'a' from family:team: the groups give 'b'",
    ),
    "no word": (
        ["--user", "bob", "--group", "CN=reg-Team A-write,OU=Registry,DC=corp,DC=example,DC=com", "a/x"],
        "gives 'team a', which is no path component",
    ),
    "in no team": (["--user", "bob", "repository:a/x:push"], "the word 'a' from family:team: bob is in no such group"),
    "catalog": (["--user", "bob", "--group", "team:a", "--all", "catalog"], "it does not speak of the catalog"),
}


@pytest.mark.parametrize(("arguments", "words"), NEAR.values(), ids=NEAR)
def test_near_misses_say_why(policy: Path, arguments: list[str], words: str) -> None:
    """In the words of what to look at."""
    result = explain("--policy", policy, *arguments)
    assert result.exit_code == 1
    assert words in result.stdout


def test_a_deny_rule_tells_its_reason_and_what_it_took(policy: Path) -> None:
    """And that it counts only since something is not known."""
    shown = offline(policy, "--user", "bob", "--group", "team:a", "--group", "sids", "repository:a/x:push")
    assert "push a/x: taken away\n" in shown
    assert f"by deny rule 'freeze' ({policy}:16:5): CHG1, ask bob" in shown
    assert "it counts since this is not known: it is for clients in 10.0.0.0/8: the client's address" in shown
    assert "would be granted by allow rule 'teams'" in shown


def test_json_holds_every_rule(policy: Path) -> None:
    """Deciding, holding, or with what it lacks."""
    arguments = ["--format", "json", "--user", "bob", "--group", "team:a", "repository:a/x:push"]
    shown = json.loads(offline(policy, *arguments))
    assert shown["subject"] == {"kind": "user", "name": "bob"}
    assert shown["groups"][0]["terms"] == ["family:team {a}"]
    (action,) = shown["access"][0]["actions"]
    assert (action["granted"], [rule["rule"] for rule in action["deciding"]]) == (True, ["teams"])
    rest = {miss["rule"]: [lack["what"] for lack in miss["lacks"]] for miss in action["misses"]}
    assert rest["own"] == ["repositories"]
    assert rest["build"] == ["who", "repositories", "networks", "actions"]
    assert set(rest) == {"platform", "own", "build", "old", "staging", "freeze"}


USELESS = {
    "nobody": (["x"], "Say about whom"),
    "two": (["--user", "a", "--anonymous", "x"], "Say about whom"),
    "a robot in a group": (["--robot", "a", "--group", "platform", "x"], "only people are in groups"),
    "no scope": (["--user", "a", "--group", "platform", "Team/App"], "'Team/App' is no scope"),
    "an unknown action": (["--anonymous", "repository:x:pull,pusch"], "is no scope"),
    "no group": (["--user", "a", "--group", "platfrom", "x"], "Did you mean 'platform'?"),
    "no day": (["--anonymous", "--at", "tomorrow", "x"], "'tomorrow' is not a day"),
    "no address": (["--anonymous", "--address", "10.1", "x"], "'10.1' is no address"),
}


IMAGES = {
    "team-a/app:push": ": repository:team-a/app:push.",
    "team-a/app:latest": ": repository:team-a/app:pull,push.",
    "127.0.0.1:35050/team-a/app:latest": "without host and tag: repository:team-a/app:pull,push.",
    "Team/App": "in lower case, without host and tag: repository:team/app:pull,push.",
    "Team/app": "in lower case, without host and tag: repository:team/app:pull,push.",
    "repository:Team/app:pull": ": repository:team/app:pull.",
    "team-a/app@sha256:0123": ": repository:team-a/app:pull,push.",
    "team a": ": repository:team-a/app:pull,push.",
    "registry.corp.example.com/a/b": "Leave it out: a/b. Where it is a part of the name, write repository:reg",
}


@pytest.mark.parametrize(("image", "words"), IMAGES.items(), ids=IMAGES)
def test_who_asks_by_the_name_of_an_image_is_told_the_scope(policy: Path, image: str, words: str) -> None:
    """As they have it at hand from docker: with tag or host, which no rule speaks of."""
    result = explain("--policy", policy, "--anonymous", image)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_name_that_begins_with_a_host_is_asked_by_its_scope(policy: Path) -> None:
    """Mirrors have such repositories."""
    group = ("--user", "alice", "--group", "platform")
    assert explain("--policy", policy, *group, "repository:quay.io/a/b:pull").exit_code == 0


@pytest.mark.parametrize(("arguments", "words"), USELESS.values(), ids=USELESS)
def test_unusable_input_says_what_to_write(policy: Path, arguments: list[str], words: str) -> None:
    """Exit code 2."""
    result = explain("--policy", policy, *arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_a_policy_cannot_steer_the_terminal(policy: Path) -> None:
    """Its texts come without control characters."""
    policy.write_text(POLICY.replace("CHG1, ask bob", "\\e[2J\\u202e"))
    shown = offline(policy, "--user", "bob", "--group", "team:a", "--group", "sids", "repository:a/x:push")
    assert "taken away" in shown and not set(shown) & set("\x1b\u202e")


@pytest.fixture
def robots(tmp_path: Path, policy: Path) -> Path:
    """bridge.yaml whose robots are `ci`, `gone` (revoked) and `old` (its last day was in 2025)."""
    dead = "    revoked: 2026-01-02\n"
    robots = "version: 1\nrobots:\n"
    for name, more in (("ci", ""), ("gone", dead), ("old", "    until: 2025-12-31\n")):
        robots += f"  - name: {name}\n    owner: team-a\n{more}    secrets:\n      - '{hash_secret(new_secret())}'\n"
    (tmp_path / "robots.yaml").write_text(robots)
    return write_settings(tmp_path, policy=policy.name, robots="robots.yaml")


@pytest.mark.parametrize(
    ("name", "why", "state"),
    [
        ("gone", "the robot is revoked", "robot-revoked"),
        ("old", "the robot has expired", "robot-expired"),
        ("nobody", "there is no such robot", "wrong-credentials"),
    ],
)
def test_a_robot_that_cannot_log_in(robots: Path, name: str, why: str, state: str) -> None:
    """The policy is explained, and that it does not help."""
    (robots.parent / "policy.yaml").write_text(POLICY.replace("robot:ci", f"robot:{name}"))
    question = ["-c", robots, "--robot", name, "--address", "10.20.0.1", "repository:a/release-1:pull"]
    result = explain(*question)
    assert result.exit_code == 1, result.output
    assert "pull a/release-1: granted" in result.stdout
    assert f"Nothing is granted now, whatever the policy says: {why}" in result.stdout
    assert json.loads(explain(*question, "--format", "json").stdout)["state"] == state


def test_a_robot_that_can_log_in(robots: Path) -> None:
    """Nothing is said of it; nor where nobody knows the robots, be it that their file cannot be read."""
    question = ["--robot", "ci", "--address", "10.20.0.1", "repository:a/release-1:pull"]
    result = explain("-c", robots, *question)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Nothing is granted now" not in result.stdout
    (robots.parent / "robots.yaml").write_text("robots: 1")
    result = explain("-c", robots, *question)
    assert result.exit_code == 0
    assert "whether the robot can log in is not known" in result.stderr
    assert explain("--policy", robots.parent / "policy.yaml", *question).stderr == ""


@pytest.fixture
def config(tmp_path: Path, slapd: Slapd) -> Path:
    """bridge.yaml for slapd."""
    (tmp_path / "password").write_text(canaries.password("svc-registry"))
    return folder(tmp_path, policy=POLICY, **settings_for(slapd))


def test_live_the_directory_gives_the_groups(config: Path) -> None:
    """And how each was reached, as `whoami` shows it; the service is the bridge's own."""
    result = explain("-c", config, "--user", "CORP\\ALICE", "repository:x/y:pull")
    assert result.exit_code == 0, result.output
    assert "subject  user alice" in result.stdout
    lines = [line.split() for line in result.stdout.splitlines() if line.lower().startswith("cn=platform,")]
    assert lines == [[lines[0][0], "nested", "group:platform", *lines[0][3:]]]
    assert "not known" not in next(line for line in result.stdout.splitlines() if line.startswith("service"))


def test_a_policy_whose_tests_fail_is_not_in_force(config: Path) -> None:
    """What it says is not what the bridge does; another file, named by --policy, is not said to be in force."""
    policy = config.with_name("policy.yaml")
    told = f"warning: {policy}: this file is not in force: its tests fail."
    asked = ("-c", config, "--user", "alice", "repository:x/y:pull")
    assert told not in explain(*asked).stderr
    policy.write_text(f"{POLICY}tests:\n  - {{user: eve, can: [push x/y]}}\n")
    assert told in explain(*asked).stderr
    assert told in explain("-c", config, "--anonymous", "x").stderr
    for subject in ("alice", "group:platform"):
        result = CliRunner().invoke(root, ["policy", "what-can", subject, "-c", str(config)])
        assert told in result.stderr
    assert told not in explain(*asked, "--policy", policy).stderr


def test_live_with_another_policy(config: Path, tmp_path: Path) -> None:
    """What a change would mean to someone as they are."""
    other = tmp_path / "next.yaml"
    other.write_text(POLICY.replace("actions: [pull], catalog: true", "actions: [push], catalog: true"))
    result = explain("-c", config, "--policy", other, "--user", "alice", "repository:x/y:push")
    assert result.exit_code == 0, result.output


def test_live_a_disabled_account(config: Path) -> None:
    """The policy is explained, and that it does not help."""
    result = explain("-c", config, "--user", "dave", "users/dave/x")
    assert result.exit_code == 1
    assert "Nothing is granted now, whatever the policy says: the account's state is: disabled" in result.stdout


def test_live_nobody(config: Path) -> None:
    """As `whoami` says it."""
    result = explain("-c", config, "--user", "nobody", "x")
    assert result.exit_code == 1
    assert "nobody below DC=corp,DC=example,DC=com has this name" in result.stdout
