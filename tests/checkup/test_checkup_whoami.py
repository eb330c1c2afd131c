"""`whoami` against real directories: who someone is, how groups were reached, what comes of a password."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ldap_token_bridge.checkup import Grade
from ldap_token_bridge.checkup.offline import check_files
from ldap_token_bridge.checkup.person import Whoami
from ldap_token_bridge.checkup.whoami import whoami
from ldap_token_bridge.identity import Refusal, Secret
from ldap_token_bridge.serve import ldap_options
from tests.checkup.conftest import MakeFolder, of_slapd
from tests.checkup.test_checkup_active_directory import of_samba, sid_of
from tests.conftest import MakeSlapd, MakeWire
from tests.support import canaries, ldif, sample
from tests.support.process import free_port
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd

POLICY = """\
version: 1
groups:
  platform: CN=Platform,OU=Groups,DC=corp,DC=example,DC=com
  staff: CN=Staff,OU=Groups,DC=corp,DC=example,DC=com
families:
  team-write: CN=reg-{team}-write,OU=Registry,DC=corp,DC=example,DC=com
allow:
  - {id: platform, who: ["group:platform", "group:staff"], repositories: ["**"], actions: [pull]}
  - {id: teams, who: ["family:team-write"], repositories: ["{team}/**"], actions: [push]}
"""


async def ask(config: Path, typed: str, password: str | None = None) -> Whoami:
    """What is found out by these settings, which must be good."""
    found = check_files(config, {}, datetime.now(UTC))
    assert found.settings is not None, found.items
    secret = None if password is None else Secret(password.encode())
    person = await whoami(found.settings, ldap_options(found.settings.directory), found.policy, typed, secret)
    assert not canaries.leaks(repr(person))
    return person


def reached(person: Whoami) -> dict[str, str]:
    """How each group was reached, by its name."""
    return {group.dn.partition(",")[0].partition("=")[2]: group.path for group in person.groups or ()}


@pytest.fixture
def openldap(make_folder: MakeFolder, slapd: Slapd) -> Path:
    """bridge.yaml for slapd with the policy above."""
    return make_folder(of_slapd(slapd), policy=POLICY)


@pytest.mark.parametrize(
    "typed", ["alice", "ALICE", "CORP\\alice", "corp.example.com\\Alice", "alice@corp.example.com"]
)
async def test_every_form_of_a_name_on_openldap(openldap: Path, slapd: Slapd, typed: str) -> None:
    """The canonical account, its DN and id, and every group with how it was reached."""
    person = await ask(openldap, typed)
    assert person.account
    assert person.account.name == "alice"
    assert person.account.dn == slapd.person_dn("alice")
    assert len(person.account.unique_id) == 36
    assert (person.sid, person.state, person.bind, person.items, person.exit_code) == ("", None, None, (), 0)
    assert reached(person) == {"Platform-Oncall": "direct", "Platform-Engineers": "nested", "Platform": "nested"}
    assert person.memberships == (("group:platform", ""),)


async def test_a_family_tells_its_word(openldap: Path) -> None:
    """What stands in the braces of the family for this person."""
    assert (await ask(openldap, "bob")).memberships == (("family:team-write", "team-a"),)


async def test_every_step_is_counted(make_folder: MakeFolder, slapd: Slapd, make_wire: MakeWire) -> None:
    """Each search and bind that went over the wire stands in one stage, and nowhere twice."""
    wire = make_wire(slapd.port)
    path = make_folder(of_slapd(slapd, servers=[wire.url], tls={"allow_plaintext": True}))
    person = await ask(path, "alice", canaries.password("alice"))
    counts = {stage.name: stage.round_trips for stage in person.stages}
    assert list(counts) == ["connect", "search", "groups", "bind"]
    assert counts["search"] == counts["bind"] == 1
    assert counts["search"] + counts["groups"] == wire.searches()
    assert wire.binds(slapd.person_dn("alice")) == 1
    assert counts["connect"] == wire.connections + wire.binds(slapd.bind_dn)
    assert all(stage.milliseconds > 0 for stage in person.stages)


async def test_nothing_is_remembered(make_folder: MakeFolder, slapd: Slapd) -> None:
    """A change in the directory shows at once."""
    path = make_folder(of_slapd(slapd), policy=POLICY)
    assert "Staff" not in reached(await ask(path, "bob"))
    slapd.join("Groups/Staff", ["bob"])
    assert "Staff" in reached(await ask(path, "bob"))


async def test_a_right_and_a_wrong_password(openldap: Path) -> None:
    """The outcome with the server's own words; the password stands nowhere."""
    right = await ask(openldap, "bob", canaries.password("bob"))
    assert right.bind
    assert (right.bind.refusal, right.bind.words, right.exit_code) == (None, "right", 0)
    wrong = await ask(openldap, "bob", "hunter2hunter2")
    assert wrong.bind
    assert (wrong.bind.refusal, wrong.exit_code) == (Refusal.WRONG_CREDENTIALS, 1)
    assert wrong.bind.said.startswith("result 49")
    assert "hunter2" not in repr(wrong)


