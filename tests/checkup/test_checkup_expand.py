"""Everybody behind an answer of `who-can`, from real directories of different kinds."""

from datetime import UTC, datetime
from pathlib import Path

from ldap_token_bridge.checkup.expand import Expansion, expand
from ldap_token_bridge.checkup.offline import check_files
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.policy import Question
from ldap_token_bridge.policy.who_can import who_can
from ldap_token_bridge.registry import Access
from ldap_token_bridge.serve import ldap_options
from tests.checkup.conftest import MakeFolder, of_slapd
from tests.checkup.test_checkup_active_directory import of_samba, sid_of
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd

POLICY = """\
version: 1
groups:
  platform: CN=Platform,OU=Groups,DC=corp,DC=example,DC=com
  lookalikes: CN=Platform,OU=Lookalikes,DC=corp,DC=example,DC=com
  circle: CN=Circle-B,OU=Groups,DC=corp,DC=example,DC=com
  staff: {staff}
families:
  team: CN=reg-{{team}}-write,OU={unit},DC=corp,DC=example,DC=com
allow:
  - {{id: platform, who: ["group:platform"], repositories: ["**"], actions: [pull]}}
  - {{id: teams, who: ["family:team"], repositories: ["{{team}}/**", shared], actions: [pull]}}
  - {{id: circle, who: ["group:circle"], repositories: [circle], actions: [pull]}}
  - {{id: staff, who: ["group:staff", "robot:ci", "user:bob"], repositories: [s], actions: [pull]}}
deny:
  - {{id: not-they, who: ["group:lookalikes"], repositories: ["team-a/**"], actions: [pull]}}
"""
STAFF = "CN=Staff,OU=Groups,DC=corp,DC=example,DC=com"


async def people(config: Path, name: str, limit: int = 100) -> Expansion:
    """Who is meant by the rules for pulling that repository; progress must reach its end."""
    found = check_files(config, {}, datetime.now(UTC))
    assert found.settings and found.policy, found.items
    access = Access("repository", name, ("pull",))
    answer = who_can(found.policy, access, datetime.now(UTC).date())
    question = Question(None, (access,), "", None, datetime.now(UTC))
    steps: list[tuple[int, int]] = []
    options = ldap_options(found.settings.directory)
    out = await expand(
        found.settings, options, found.policy, answer, question, limit, lambda done, total: steps.append((done, total))
    )
    assert steps[-1][0] == steps[-1][1] <= limit
    return out


def names(found: Expansion) -> dict[str, bool]:
    """Who is granted it, by account."""
    return {each.subject.name: each.granted for each in found.candidates}


async def test_active_directory(make_folder: MakeFolder, samba: SambaDC) -> None:
    """Nested, by primary group, in a circle of groups, and in a group that the policy names by its SID."""
    staff = sid_of(samba, "Groups/Staff")
    config = make_folder(of_samba(samba), policy=POLICY.format(staff=staff, unit="Registry"))
    assert names(await people(config, "team-b/x")) == {"alice": True, "carol": True}
    assert names(await people(config, "team-a/x")) == {"alice": True, "bob": False}
    assert names(await people(config, "shared")) == {"alice": True, "bob": True, "carol": True}
    assert "jürgen" in names(await people(config, "circle"))
    found = await people(config, "s")
    assert {"dave", "henry", "bob", "ci"} < set(names(found))
    assert {each.state for each in found.candidates if each.subject.name == "dave"} == {Refusal.ACCOUNT_DISABLED}


async def test_openldap_in_a_circle(make_folder: MakeFolder, slapd: Slapd) -> None:
    """Two groups that hold each other come to an end."""
    config = make_folder(of_slapd(slapd), policy=POLICY.format(staff=STAFF, unit="Registry"))
    assert names(await people(config, "circle")) == {"alice": True, "jürgen": True}


async def test_posix_groups(make_folder: MakeFolder, slapd: Slapd) -> None:
    """By login name, and by the number in the account's entry."""
    config = make_folder(of_slapd(slapd, kind="rfc2307"), policy=POLICY.format(staff=STAFF, unit="Unix"))
    assert names(await people(config, "team-a/x")) == {"bob": True}
    assert names(await people(config, "team-b/x")) == {"carol": True}
    assert names(await people(config, "shared")) == {"bob": True, "carol": True}


async def test_the_bound_counts_what_is_left_over(make_folder: MakeFolder, slapd: Slapd) -> None:
    """The first by name are looked up."""
    config = make_folder(of_slapd(slapd), policy=POLICY.format(staff=STAFF, unit="Registry"))
    found = await people(config, "shared", limit=2)
    assert (list(names(found)), found.more) == (["alice", "bob"], 1)


async def test_everybody_is_not_listed(make_folder: MakeFolder, slapd: Slapd) -> None:
    """The term is named instead."""
    policy = POLICY.format(staff=STAFF, unit="Registry").replace('["group:circle"]', "[signed-in]")
    found = await people(make_folder(of_slapd(slapd), policy=policy), "circle")
    assert (names(found), list(found.unlisted)) == ({"alice": True}, ["signed-in"])
