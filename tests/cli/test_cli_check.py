"""`check`: exit codes, and what it prints for people, programs, GitHub and code scanners."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.cli import root
from ldap_token_bridge.tokens.install import new_key
from tests.checkup.conftest import POLICY
from tests.support import canaries
from tests.support.settings_file import write_settings
from tests.support.slapd import Slapd


def folder(where: Path, *, policy: str = POLICY, **changes: Any) -> Path:
    """A good folder with these keys of bridge.yaml changed; returns the path of bridge.yaml."""
    (where / "policy.yaml").write_text(policy)
    new_key(where / "keys", common_name="test", now=datetime.now(UTC))
    return write_settings(where, **({"server__listen": "127.0.0.1:0"} | changes))


def check(config: Path, *arguments: str) -> Result:
    """`check -c CONFIG` with these arguments."""
    return CliRunner().invoke(root, ["check", "-c", str(config), *arguments])


def test_all_is_well(tmp_path: Path) -> None:
    """A line for each thing that was looked at, and exit code 0."""
    result = check(folder(tmp_path))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    topics = ["settings", "keys", "directory.tls", "policy", "revocation"]
    assert [line.split(":")[0] for line in lines[:-1]] == [f"✓ {topic}" for topic in topics]
    assert lines[-1] == "All is well."


def test_a_warning_is_no_failure(tmp_path: Path) -> None:
    """It is told with its place and remedy, and the exit code stays 0."""
    config = folder(tmp_path, server__listen="0.0.0.0:5001")
    result = check(config)
    assert result.exit_code == 0
    assert (
        f"! settings: {config}:13:11: passwords arrive at 0.0.0.0:5001 without TLS\n    Set server.tls" in result.stdout
    )
    assert result.stdout.endswith("\n1 warning\n")


def test_settings_that_cannot_be_used(tmp_path: Path) -> None:
    """Every mistake with file, line and column; exit code 2."""
    config = folder(tmp_path, token__lifetim="5m", directory__kind="novell")
    result = check(config)
    assert result.exit_code == 2
    assert f"✗ settings: {config}:5:3: unknown key 'lifetim'\n    Did you mean 'lifetime'?" in result.stdout
    assert f"✗ settings: {config}:7:9: directory.kind has an unknown value" in result.stdout
    assert result.stdout.endswith("\n2 errors\n")


def test_a_policy_test_that_fails(tmp_path: Path) -> None:
    """A finding: exit code 1."""
    result = check(folder(tmp_path, policy=POLICY.replace("can: [pull", "can: [push")))
    assert result.exit_code == 1
    assert f"✗ policy: {tmp_path}/policy.yaml:7:" in result.stdout


def test_no_settings_file(tmp_path: Path) -> None:
    """The path is named; exit code 2."""
    result = check(tmp_path / "bridge.yaml")
    assert result.exit_code == 2
    assert f"{tmp_path}/bridge.yaml" in result.output


def test_the_environment_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be wrong at the start of the service is wrong here."""
    monkeypatch.setenv("LTB_TOKEN__X5C", "maybe")
    result = check(folder(tmp_path))
    assert result.exit_code == 2
    assert "✗ settings: environment variable LTB_TOKEN__X5C: token.x5c must be true or false" in result.stdout


@pytest.mark.parametrize("output_format", ["json", "sarif", "github"])
def test_settings_that_are_not_there_are_told_in_the_same_form(tmp_path: Path, output_format: str) -> None:
    """Who reads the report reads one, also if the path is wrong; and nothing stands beside it."""
    result = check(tmp_path / "bridge.yaml", "--format", output_format)
    assert (result.exit_code, result.stderr) == (2, "")
    assert "there is no such file" in result.stdout
    if output_format == "json":
        (item,) = json.loads(result.stdout)["items"]
        assert (item["topic"], item["grade"], item["file"]) == ("settings", "unusable", str(tmp_path / "bridge.yaml"))


def test_json(tmp_path: Path) -> None:
    """For programs: every item with its place in parts."""
    config = folder(tmp_path, token__lifetime="5s")
    result = check(config, "--format", "json")
    assert result.exit_code == 2
    assert json.loads(result.stdout) == {
        "exit_code": 2,
        "items": [
            {
                "topic": "settings",
                "grade": "unusable",
                "what": "token.lifetime: must be from 1m to 1d",
                "file": str(config),
                "line": 5,
                "column": 13,
                "remedy": "Write a duration from 1m to 1d: clients take a token to live at least 60 s.",
            }
        ],
    }


