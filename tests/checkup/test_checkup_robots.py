"""What the check-up tells of robots: the file, those who end soon, and those whom the policy names in vain."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ldap_token_bridge.checkup import Grade, Item, exit_code
from ldap_token_bridge.checkup.offline import check_files
from ldap_token_bridge.robots import new_secret
from ldap_token_bridge.robots.edit import add_robot, make_robot, revoke_robot
from tests.checkup.conftest import MakeFolder
from tests.checkup.test_checkup_files import DIRECTORY

NOW = datetime.now(UTC)
POLICY = """\
version: 1
allow:
  - {id: ci, who: ["robot:ci-deployer"], repositories: ["a/**"], actions: [pull]}
"""


def about_robots(config: Path) -> list[Item]:
    """The items about robots, and that no other item is bad."""
    items = check_files(config, {}, NOW).items
    assert all(item.grade is Grade.FINE for item in items if item.topic != "robots")
    return [item for item in items if item.topic == "robots"]


def with_robots(make_folder: MakeFolder, text: str) -> Path:
    """A folder with this robots file."""
    config = make_folder(DIRECTORY, policy=POLICY)
    config.write_text(config.read_text() + "robots: robots.yaml\n")
    (config.parent / "robots.yaml").write_text(text)
    return config


def robots_file(name: str, days: int) -> str:
    """One robot that ends in so many days."""
    until = str((NOW + timedelta(days=days)).date())
    return add_robot("", "robots.yaml", make_robot(name, new_secret(), owner="team-a", until=until))


def test_robots_that_are_fine(make_folder: MakeFolder) -> None:
    """One line with their number."""
    (item,) = about_robots(with_robots(make_folder, robots_file("ci-deployer", 100)))
    assert item.grade is Grade.FINE
    assert item.what.endswith("robots: 1")


def test_before_the_first_robot(make_folder: MakeFolder) -> None:
    """The settings name a file that nobody has made: the command that makes it is named."""
    config = with_robots(make_folder, "")
    (config.parent / "robots.yaml").unlink()
    (item,) = about_robots(config)
    assert item.grade is Grade.UNUSABLE
    assert "robot new NAME" in item.remedy


def test_a_robot_near_its_end_is_told(make_folder: MakeFolder) -> None:
    """With whom to ask; and one whose end is over, too."""
    for days, said in ((14, "ends soon"), (-1, "has ended")):
        _, item = about_robots(with_robots(make_folder, robots_file("ci-deployer", days)))
        assert said in item.what
        assert "team-a" in item.remedy
        assert item.where is not None
        assert item.where.line > 1


def test_a_robot_that_does_not_exist_is_told(make_folder: MakeFolder) -> None:
    """With the name that was meant; a revoked one does not count."""
    _, item = about_robots(with_robots(make_folder, robots_file("ci-deployr", 100)))
    assert item.grade is Grade.WARNING
    assert "Did you mean 'ci-deployr'?" in item.remedy
    revoked = revoke_robot(robots_file("ci-deployer", 100), "robots.yaml", "ci-deployer", NOW.date())
    _, item = about_robots(with_robots(make_folder, revoked))
    assert "none of that name" in item.what


def test_a_policy_with_robots_and_settings_without(make_folder: MakeFolder) -> None:
    """The rule holds for nobody."""
    (item,) = about_robots(make_folder(DIRECTORY, policy=POLICY))
    assert "robot new" in item.remedy


def test_a_file_that_cannot_be_used_stops_the_start(make_folder: MakeFolder) -> None:
    """As `serve` refuses to start with it."""
    items = about_robots(with_robots(make_folder, "version: 1\nrobots: [{}]\n"))
    assert exit_code(items) == 2
    assert any("owner" in item.what for item in items)
