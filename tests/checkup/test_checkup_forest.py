"""`check --connect` and `whoami` with a global catalog: Samba's own, as far as one domain goes, and one of tables."""

from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade, exit_code
from ldap_token_bridge.identity import Refusal
from tests.checkup.conftest import MakeFolder, connect
from tests.checkup.test_checkup_active_directory import sid_of
from tests.checkup.test_checkup_whoami import ask, reached
from tests.support import canaries, sample
from tests.support.process import free_port
from tests.support.samba import SambaDC
from tests.support.two_domains import ASIA, CORP, EMEA, SERVICE, ForestRoom, dn, forest, principal


def of_catalog(samba: SambaDC, **changes: Any) -> dict[str, Any]:
    """The `directory` section for Samba as a forest of one domain."""
    return {
        "kind": "active-directory",
        "global_catalog": [samba.global_catalog_url],
        "domains": {sample.DOMAIN: [samba.ldaps_url]},
        "bind_dn": f"{sample.SERVICE_ACCOUNT}@{sample.DOMAIN}",
        "tls": {"ca_file": str(samba.ca_file)},
        **changes,
    }


async def test_a_good_forest(make_folder: MakeFolder, samba: SambaDC) -> None:
    """The catalog and each domain's servers are signed in to; the policy's groups are found in the catalog."""
    items = await connect(make_folder(of_catalog(samba)))
    assert exit_code(items) == 0, items
    assert [item.what.split(": ")[0] for item in items if item.topic == "server"] == [
        samba.global_catalog_url,
        samba.ldaps_url,
    ]
    assert [item.topic for item in items[2:]] == ["base", "base", "people", "lockout", "group"]


async def test_a_domain_whose_servers_are_down(make_folder: MakeFolder, samba: SambaDC) -> None:
    """It is told with the key that names it."""
    path = make_folder(of_catalog(samba, domains={sample.DOMAIN: [f"ldaps://127.0.0.1:{free_port()}"]}))
    items = await connect(path)
    down = next(item for item in items if item.topic == "server" and item.grade is not Grade.FINE)
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if text.startswith("  domains:"))
    assert str(down.where).startswith(f"{path}:{line}:")


async def test_servers_of_another_domain(make_folder: MakeFolder, samba: SambaDC) -> None:
    """What they serve is told apart from what they should: its people could never log in."""
    items = await connect(make_folder(of_catalog(samba, domains={"emea.corp.example.com": [samba.ldaps_url]})))
    bad = next(item for item in items if item.grade is not Grade.FINE)
    assert bad.what.startswith("directory.domains.emea.corp.example.com: there is no DC=emea,DC=corp,DC=example,DC=com")
    assert exit_code(items) == 2


async def test_a_refused_service_account_is_shown_once(make_folder: MakeFolder, samba: SambaDC) -> None:
    """Or a wrong password in bridge.yaml would be counted once more for every domain."""
    path = make_folder(of_catalog(samba, bind_dn=f"bob@{sample.DOMAIN}"))
    (path.parent / "password").write_text("wrong")
    before = samba.bad_passwords("bob")
    items = await connect(path)
    assert [item.topic for item in items] == ["server"]
    assert samba.bad_passwords("bob") == before + 1


@pytest.mark.parametrize("typed", ["alice", "CORP\\Alice", "alice@corp.example.com", "corp.example.com\\alice"])
async def test_who_someone_is(make_folder: MakeFolder, samba: SambaDC, typed: str) -> None:
    """Found in the catalog, read and bound in the domain, with every group's name."""
    person = await ask(make_folder(of_catalog(samba)), typed, canaries.password("alice"))
    assert person.account
    assert person.account.dn == samba.person_dn("alice")
    assert (person.state, person.exit_code, person.items) == (None, 0, ())
    assert person.bind
    assert person.bind.refusal is None
    assert reached(person) == {
        "Platform-Oncall": "direct",
        "Platform-Engineers": "nested",
        "Platform": "nested",
        "Domain Users": "primary",
        "Users": "nested",
    }
    assert next(group.sid for group in person.groups or () if group.dn == samba.group_dn("Groups/Platform")) == sid_of(
        samba, "Groups/Platform"
    )


@pytest.mark.parametrize(
    ("login", "state"),
    [
        ("dave", Refusal.ACCOUNT_DISABLED),
        ("erin", Refusal.ACCOUNT_EXPIRED),
        ("frank", Refusal.MUST_CHANGE_PASSWORD),
        ("gina", Refusal.PASSWORD_EXPIRED),
        ("henry", Refusal.ACCOUNT_LOCKED),
    ],
)
async def test_the_state_of_an_account(make_folder: MakeFolder, samba: SambaDC, login: str, state: Refusal) -> None:
    """As its own domain tells it."""
    assert (await ask(make_folder(of_catalog(samba)), login)).state is state


async def test_a_domain_that_is_not_served(make_folder: MakeFolder, samba: SambaDC) -> None:
    """The entry and the key are named."""
    domains = {"emea.corp.example.com": [samba.ldaps_url]}
    person = await ask(make_folder(of_catalog(samba, domains=domains)), "alice")
    (item,) = person.items
    assert item.what == (
        f"{samba.person_dn('alice')} is in a domain that directory.domains does not name, so it lets nobody in"
    )
    assert person.account is None
    assert person.exit_code == 1


def of_tables(make_folder: MakeFolder, room: ForestRoom) -> Path:
    """bridge.yaml for the forest of two domains."""
    urls = {role: url for url, role in room.servers.items()}
    section = {
        "kind": "active-directory",
        "global_catalog": [urls["catalog"]],
        "domains": {domain: [urls[domain]] for domain in (CORP, EMEA)},
        "bind_dn": SERVICE,
        "tls": {"allow_plaintext": True},
    }
    path = make_folder(section)
    (path.parent / "password").write_text(canaries.password(SERVICE))
    return path


async def test_two_domains_are_checked(make_folder: MakeFolder) -> None:
    """Every server of both; tokenGroups is tried where the person found first is at home, not in the catalog."""
    async with forest() as room:
        path = of_tables(make_folder, room)
        items = await connect(path)
        path.write_text(
            path.read_text().replace("token:\n", "token:\n  refresh: {enabled: true, key_file: refresh-keys}\n")
        )
        with_refresh = await connect(path)
        servers = [room.servers[item.what.split(": ")[0]] for item in items if item.topic == "server"]
    assert servers == ["catalog", CORP, EMEA]
    assert all(item.grade is Grade.FINE for item in items if item.topic != "group"), items
    assert "groups" not in [item.topic for item in items]
    assert "a changed password ends refresh tokens, by pwdLastSet" in [item.what for item in with_refresh]


async def test_who_people_of_two_domains_are(make_folder: MakeFolder) -> None:
    """One of either, one of a domain that is not served, and a name that two have."""
    async with forest() as room:
        path = of_tables(make_folder, room)
        eve = await ask(path, "EUROPE\\eve", canaries.password(principal("eve", EMEA)))
        alice = await ask(path, "alice")
        akira = await ask(path, f"akira@{ASIA}")
    assert eve.account
    assert (eve.account.dn, eve.exit_code) == (dn("eve", EMEA), 0)
    assert {"Platform", "Local", "Domain Users"} < set(reached(eve))
    assert sorted(alice.rivals) == sorted(dn("alice", domain) for domain in (CORP, EMEA))
    assert alice.exit_code == akira.exit_code == 1
