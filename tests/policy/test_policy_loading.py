"""Files, folders, hashes, and what a loaded policy tells of itself."""

import hashlib
from pathlib import Path

import jsonschema
import pytest
import yaml

from ldap_token_bridge.errors import Misconfigured, Place
from ldap_token_bridge.policy import GroupReference, load_policy, policy_schema
from tests.support.policies import HEAD, NOW, granted, policy, team, user

SAMPLE = Path(__file__).parents[2] / "config" / "policy.yaml"
RULES = "version: 1\nallow:\n  - {id: NAME, who: ['group:platform'], repositories: [NAME], actions: [pull]}\n"


def test_a_file_and_its_hash(tmp_path: Path) -> None:
    """The hash is the beginning of the file's SHA-256, as sha256sum prints it."""
    path = tmp_path / "policy.yaml"
    path.write_text(HEAD)
    assert load_policy(path).hash == hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def test_a_folder_is_joined(tmp_path: Path) -> None:
    """Groups of one file are known in the others; hidden files and other endings are left alone."""
    (tmp_path / "b.yaml").write_text(RULES.replace("NAME", "b"))
    (tmp_path / "a.yaml").write_text(HEAD)
    (tmp_path / "c.yaml").write_text(RULES.replace("NAME", "c"))
    (tmp_path / ".hidden.yaml").write_text("no: policy")
    (tmp_path / "README.md").write_text("no policy")
    joined = load_policy(tmp_path)
    assert [rule.id for rule in joined.rules] == ["b", "c"]
    everything = b"".join((tmp_path / f"{name}.yaml").read_bytes() for name in "abc")
    assert joined.hash == hashlib.sha256(everything).hexdigest()[:12]
    assert joined.rules[0].reference.place == Place(str(tmp_path / "b.yaml"), 3, 5)


def test_names_are_unique_across_a_folder(tmp_path: Path) -> None:
    """The same group, or id, in two files is an error that names both places."""
    (tmp_path / "a.yaml").write_text(HEAD + "allow:\n  - {id: x, who: [anyone], catalog: true}\n")
    (tmp_path / "b.yaml").write_text(
        "version: 1\ngroups: {Platform: 'CN=a,DC=x'}\nallow:\n  - {id: x, who: [anyone], catalog: true}\n"
    )
    with pytest.raises(Misconfigured) as caught:
        load_policy(tmp_path)
    assert [str(problem.where) for problem in caught.value.problems] == [
        f"{tmp_path}/b.yaml:2:10",
        f"{tmp_path}/b.yaml:4:10",
    ]
    assert all(f"{tmp_path}/a.yaml:" in problem.remedy for problem in caught.value.problems)


_RENAME, _REMOVE, _MOVE = r"Rename it to end in \.yaml", "an editor's copy: remove it", "move the files up"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        *dict.fromkeys(("b.yml", "b.YAML", "b.yaml.txt"), _RENAME).items(),
        *dict.fromkeys(("b.yaml~", "#b.yaml#", "b.yaml.orig"), _REMOVE).items(),
        *dict.fromkeys(("teams/b.yaml", "b.yaml/c.yaml"), _MOVE).items(),
    ],
)
def test_a_file_that_would_be_left_out_is_an_error(tmp_path: Path, name: str, remedy: str) -> None:
    """Leaving it out in silence could leave out a deny rule; what to do with it is told."""
    (tmp_path / "a.yaml").write_text(HEAD)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(HEAD)
    with pytest.raises(Misconfigured, match=remedy):
        load_policy(tmp_path)


def test_what_is_no_policy_may_stand_beside(tmp_path: Path) -> None:
    """A page for people, a folder of pictures, and what the kubelet keeps beside a ConfigMap's files."""
    (tmp_path / "a.yaml").write_text(HEAD)
    (tmp_path / "README.md").write_text("Ask platform@corp.example.com.")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "a.yaml").write_text(HEAD)
    assert load_policy(tmp_path).hash


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """A missing file, and a folder without policies."""
    with pytest.raises(Misconfigured, match=str(tmp_path)):
        load_policy(tmp_path / name)


