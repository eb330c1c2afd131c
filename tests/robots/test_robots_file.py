"""robots.yaml: what it may say, and how commands change it without touching the rest."""

import json
from datetime import date
from pathlib import Path

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.robots import load_robots, new_secret, parse_robots, robots_schema
from ldap_token_bridge.robots.edit import add_robot, make_robot, revoke_robot, rotate_robot
from ldap_token_bridge.robots.hashes import hash_secret, proves

HASH = hash_secret(new_secret())
TODAY = date(2026, 11, 22)
HAND_WRITTEN = f"""\
# Ours.
version: 1
robots:
# the first one
- secrets: # two of them
  - {HASH}   # new
  - {hash_secret(new_secret())}   # old
  name: nightly
  owner: "team-b" # by mail

- name: ci-deployer   # the second
  owner: team-a
  until: 2027-03-31
  networks: [10.20.0.0/16]
  secrets:
      - {HASH}
# the end
"""


def problems_of(text: str) -> list[str]:
    """What is said of a robots file that cannot be used."""
    with pytest.raises(Misconfigured) as caught:
        parse_robots(text, "robots.yaml")
    return [str(problem) for problem in caught.value.problems]


def with_entry(**changes: object) -> str:
    """A robots file of one entry; a change to None leaves the key out."""
    entry = {"name": "ci", "owner": "team-a", "secrets": [HASH]} | changes
    return json.dumps({"version": 1, "robots": [{key: value for key, value in entry.items() if value is not None}]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (with_entry(name="CI Deployer"), "is no robot's name"),
        (with_entry(name="-ci"), "is no robot's name"),
        (with_entry(name="a" * 65), "is no robot's name"),
        (with_entry(owner=None), "'robots.0.owner' is missing"),
        (with_entry(owner=" "), "is not text"),
        (with_entry(secrets=["hunter2-hunter2"]), "no hash of a secret"),
        (with_entry(secrets=[]), "secrets"),
        (with_entry(secrets=[HASH] * 3), "secrets"),
        (with_entry(secret=HASH), "unknown key 'secret'"),
        (with_entry(networks=[]), "from nowhere"),
        (with_entry(networks=["10.20.0.1/16"]), "10.20.0.0/16"),
        (with_entry(networks=["::ffff:10.0.0.0/104"]), "Write 10.0.0.0/8"),
        ("version: 1\nrobots:\n  - name: ci\n    networks:\n", "'networks' has no value"),
        (with_entry(until="31.03.2027"), "is not a date"),
        (with_entry(until="2027-02-30"), "is not a date"),
        ('{"version": 2}', "reads version 1"),
        ('{"robots": []}', "'version' is missing"),
        ("version: 1\nrobots: &a\n", "robots.yaml:2"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(text: str, said: str) -> None:
    """Each mistake names the file and line, and what would be right."""
    (problem,) = problems_of(text)
    assert said in problem
    assert problem.startswith("robots.yaml:")


def test_what_stands_in_place_of_a_hash_is_not_repeated() -> None:
    """Someone may have written the secret itself."""
    assert "hunter2" not in "".join(problems_of(with_entry(secrets=["hunter2-hunter2"])))


def test_two_robots_with_one_name_are_refused() -> None:
    """The second one's place is told, and the first one's."""
    entry = f"  - {{name: ci, owner: x, secrets: ['{HASH}']}}\n"
    (problem,) = problems_of(f"version: 1\nrobots:\n{entry}{entry}")
    assert "robots.yaml:4:5" in problem
    assert "robots.yaml:3:5" in problem


def test_a_file_that_is_not_there_is_told() -> None:
    """No robots file is no empty one; the first robot makes it."""
    with pytest.raises(Misconfigured, match=r"(?s)is not there.*robot new"):
        load_robots(Path("nowhere/robots.yaml"))


def test_a_file_in_a_folder_that_may_not_be_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a problem as any other, and no fault of the bridge."""

    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    for name in ("stat", "open"):
        monkeypatch.setattr(Path, name, lambda path, *_, **__: refuse(path))
    with pytest.raises(Misconfigured, match="cannot be read: permission denied"):
        load_robots(tmp_path / "robots.yaml")


def test_the_hashes_of_a_robot_are_not_printed() -> None:
    """A robot may stand in a log line or an error one day."""
    (robot,) = parse_robots(with_entry(), "robots.yaml")
    assert "argon2" not in repr(robot)


def test_the_first_robot_begins_the_file() -> None:
    """With the editor's modeline, and as the sample does."""
    robot = make_robot("ci", new_secret(), owner="team-a", note="a: #b", networks=["10.0.0.0/8"], until="2027-03-31")
    text = add_robot("", "robots.yaml", robot)
    (found,) = parse_robots(text, "robots.yaml")
    assert text.startswith("# yaml-language-server: $schema=robots.schema.json\n")
    assert (found.name, found.owner, found.note, found.until) == ("ci", "team-a", "a: #b", date(2027, 3, 31))
    assert [str(network) for network in found.networks or ()] == ["10.0.0.0/8"]


def test_a_robot_is_added_behind_the_others() -> None:
    """What people wrote stays as it is, comments included."""
    robot = make_robot("third", new_secret(), owner="team-c")
    text = add_robot(HAND_WRITTEN, "robots.yaml", robot)
    assert text.startswith(HAND_WRITTEN)
    assert [each.name for each in parse_robots(text, "robots.yaml")] == ["nightly", "ci-deployer", "third"]


@pytest.mark.parametrize("empty", ["version: 1", "version: 1\nrobots: []\n", "robots: []\nversion: 1\n"])
def test_a_file_without_robots_gets_its_first(empty: str) -> None:
    """However the empty list is written."""
    text = add_robot(empty, "robots.yaml", make_robot("ci", new_secret(), owner="team-a"))
    assert [each.name for each in parse_robots(text, "robots.yaml")] == ["ci"]


def test_a_rotated_robot_has_both_secrets() -> None:
    """The new one stands first; the old one works until it is ended."""
    secret = new_secret()
    text = rotate_robot(HAND_WRITTEN, "robots.yaml", "ci-deployer", secret)
    robot = parse_robots(text, "robots.yaml").by_name["ci-deployer"]
    assert proves(secret, robot.hashes[0])
    assert robot.hashes[1:] == (HASH,)
    assert "# the end" in text
    ended = revoke_robot(text, "robots.yaml", "ci-deployer", TODAY, older=True)
    assert parse_robots(ended, "robots.yaml").by_name["ci-deployer"].hashes == robot.hashes[:1]


@pytest.mark.parametrize("name", ["nightly", "ci-deployer"])
def test_a_revoked_robot_stays_in_the_file_with_the_day(name: str) -> None:
    """Also where the first key stands behind the dash; nothing else changes."""
    text = revoke_robot(HAND_WRITTEN, "robots.yaml", name, TODAY)
    assert parse_robots(text, "robots.yaml").by_name[name].revoked == TODAY
    before, after = ([line.replace("- ", "  ") for line in whole.splitlines()] for whole in (HAND_WRITTEN, text))
    assert [line for line in after if "revoked:" not in line] == before


def test_a_form_that_cannot_be_edited_is_left_alone() -> None:
    """A file in braces is refused, and nothing is lost."""
    with pytest.raises(Misconfigured, match="nothing was changed"):
        revoke_robot(with_entry(), "robots.yaml", "ci", TODAY)


def refusal(call: object, *arguments: object, **options: object) -> str:
    """What a change is refused with."""
    assert callable(call)
    with pytest.raises(Misconfigured) as caught:
        call(*arguments, **options)
    return str(caught.value)


def test_changes_that_mean_nothing_are_refused() -> None:
    """Each with what to do instead."""
    robots = "robots.yaml"
    assert "Did you mean 'nightly'" in refusal(revoke_robot, HAND_WRITTEN, robots, "nigthly", TODAY)
    assert "two secrets already" in refusal(rotate_robot, HAND_WRITTEN, robots, "nightly", new_secret())
    assert "one secret only" in refusal(revoke_robot, HAND_WRITTEN, robots, "ci-deployer", TODAY, older=True)
    revoked = revoke_robot(HAND_WRITTEN, robots, "ci-deployer", TODAY)
    assert "revoked already" in refusal(revoke_robot, revoked, robots, "ci-deployer", TODAY)
    assert "is revoked" in refusal(rotate_robot, revoked, robots, "ci-deployer", new_secret())
    again = make_robot("ci-deployer", new_secret(), owner="team-a")
    assert "keeps its name" in refusal(add_robot, revoked, robots, again)


def test_what_a_new_robot_is_given_is_checked_as_the_file_is() -> None:
    """Every wrong value at once, named as the option is, and never the secret."""
    secret = Secret(new_secret().reveal())
    with pytest.raises(Misconfigured) as caught:
        make_robot("CI", secret, owner="x", networks=["10.0.0.1/8"], until="soon")
    said = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "name" in said
    assert "--network: " in said
    assert "--until: " in said
    assert "argon2" not in said


def test_the_schema_knows_every_key() -> None:
    """Editors complete the file with it."""
    (entry,) = [robots_schema()["properties"]["robots"]["items"]]
    assert set(entry["properties"]) == {"name", "secrets", "owner", "note", "networks", "until", "revoked"}
    assert entry["required"] == ["name", "secrets", "owner"]
