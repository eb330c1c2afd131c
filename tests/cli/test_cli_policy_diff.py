"""`policy diff`, as operations call it by hand and pipelines call it as a gate."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.cli import root
from ldap_token_bridge.policy.proof.diff import Gap, PolicyDiff

OLD = """\
version: 1
groups: {platform: "CN=Platform,OU=Groups,DC=x"}
families: {team-write: "CN=reg-{team}-write,OU=R,DC=x"}
allow:
  - {id: platform, who: ["group:platform"], repositories: ["**"], actions: [pull, push, delete]}
  - {id: teams, who: ["family:team-write"], repositories: ["{team}/**"], actions: [pull, push]}
  - {id: ci, who: ["robot:ci"], repositories: ["*/release-*"], actions: [pull], networks: [10.20.0.0/16]}
deny:
  - {id: freeze, who: [signed-in], repositories: ["prod/**"], actions: [push, delete], until: 2027-01-04}
"""
DAY = ("--from", "2026-06-01")


def run(*arguments: object) -> Result:
    """The command's outcome."""
    return CliRunner().invoke(root, ["policy", "diff", *DAY, *map(str, arguments)])


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The policy, in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = Path("old.yaml")
    path.write_text(OLD)
    return path


def changed(before: str, after: str) -> Path:
    """The policy with a change."""
    assert before in OLD
    path = Path("new.yaml")
    path.write_text(OLD.replace(before, after))
    return path


@pytest.fixture
def repository(old: Path) -> Path:
    """A git repository with the policy as a file, as a folder, and behind a link."""
    Path("policies").mkdir()
    Path("policies/one.yaml").write_text(OLD)
    Path("link.yaml").symlink_to("old.yaml")
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "one")
    return old


def git(*arguments: str) -> None:
    """A git command that works."""
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def test_equivalent_policies(old: Path) -> None:
    """Other words for the same: another id, another order, a renamed group, a star more."""
    new = changed("id: freeze", "id: ice")
    new.write_text(new.read_text().replace("platform", "operations").replace('["**"]', '["**", "*/**"]'))
    result = run(old, new)
    assert result.exit_code == 0
    assert result.stdout == "Equivalent, proved: from 2026-06-01 on every request has the same outcome.\n"


def test_a_gain_is_shown_with_the_rules_of_both_sides(old: Path) -> None:
    """For whom, the shortest name, what it takes, and which rules with their places."""
    result = run(old, changed("[push, delete], until", "[push], until"))
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines() if line]
    assert lines == [
        "group:platform",
        "gains delete prod/a (on 2026-06-01)",
        "before denied by freeze (old.yaml:9)",
        "after allowed by platform (new.yaml:5)",
        "1 gain, from 2026-06-01 on. Proved: there are no others.",
    ]


def test_what_is_over_is_no_difference(old: Path) -> None:
    """Only requests from that day on can come."""
    new = changed("[push, delete], until", "[push], until")
    result = CliRunner().invoke(root, ["policy", "diff", "--from", "2027-01-05", str(old), str(new)])
    assert result.stdout == "Equivalent, proved: from 2027-01-05 on every request has the same outcome.\n"


def test_the_gate_refuses_gains_and_lets_losses_pass(old: Path) -> None:
    """Exit code 1 for new access alone; without the option a difference is no error."""
    new = changed("10.20.0.0/16", "10.20.0.0/15")
    assert run("--no-new-access", old, new).exit_code == 1
    assert run("--no-new-access", new, old).exit_code == 0
    assert run(old, new).exit_code == 0
    assert "from 10.21.0.0" in run(old, new).stdout