def test_an_unreadable_file_does_not_hide_the_others(tmp_path: Path) -> None:
    """Both files are reported."""
    (tmp_path / "a.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "b.yaml").write_text("version: 2")
    with pytest.raises(Misconfigured) as caught:
        load_policy(tmp_path)
    assert [problem.where.file for problem in caught.value.problems if problem.where] == [
        str(tmp_path / "a.yaml"),
        str(tmp_path / "b.yaml"),
    ]


def test_group_references_are_as_written() -> None:
    """For looking them up in the directory: a DN or a SID, with the place of its definition."""
    assert policy("").group_references() == (
        GroupReference("platform", "CN=Platform,OU=Groups,DC=corp,DC=example,DC=com", "", Place("policy.yaml", 3, 13)),
        GroupReference("auditors", "", "S-1-5-21-1004336348-1177238915-682003330-1131", Place("policy.yaml", 4, 13)),
    )


def test_groups_are_found_by_name_dn_and_sid() -> None:
    """For decisions without a directory; what is no group is None."""
    rules = policy("allow:\n  - {id: a, who: ['group:platform'], repositories: [x], actions: [pull]}\n")
    for text in ("platform", "PLATFORM", "cn=platform,ou=groups,dc=corp,dc=example,dc=com"):
        group = rules.group(text)
        assert group is not None
        assert granted(rules, user("x", group), "x") == {"pull"}
    sid = rules.group("S-1-5-32-544")
    assert sid is not None
    assert granted(rules, user("x", sid), "x") == set()
    assert rules.group("nobody") is None


TESTED = """\
allow:
  - {id: platform, who: ["group:platform"], repositories: ["**"], actions: [pull, push], catalog: true}
  - {id: teams, who: ["family:team-write"], repositories: ["{team}/**"], actions: [push]}
  - {id: ci, who: ["robot:ci"], networks: [10.0.0.0/8], services: [one], repositories: [x], actions: [pull]}
deny:
  - {id: freeze, why: CHG1, who: [signed-in], repositories: ["prod/**"], actions: [push], until: 2027-01-04}
  - {id: auditors, who: ["group:auditors"], repositories: ["secret/**"], actions: [pull]}
tests:
"""


@pytest.mark.parametrize(
    "test",
    [
        "{user: alice, groups: [platform], can: [push a/b, pull a/b, catalog], cannot: [delete a/b]}",
        "{user: alice, groups: [Platform, auditors], can: [pull a/b], cannot: [pull secret/b]}",
        "{user: alice, groups: ['CN=Platform,OU=Groups,DC=corp,DC=example,DC=com'], can: [pull secret/b]}",
        "{user: alice, groups: [S-1-5-21-1004336348-1177238915-682003330-1131], cannot: [pull a/b]}",
        "{user: alice, families: {team-write: [a, B]}, can: [push a/x, push b/x], cannot: [push c/x]}",
        "{user: alice, groups: [platform], at: 2027-01-04, cannot: [push prod/x]}",
        "{user: alice, groups: [platform], at: 2027-01-05, can: [push prod/x]}",
        "{robot: ci, address: 10.0.0.7, service: one, can: [pull x], cannot: [pull y]}",
        "{robot: ci, service: one, cannot: [pull x]}",
        "{robot: ci, address: 10.0.0.7, cannot: [pull x]}",
        "{workload: ci, address: 10.0.0.7, service: one, cannot: [pull x]}",
        "{anonymous: true, cannot: [pull a/b, catalog]}",
    ],
)
def test_a_test_that_holds_passes(test: str) -> None:
    """Subjects of every kind, groups in every form, addresses, services and days."""
    results = policy(f"{TESTED}  - {test}\n").run_tests(NOW)
    assert results
    assert [str(result) for result in results if not result.passed] == []


@pytest.mark.parametrize(
    ("test", "column", "text"),
    [
        (
            "{user: al, groups: [platform], cannot: [pull a/b]}",
            45,
            "al (platform) can pull a/b, but should not: granted by allow rule 'platform' (policy.yaml:10:5)",
        ),
        ("{user: al, can: [catalog]}", 22, "al cannot catalog, but should: no allow rule grants it"),
        (
            "{user: al, families: {team-write: [prod]}, can: [push prod/b]}",
            54,
            (
                "al (team-write=prod) cannot push prod/b, but should: "
                "taken away by deny rule 'freeze' (policy.yaml:14:5): CHG1"
            ),
        ),
        ("{robot: ci, can: [pull x]}", 23, "robot:ci cannot pull x, but should: no allow rule grants it"),
        (
            "{name: nobody, anonymous: true, can: [pull x]}",
            43,
            "nobody cannot pull x, but should: no allow rule grants it",
        ),
    ],
)
def test_a_test_that_fails_says_what_decided(test: str, column: int, text: str) -> None:
    """Where the expectation stands, what came out, which rule decided and why it exists."""
    (result,) = policy(f"{TESTED}  - {test}\n").run_tests(NOW)
    assert not result.passed
    assert str(result) == f"policy.yaml:17:{column}: {text}"


def test_a_test_without_a_day_takes_place_now() -> None:
    """The clock is passed in."""
    rules = policy(f"{TESTED}  - {{user: al, groups: [platform], can: [push prod/x]}}\n")
    assert [result.passed for result in rules.run_tests(NOW)] == [False]
    assert [result.passed for result in rules.run_tests(NOW.replace(year=2028))] == [True]


def test_the_sample_policy_passes_its_own_tests() -> None:
    """What people copy is sound, and every rule in it is exercised by a test."""
    sample = load_policy(SAMPLE)
    results = sample.run_tests(NOW)
    assert [str(result) for result in results if not result.passed] == []
    exercised = {reference.id for result in results for reference in result.rules}
    assert exercised == {rule.id for rule in sample.rules}
    assert granted(sample, user("alice", team("team-a")), "team-a/app") == {"pull", "push"}


def test_the_schema_accepts_the_sample_and_refuses_mistakes() -> None:
    """Editors underline what the bridge would refuse."""
    schema = policy_schema()
    sample = yaml.load(SAMPLE.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 -- text only, builds no objects
    sample["version"] = 1
    for rule in sample["allow"]:
        if "catalog" in rule:
            rule["catalog"] = True
    for test in sample["tests"]:
        if "anonymous" in test:
            test["anonymous"] = True
    jsonschema.validate(sample, schema)
    for broken in ({**sample, "version": 2}, {**sample, "alow": []}, {**sample, "allow": [{"who": ["alice"]}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