def test_github(tmp_path: Path) -> None:
    """Workflow commands, escaped, which GitHub shows at the line; what is fine is left out."""
    config = folder(tmp_path, server__listen="0.0.0.0:1", policy=POLICY.replace("can: [pull", "can: [push"))
    lines = check(config, "--format", "github").stdout.splitlines()
    warning, error, summary = lines
    assert warning.startswith(f"::warning title=settings,file={config},line=13,col=11::passwords arrive at 0.0.0.0:1 ")
    assert "%0ASet server.tls" in warning
    assert error.startswith(f"::error title=policy,file={tmp_path}/policy.yaml,line=7,col=")
    assert summary == "1 error, 1 warning"


def test_sarif(tmp_path: Path) -> None:
    """One run with a rule for each topic and a result with its place for each finding."""
    config = folder(tmp_path, server__listen="0.0.0.0:1", policy=POLICY.replace("can: [pull", "can: [push"))
    report = json.loads(check(config, "--format", "sarif").stdout)
    assert report["version"] == "2.1.0"
    (run,) = report["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["settings", "policy"]
    warning, error = run["results"]
    assert (warning["ruleId"], warning["level"], error["ruleId"], error["level"]) == (
        "settings",
        "warning",
        "policy",
        "error",
    )
    place = warning["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == config.as_uri()
    assert place["region"] == {"startLine": 13, "startColumn": 11}


def test_sarif_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable is no file, so the result has no place in one."""
    monkeypatch.setenv("LTB_TOKEN__X5C", "maybe")
    report = json.loads(check(folder(tmp_path), "--format", "sarif").stdout)
    (result,) = report["runs"][0]["results"]
    assert "locations" not in result


def connected(tmp_path: Path, slapd: Slapd, policy: str = POLICY) -> Path:
    """A folder for that directory."""
    changes: dict[str, Any] = {
        "directory__kind": "openldap",
        "directory__servers": [slapd.ldaps_url],
        "directory__bind_dn": slapd.bind_dn,
        "directory__bind_password_file": "password",
        "directory__tls__ca_file": str(slapd.ca_file),
    }
    (tmp_path / "password").write_text(canaries.password("svc-registry"))
    return folder(tmp_path, policy=policy, **changes)


USERS = """\
version: 1
allow:
  - {id: mine, who: ["user:Alice", "user:dave", "robot:ci"], repositories: [a], actions: [pull]}
deny:
  - {id: out, who: ["user:mallroy"], repositories: ["**"], actions: [pull, push, delete]}
"""


def test_connect_looks_up_the_accounts_of_the_policy(tmp_path: Path, slapd: Slapd) -> None:
    """A mistyped one is a warning with the place of its rule: a deny rule for it shuts nobody out."""
    config = connected(tmp_path, slapd, USERS)
    shown = check(config, "--connect").stdout
    (line,) = (line for line in shown.splitlines() if " user: " in line)
    assert line.startswith(f"! user: {tmp_path}/policy.yaml:5:5: the rule 'out' names user:mallroy, and the directory")
    (tmp_path / "policy.yaml").write_text(USERS.replace("mallroy", "bob"))
    assert "✓ user: accounts in the policy: 3, and the directory has them" in check(config, "--connect").stdout


def test_connect_looks_up_no_long_list_of_accounts(tmp_path: Path, slapd: Slapd) -> None:
    """It says so."""
    listed = ", ".join(f'"user:u{number}"' for number in range(201))
    policy = f"version: 1\nallow:\n  - {{id: a, who: [{listed}], repositories: [a], actions: [pull]}}\n"
    result = check(connected(tmp_path, slapd, policy), "--connect")
    assert "✓ user: 201 accounts in the policy: more than 200 are not looked up" in result.stdout


def test_connect(tmp_path: Path, slapd: Slapd) -> None:
    """With --connect the directory is asked, too; exit codes 0 and 2; no password is shown."""
    result = check(connected(tmp_path, slapd), "--connect")
    assert result.exit_code == 0, result.output
    for words in ("server: ldaps://127.0.0.1", "base: directory.base", "people: people are", "group: group platform"):
        assert f"✓ {words}" in result.stdout
    (tmp_path / "password").write_text("hunter2hunter2")
    result = check(tmp_path / "bridge.yaml", "--connect")
    assert result.exit_code == 2
    assert f"✗ server: {tmp_path}/bridge.yaml:10:23: " in result.stdout
    assert "hunter2" not in result.output
    assert not canaries.leaks(result.output)


def test_connect_with_settings_that_cannot_be_used(tmp_path: Path) -> None:
    """Nobody is asked, and that is said."""
    result = check(folder(tmp_path, directory__kind="novell"), "--connect")
    assert result.exit_code == 2
    assert "The directory was not asked" in result.stderr
