"""`robot new`, `list`, `revoke` and `schema`, as operations call them."""

import json
import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ldap_token_bridge.cli import root
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.robots import SECRET_PATTERN, load_robots, robots_schema
from ldap_token_bridge.robots.hashes import proves
from tests.support.settings_file import write_settings

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def robots(tmp_path: Path) -> Path:
    """Where the robots shall stand; nothing is there yet."""
    return tmp_path / "robots.yaml"


def run(*arguments: object) -> Result:
    """The command's outcome."""
    return CliRunner().invoke(root, ["robot", *map(str, arguments)])


def secret_in(result: Result) -> str:
    """The one secret that was shown."""
    (shown,) = re.findall(SECRET_PATTERN, result.output)
    return str(shown)


def test_a_new_robots_secret_is_shown_once_and_kept_nowhere(robots: Path) -> None:
    """The file holds its hash alone, and only its owner may read it."""
    result = run("new", "ci", "--owner", "team-a", "--days", 30, "--file", robots)
    assert result.exit_code == 0
    secret = secret_in(result)
    assert secret not in robots.read_text()
    assert stat.S_IMODE(robots.stat().st_mode) == 0o600
    (robot,) = load_robots(robots)
    assert proves(Secret(secret.encode()), robot.hashes[0])
    assert "--username 'robot+ci'" in result.stdout


def test_the_settings_say_where_the_file_is(tmp_path: Path) -> None:
    """And without the key, what to add."""
    config = write_settings(tmp_path)
    result = run("list", "-c", config)
    assert result.exit_code == 2
    assert "Add the key 'robots: robots.yaml'" in result.output
    config.write_text(config.read_text() + "\nrobots: machines.yaml\n")
    assert run("new", "ci", "--owner", "team-a", "-c", config).exit_code == 0
    assert (tmp_path / "machines.yaml").exists()


def test_a_robot_without_an_end_is_warned_about(robots: Path) -> None:
    """It is made all the same."""
    result = run("new", "ci", "--owner", "team-a", "--file", robots, "--format", "json")
    assert "Give it an end" in result.stderr
    told = json.loads(result.stdout)
    assert told["user"] == "robot+ci"
    assert re.fullmatch(SECRET_PATTERN, told["secret"])


def test_a_secret_is_changed_without_a_gap(robots: Path) -> None:
    """Two work until the older one is ended."""
    run("new", "ci", "--owner", "team-a", "--file", robots)
    fresh = secret_in(run("new", "ci", "--rotate", "--file", robots))
    assert "changing" in run("list", "--file", robots).stdout
    assert run("revoke", "ci", "--older", "--file", robots).exit_code == 0
    (robot,) = load_robots(robots)
    assert [proves(Secret(fresh.encode()), hashed) for hashed in robot.hashes] == [True]


def test_a_revoked_robot_stays_listed(robots: Path) -> None:
    """With its state, for people and for programs."""
    run("new", "ci", "--owner", "team-a", "--network", "10.20.0.0/16", "--file", robots)
    assert run("revoke", "ci", "--file", robots).exit_code == 0
    assert re.search(r"^ci +revoked +team-a", run("list", "--file", robots).stdout, re.MULTILINE)
    (listed,) = json.loads(run("list", "--file", robots, "--format", "json").stdout)["robots"]
    assert (listed["name"], listed["state"], listed["networks"]) == ("ci", "revoked", ["10.20.0.0/16"])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("new", "ci"), 2, "Name who answers for the robot"),
        (("new", "CI", "--owner", "x"), 2, "is no robot's name"),
        (("new", "ci", "--owner", "x", "--until", "2027-03-31", "--days", "3"), 2, "give one of them"),
        (
            ("new", "ci", "--owner", "x", "--network", "10.20.0.7/16"),
            2,
            "error: --network: '10.20.0.7/16' has bits set",
        ),
        (("new", "ci", "--owner", "x", "--until", "2020"), 2, "error: --until: '2020' is not a date"),
        (("new", "ci", "--rotate", "--owner", "x"), 2, "--rotate changes the secret alone"),
        (("new", "ci", "--rotate"), 2, "there is no robot 'ci'"),
        (("revoke", "ci"), 2, "there is no robot 'ci'"),
        (("list",), 2, "the robots file is not there"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(
    robots: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """No secret is shown for a robot that was not made."""
    result = run(*arguments, "--file", robots)
    assert result.exit_code == code
    assert said in result.output
    assert not re.search(SECRET_PATTERN, result.output)
    assert not robots.exists()


def test_a_broken_file_is_left_as_it_is(robots: Path) -> None:
    """The mistake is told with its place."""
    robots.write_text("version: 1\nrobots: [{name: ci}]\n")
    result = run("new", "other", "--owner", "x", "--file", robots)
    assert result.exit_code == 2
    assert f"{robots}:2:" in result.output
    assert robots.read_text() == "version: 1\nrobots: [{name: ci}]\n"


def test_the_schema_and_the_sample_are_current() -> None:
    """Mend it: ldap-token-bridge robot schema > config/robots.schema.json."""
    printed = json.loads(run("schema").stdout)
    assert printed == robots_schema()
    assert json.loads((CONFIG / "robots.schema.json").read_text()) == printed
    assert load_robots(CONFIG / "robots.yaml").by_name["ci-deployer"].networks
