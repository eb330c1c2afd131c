"""`policy check`, `policy test` and `policy schema`, as operations and their pipelines call them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.cli import root

CONFIG = Path(__file__).parents[2] / "config"
GOOD = """\
version: 1
allow:
  - {id: mine, who: [signed-in], repositories: ["users/{user}/**"], actions: [pull, push]}
  - {id: public, who: [anyone], repositories: ["public/**"], actions: [pull]}
tests:
  - {user: bob, can: [push users/bob/x], cannot: [push users/alice/x]}
"""


def run(*arguments: object) -> Result:
    """The command's outcome."""
    return CliRunner().invoke(root, ["policy", *map(str, arguments)])


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy with a test."""
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD)
    return path


def test_a_good_policy_is_fine(policy: Path) -> None:
    """Exit code 0, and the hash that stands on every audit line."""
    result = run("check", policy)
    assert result.exit_code == 0
    assert "rules: 2, hash: " in result.stdout


def test_every_mistake_is_shown_with_its_place(policy: Path) -> None:
    """Exit code 2."""
    policy.write_text(GOOD.replace("id: mine", "idd: mine").replace("public/**", "Public/**"))
    result = run("check", policy)
    assert result.exit_code == 2
    assert f"{policy}:3:6: unknown key 'idd'" in result.stdout
    assert "Did you mean 'id'?" in result.stdout
    assert f"{policy}:4:" in result.stdout


def test_a_failing_test_is_shown_with_its_place(policy: Path) -> None:
    """Exit code 1, and which rule decided."""
    policy.write_text(GOOD.replace("cannot: [push users/alice/x]", "cannot: [push users/bob/y]"))
    result = run("test", policy)
    assert result.exit_code == 1
    assert f"{policy}:6:" in result.stdout
    assert "mine" in result.stdout
    assert "tests passed: 1 of 2" in result.stdout


def test_rules_without_a_test_are_named(policy: Path) -> None:
    """A warning, which is no failure."""
    result = run("test", policy)
    assert result.exit_code == 0
    assert f"{policy}:4:5: no test exercises the rule 'public'" in result.stdout
    assert "'mine'" not in result.stdout


def test_a_pipeline_can_ask_for_more(policy: Path) -> None:
    """`--min-coverage` for tests of the rules, `--strict` for no warnings; each exits with 1."""
    result = run("test", "--min-coverage", 50, policy)
    assert result.exit_code == 0
    assert "rules exercised: 50 %" in result.stdout
    result = run("test", "--min-coverage", 51, policy)
    assert result.exit_code == 1
    assert "tests exercise 50 % of the rules; at least 51 % are asked for" in result.stdout
    assert run("check", "--strict", policy).exit_code == 0
    policy.write_text(GOOD.replace('["public/**"]', '["**"]'))
    assert run("check", policy).exit_code == 0
    result = run("check", "--strict", policy)
    assert result.exit_code == 1
    assert json.loads(run("check", "--strict", "--format", "json", policy).stdout)["exit_code"] == 1
    assert f"{policy}:4:5: the rule 'public' lets everyone, signed in or not, pull all repositories" in result.stdout


def test_formats_for_programs(policy: Path) -> None:
    """JSON is an object, GitHub's form names file and line, SARIF names the rule."""
    policy.write_text(GOOD.replace("version: 1", "version: 9"))
    assert json.loads(run("check", "--format", "json", policy).stdout)["exit_code"] == 2
    assert f"::error title=policy,file={policy},line=1,col=10::" in run("check", "--format", "github", policy).stdout
    sarif = json.loads(run("check", "--format", "sarif", policy).stdout)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "policy"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Exit code 2 and its path, not a traceback."""
    result = run("check", tmp_path / "none.yaml")
    assert result.exit_code == 2
    assert f"{tmp_path}/none.yaml: " in result.stdout


def test_the_sample_passes_its_own_tests() -> None:
    """Every rule is exercised by one."""
    result = run("test", CONFIG / "policy.yaml")
    assert result.exit_code == 0
    assert "no test exercises" not in result.stdout


def test_the_schema_is_current() -> None:
    """Mend it: ldap-token-bridge policy schema > config/policy.schema.json."""
    assert json.loads(run("schema").stdout) == json.loads((CONFIG / "policy.schema.json").read_text())


def test_a_policy_cannot_write_to_the_terminal(policy: Path) -> None:
    """Nor issue commands to a pipeline that reads the output: names and reasons are the policy's author's."""
    policy.write_text(
        GOOD.replace("{user: bob,", '{user: bob, name: "\\e]0;x\\a\\n::error::x",').replace("users/bob/x", "x")
    )
    result = run("test", policy)
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert "\n::error" not in result.stdout