@pytest.mark.parametrize(
    ("password", "why"), [("", "empty"), ("with\0zero", "it holds a zero byte"), ("x" * 1025, "too long")]
)
async def test_a_password_that_is_never_sent(openldap: Path, slapd: Slapd, password: str, why: str) -> None:
    """It could be none, and that is said."""
    person = await ask(openldap, "bob", password)
    assert person.bind
    assert person.bind.refusal is Refusal.WRONG_CREDENTIALS
    assert (person.bind.words, person.bind.said) == (f"not tried: {why}", "")
    assert f'BIND dn="{slapd.person_dn("bob")}"' not in slapd.log_text()


STATES = {
    "dave": Refusal.ACCOUNT_DISABLED,
    "erin": Refusal.ACCOUNT_EXPIRED,
    "frank": Refusal.MUST_CHANGE_PASSWORD,
    "henry": Refusal.ACCOUNT_LOCKED,
}


@pytest.mark.parametrize(("login", "state"), STATES.items())
async def test_the_state_of_an_account(openldap: Path, login: str, state: Refusal) -> None:
    """It is told without a password, and a right one does not help; the groups are told all the same."""
    person = await ask(openldap, login)
    assert (person.state, person.exit_code) == (state, 1)
    assert reached(person)["Staff"] == "direct"
    tried = await ask(openldap, login, canaries.password(login))
    assert tried.bind
    assert (tried.bind.refusal, tried.exit_code) == (state, 1)


@pytest.mark.parametrize("typed", ["nobody", "OTHER\\alice", "nobody@corp.example.com", "*", "a*", "alice)(uid=*"])
async def test_a_name_that_is_nobodys(openldap: Path, typed: str) -> None:
    """It says where was looked, and which keys decide on that."""
    person = await ask(openldap, typed, "some password")
    (item,) = person.items
    assert (item.topic, item.grade, person.exit_code) == ("name", Grade.FINDING, 1)
    assert sample.BASE in item.what
    assert str(item.where).startswith(f"{openldap}:")
    assert person.account is None and person.bind is None and person.groups is None


@pytest.mark.parametrize("typed", ["", " alice", "ali\nce", "<token>", "a" * 257])
async def test_a_name_that_is_no_name(openldap: Path, slapd: Slapd, typed: str) -> None:
    """The directory is not asked."""
    person = await ask(openldap, typed)
    (item,) = person.items
    assert "no account's name" in item.what
    assert person.stages == ()
    assert f'BIND dn="{slapd.bind_dn}" method=128' not in slapd.log_text()


async def test_the_name_of_a_robot(openldap: Path) -> None:
    """The directory is not asked, as at a login; and where robots are shown is said."""
    person = await ask(openldap, "robot+ci")
    (item,) = person.items
    assert "name of a robot" in item.what
    assert "robot list" in item.remedy
    assert person.exit_code == 1
    assert person.stages == ()


async def test_an_ambiguous_name(openldap: Path, slapd: Slapd) -> None:
    """Every entry that it stands for is named, to be told apart; nobody is bound."""
    shared = [ldif.replaced(slapd.person_dn(login), [("mail", "team@corp.example.com")]) for login in ("bob", "carol")]
    slapd.change(*shared, ldif.replaced(slapd.person_dn("jürgen"), [("mail", "team@corp.example.com")]))
    person = await ask(openldap, "team@corp.example.com", "some password")
    assert set(person.rivals) == {slapd.person_dn(login) for login in ("bob", "carol", "jürgen")}
    assert "several entries" in person.items[0].what
    assert (person.exit_code, person.bind, person.account) == (1, None, None)