def test_the_gate_refuses_what_is_not_proved(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that was hit is told, and is no proof that nobody gains anything."""
    gap = PolicyDiff((), (Gap(("family:team-write",), "gain", "push", "too many \x1b states"),))
    monkeypatch.setattr("ldap_token_bridge.cli.policy.diff.diff_policies", lambda *_: gap)
    result = run("--no-new-access", old, old)
    assert result.exit_code == 1
    assert "not proved: that family:team-write gains push nowhere: too many \ufffd states" in result.stdout
    assert "1 question not proved, from 2026-06-01 on.\n" in result.stdout
    assert json.loads(run("--format", "json", old, old).stdout)["proved"] is False


def test_json_holds_a_request_that_can_be_made(old: Path) -> None:
    """Subject, context and rules, for both policies."""
    new = changed('"{team}/**"', '"{team}/**", "shared/{team}"')
    answer = json.loads(run("--format", "json", old, new).stdout)
    assert (answer["equivalent"], answer["proved"], answer["gains"], answer["losses"]) == (False, True, 2, 0)
    pull, push = answer["differences"]
    assert (pull["who"], pull["change"], pull["action"]) == (["family:team-write"], "gain", "pull")
    assert push["repository"] == "shared/a"
    subject = push["example"]["subject"]
    assert subject["groups"][0]["dn"] == "CN=reg-a-write,OU=R,DC=x"
    assert push["before"] == {"granted": False, "reason": "no-rule", "rules": []}
    assert [(rule["rule"], rule["file"], rule["line"]) for rule in push["after"]["rules"]] == [("teams", "new.yaml", 6)]


def test_a_word_is_shown_that_the_name_does_not_show(old: Path) -> None:
    """Which group of a family someone is in."""
    new = changed('"{team}/**"', '"{team}/**", shared')
    assert "family:team-write a" in " ".join(run(old, new).stdout.split())


def test_revisions_of_git(repository: Path) -> None:
    """A file from the top, a file from here, a folder, and a link within the repository."""
    repository.write_text(OLD.replace("[pull, push, delete]", "[pull, push]"))
    for revision in ("HEAD:old.yaml", "main:./old.yaml", "HEAD:link.yaml", "HEAD:policies", "HEAD:policies/"):
        result = run(revision, repository)
        assert result.exit_code == 0, result.output
        assert "loses" in result.stdout
        assert f"{revision}:5)" in result.stdout or "(HEAD:policies/one.yaml:5)" in result.stdout
    assert "Equivalent" in run("HEAD:policies", "policies").stdout


def test_a_folder_in_git_is_read_as_one_on_disk(repository: Path) -> None:
    """What looks like a part of the policy and would not be read is an error; hidden files are none."""
    Path("policies/.hidden.yml").write_text("x")
    Path("policies/two.yml").write_text("x")
    Path("policies/more").mkdir()
    Path("policies/more/three.yaml").write_text("x")
    Path("policies/README").write_text("x")
    git("add", "-A")
    git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "two")
    result = run("HEAD:policies", repository)
    assert result.exit_code == 2
    assert result.stderr.count("it is not read") == 2
    assert "HEAD:policies/two.yml: it is not read" in result.stderr
    assert "HEAD:policies/more/three.yaml: it is not read" in result.stderr


def test_what_exists_is_a_file(repository: Path) -> None:
    """Also if its name reads like a revision."""
    Path("HEAD:old.yaml").write_text(OLD.replace("[pull, push, delete]", "[pull]"))
    assert "gains" in run("HEAD:old.yaml", repository).stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("HEAD:none.yaml", "git has no such revision or no such file in it"),
        ("nothing:old.yaml", "git has no such revision or no such file in it"),
        ("--output=stolen:old.yaml", "git has no such revision or no such file in it"),
        ("HEAD:old.yaml\nHEAD:link.yaml", "it names no file"),
        ("none.yaml", "no such file or directory"),
    ],
)
def test_what_is_not_there(repository: Path, given: str, said: str) -> None:
    """Exit code 2 and its name; nothing that is given becomes an option of git."""
    result = run("--", given, repository)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path("stolen:old.yaml").exists()


def test_outside_of_a_repository(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What git says, in one line, with the name."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path.cwd().parent))
    result = run("HEAD:old.yaml", old)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: HEAD:old.yaml: git cannot read it: not a git repository")


def test_without_git(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files need none."""
    monkeypatch.setenv("PATH", "")
    assert run(old, old).exit_code == 0
    result = run("HEAD:old.yaml", old)
    assert result.exit_code == 2
    assert "git is not installed" in result.stderr


def test_every_mistake_of_a_policy_is_shown(old: Path) -> None:
    """Exit code 2, as by `policy check`."""
    result = run(old, changed("who: [signed-in]", "who: [group:nobody]"))
    assert result.exit_code == 2
    assert "new.yaml:9:" in result.stderr