async def test_an_account_that_two_share(openldap: Path, slapd: Slapd) -> None:
    """Found by an address of its own, and still ambiguous: the policy would take one for the other."""
    other = f"uid=alice,ou=Service,{slapd.base}"
    about = [("objectClass", "inetOrgPerson"), ("uid", "alice"), ("cn", "M"), ("sn", "M"), ("mail", "m@evil.example")]
    slapd.change(ldif.added(other, about))
    assert set((await ask(openldap, "m@evil.example")).rivals) == {slapd.person_dn("alice"), other}


async def test_a_refused_service_account(make_folder: MakeFolder, slapd: Slapd) -> None:
    """As `check --connect`: the key of bridge.yaml, the remedy, exit code 2; and the password is sent once only."""
    path = make_folder(of_slapd(slapd))
    (path.parent / "password").write_text("hunter2hunter2")
    person = await ask(path, "alice")
    (item,) = person.items
    assert item.topic == "server"
    assert str(item.where) == f"{path}:10:23"
    assert item.remedy == "Check directory.bind_dn and directory.bind_password_file."
    assert person.exit_code == 2
    assert slapd.log_text().count(f'BIND dn="{slapd.bind_dn}" method=128') == 1
    assert "hunter2" not in repr(person)


async def test_no_server_answers(make_folder: MakeFolder, slapd: Slapd) -> None:
    """A finding with the place of the server."""
    path = make_folder(of_slapd(slapd, servers=[f"ldaps://127.0.0.1:{free_port()}"]))
    person = await ask(path, "alice")
    assert person.exit_code == 1
    assert "nothing listens" in person.items[0].what
    assert str(person.items[0].where) == f"{path}:11:13"


async def test_a_base_that_is_not_there(make_folder: MakeFolder, slapd: Slapd) -> None:
    """The key with the wrong DN is named first."""
    path = make_folder(of_slapd(slapd, base="DC=corp,DC=example,DC=org"))
    person = await ask(path, "alice")
    assert person.items[0].topic == "base"
    assert str(person.items[0].where) == f"{path}:9:9"
    assert person.exit_code == 2


async def test_groups_that_cannot_be_read_whole(make_folder: MakeFolder, make_slapd: MakeSlapd) -> None:
    """Who it is and what the password does is told all the same, and the key that stands in the way."""
    slapd = make_slapd()
    path = make_folder(of_slapd(slapd, groups={"max_groups": 2}))
    person = await ask(path, "alice", canaries.password("alice"))
    assert person.account and person.groups is None
    assert person.bind and person.bind.refusal is None
    (item,) = person.items
    assert (item.topic, person.exit_code) == ("groups", 1)
    assert "max_groups" in item.what
    assert str(item.where).startswith(f"{path}:14:")


async def test_active_directory(make_folder: MakeFolder, samba: SambaDC) -> None:
    """SIDs of person and groups; direct, nested and primary groups."""
    path = make_folder(of_samba(samba), policy=POLICY)
    person = await ask(path, "CORP\\ALICE", canaries.password("alice"))
    assert person.account
    assert person.account.dn == samba.person_dn("alice")
    assert person.sid.startswith("S-1-5-21-")
    assert person.sid.rpartition("-")[0] == sid_of(samba, "Groups/Staff").rpartition("-")[0]
    groups = reached(person)
    assert groups["Domain Users"] == "primary"
    assert groups["Platform-Oncall"] == "direct"
    assert groups["Platform-Engineers"] == groups["Platform"] == "nested"
    assert all(group.sid for group in person.groups or ())
    assert person.memberships == (("group:platform", ""),)
    assert person.bind and person.bind.refusal is None
    carol = await ask(path, "carol@corp.example.com")
    assert reached(carol)["reg-team-b-write"] == "primary"
    assert carol.memberships == (("family:team-write", "team-b"),)


@pytest.mark.parametrize(("login", "state"), [*STATES.items(), ("gina", Refusal.PASSWORD_EXPIRED)])
async def test_the_state_in_active_directory(
    make_folder: MakeFolder, samba: SambaDC, login: str, state: Refusal
) -> None:
    """Told from the entry, and by the bind."""
    person = await ask(make_folder(of_samba(samba)), login, canaries.password(login))
    assert (person.state, person.exit_code) == (state, 1)
    assert person.bind
    assert person.bind.refusal is state
    assert "data " in person.bind.said
