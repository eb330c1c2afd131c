"""`check --connect` against a real OpenLDAP: each trouble is told apart, with the key of bridge.yaml to mend."""

from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade, Item, exit_code, live
from ldap_token_bridge.ldap import LdapClient
from tests.checkup.conftest import POLICY, MakeFolder, connect, of_slapd
from tests.conftest import MakeSlapd
from tests.support import canaries, slapd_tree
from tests.support.certificates import Authority
from tests.support.process import free_port
from tests.support.slapd import Slapd

# What follows bridge.yaml in a place: the line and column of the key's value.
BASE, PASSWORD, SERVERS, CA_FILE = "9:9", "10:23", "11:13", "13:20"


def only(items: tuple[Item, ...], topic: str) -> Item:
    """The one item on a topic."""
    (item,) = (item for item in items if item.topic == topic)
    return item


async def test_a_directory_that_is_fine(make_folder: MakeFolder, slapd: Slapd) -> None:
    """Servers, base, people and every group of the policy have a line each, none with a remedy."""
    items = await connect(make_folder(of_slapd(slapd)))
    assert [item.topic for item in items] == ["server", "base", "people", "lockout", "lockout", "group"]
    assert {item.grade for item in items} == {Grade.FINE}
    assert not any(item.remedy for item in items)
    assert exit_code(items) == 0


async def test_start_tls(make_folder: MakeFolder, slapd: Slapd) -> None:
    """The same over StartTLS."""
    tls = {"ca_file": str(slapd.ca_file), "start_tls": True}
    items = await connect(make_folder(of_slapd(slapd, servers=[slapd.url], tls=tls)))
    assert exit_code(items) == 0, items


async def test_a_wrong_service_password(make_folder: MakeFolder, slapd: Slapd) -> None:
    """It is the password's key that is named, nothing that follows from it is complained about, and it is not shown."""
    path = make_folder(of_slapd(slapd))
    (path.parent / "password").write_text("hunter2hunter2")
    (item,) = await connect(path)
    assert str(item.where) == f"{path}:{PASSWORD}"
    assert item.what == (
        f"{slapd.ldaps_url}: the service account is refused: 49 invalidCredentials;"
        " the password is wrong, or there is no such account"
    )
    assert item.remedy == "Check directory.bind_dn and directory.bind_password_file."
    assert exit_code([item]) == 2
    assert "hunter2" not in repr(item)


async def test_a_service_password_that_an_administrator_has_reset(make_folder: MakeFolder, slapd: Slapd) -> None:
    """OpenLDAP takes it at the bind and refuses every search: the bridge would start, and nobody could log in."""
    path = make_folder(of_slapd(slapd, bind_dn=slapd_tree.person_dn("frank")))
    (path.parent / "password").write_text(canaries.password("frank"))
    (item,) = await connect(path)
    assert item.what == (
        f"{slapd.ldaps_url}: the service account is refused: 50 insufficientAccessRights"
        " (its password must be changed first)"
    )
    assert str(item.where) == f"{path}:12:12"
    assert exit_code([item]) == 2


async def test_a_wrong_password_is_shown_to_one_server_only(make_folder: MakeFolder, slapd: Slapd) -> None:
    """All servers ask one directory: a wrong password on each of them would lock the account."""
    servers = [slapd.ldaps_url, f"ldaps://localhost:{slapd.tls_port}"]
    path = make_folder(of_slapd(slapd, servers=servers))
    (path.parent / "password").write_text("hunter2hunter2")
    items = await connect(path)
    assert [item.grade for item in items] == [Grade.UNUSABLE, Grade.UNUSABLE]
    assert slapd.log_text().count(f'BIND dn="{slapd.bind_dn}" method=128') == 1


async def test_a_certificate_of_another_authority(make_folder: MakeFolder, slapd: Slapd, tmp_path: Path) -> None:
    """The file of trusted authorities is named, and its key."""
    other = Authority(tmp_path / "other", "Another CA").ca_file
    path = make_folder(of_slapd(slapd, tls={"ca_file": str(other)}))
    (item,) = await connect(path)
    assert str(item.where) == f"{path}:{CA_FILE}"
    assert "is not signed by a trusted authority" in item.what
    assert item.what.endswith(f"trusted are the authorities in {other}")
    assert "ca_file" in item.remedy
    assert item.grade is Grade.UNUSABLE


async def test_a_certificate_for_another_name(
    make_folder: MakeFolder, make_slapd: MakeSlapd, authority: Authority
) -> None:
    """The names that the certificate is for are told, so that one of them can be written."""
    slapd = make_slapd(certificate=authority.issue("elsewhere", ["ldap.example.com", "192.0.2.7"]))
    path = make_folder(of_slapd(slapd))
    (item,) = await connect(path)
    assert str(item.where) == f"{path}:{SERVERS}"
    assert "the server's certificate is for another name" in item.what
    assert item.what.endswith("it is for ldap.example.com, 192.0.2.7")
    assert item.grade is Grade.UNUSABLE


async def test_an_expired_certificate(make_folder: MakeFolder, make_slapd: MakeSlapd, authority: Authority) -> None:
    """It is told from an untrusted one."""
    slapd = make_slapd(certificate=authority.issue("old", ["127.0.0.1"], days=-1))
    path = make_folder(of_slapd(slapd))
    (item,) = await connect(path)
    assert "expired" in item.what
    assert item.remedy == "Renew the server's certificate."
    assert item.grade is Grade.UNUSABLE


async def test_the_wrong_port(make_folder: MakeFolder, slapd: Slapd) -> None:
    """TLS to the plain port, StartTLS to the one for TLS: the remedy says which port speaks what."""
    tls = {"ca_file": str(slapd.ca_file), "start_tls": True}
    for changes in (
        {"servers": [f"ldaps://127.0.0.1:{slapd.port}"]},
        {"servers": [f"ldap://127.0.0.1:{slapd.tls_port}"], "tls": tls},
    ):
        path = make_folder(of_slapd(slapd, **changes))
        (item,) = await connect(path)
        assert str(item.where) == f"{path}:{SERVERS}"
        assert "ldaps:// speaks TLS from the first byte, usually on 636" in item.remedy
        assert exit_code([item]) == 1


async def test_nothing_listens(make_folder: MakeFolder, slapd: Slapd) -> None:
    """A server that is down is a finding; with another one that works the check-up goes on."""
    servers = [f"ldaps://127.0.0.1:{free_port()}", slapd.ldaps_url]
    path = make_folder(of_slapd(slapd, servers=servers))
    items = await connect(path)
    down, *others = items
    assert str(down.where) == f"{path}:{SERVERS}"
    assert "nothing listens" in down.what
    assert down.grade is Grade.FINDING
    assert [item.topic for item in others] == ["server", "base", "people", "lockout", "lockout", "group"]
    assert {item.grade for item in others} == {Grade.FINE}
    assert exit_code(items) == 1


async def test_a_name_that_does_not_resolve(make_folder: MakeFolder, slapd: Slapd) -> None:
    """The reserved name that never exists (RFC 6761 section 6.4)."""
    (item,) = await connect(make_folder(of_slapd(slapd, servers=["ldaps://dc1.invalid"])))
    assert "dc1.invalid cannot be resolved" in item.what
    assert item.grade is Grade.FINDING


async def test_a_base_that_does_not_exist(make_folder: MakeFolder, slapd: Slapd) -> None:
    """Each base has its own line; people are not searched for below a base that is not there."""
    changes: dict[str, Any] = {
        "base": "DC=corp,DC=example,DC=org",
        "users": {"base": "OU=Poeple,DC=corp,DC=example,DC=com"},
    }
    path = make_folder(of_slapd(slapd, **changes))
    items = await connect(path)
    base, users = (item for item in items if item.topic == "base")
    assert str(base.where) == f"{path}:{BASE}"
    assert base.what.startswith("directory.base: there is no DC=corp,DC=example,DC=org")
    assert users.what.startswith("directory.users.base: there is no OU=Poeple,DC=corp,DC=example,DC=com")
    assert base.remedy == users.remedy == "Correct the DN, or let the service account read there."
    assert not [item for item in items if item.topic == "people"]
    assert exit_code(items) == 2


async def test_a_group_that_does_not_exist(make_folder: MakeFolder, slapd: Slapd) -> None:
    """The place is the group's in the policy; the other group is fine."""
    policy = POLICY.replace("allow:", "  staff: CN=Stuff,OU=Groups,DC=corp,DC=example,DC=com\nallow:")
    path = make_folder(of_slapd(slapd), policy=policy)
    items = await connect(path)
    good, bad = (item for item in items if item.topic == "group")
    assert good.grade is Grade.FINE
    assert str(bad.where) == f"{path.parent / 'policy.yaml'}:4:10"
    assert bad.what.startswith("group staff: there is no CN=Stuff,OU=Groups,DC=corp,DC=example,DC=com")
    assert bad.remedy == "Correct it in the policy; until then its rules match nobody."
    assert exit_code(items) == 1


async def test_a_group_that_stands_elsewhere(make_folder: MakeFolder, slapd: Slapd) -> None:
    """One that was moved, or written with the wrong unit: the DN of the one of that name is told, and never taken."""
    policy = POLICY.replace("allow:", "  staff: CN=Staff,OU=Gruops,DC=corp,DC=example,DC=com\nallow:")
    items = await connect(make_folder(of_slapd(slapd), policy=policy))
    bad = next(item for item in items if item.topic == "group" and item.grade is Grade.FINDING)
    assert "cn=staff,ou=groups,dc=corp,dc=example,dc=com. correct it" in bad.remedy.lower()
    assert bad.remedy.startswith("Of that name there is ")


async def test_many_groups_are_looked_up_together(
    make_folder: MakeFolder, slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty at a time, and told in the order of the policy: one by one, 2,000 at 30 ms each would take a minute."""
    names = [f"g{number}" for number in range(120)]
    groups = "".join(f"  {name}: CN={name},OU=Groups,DC=corp,DC=example,DC=com\n" for name in names)
    path = make_folder(of_slapd(slapd), policy=POLICY.replace("allow:", f"{groups}allow:"))
    under_way: list[int] = [0]
    exists = live._Checkup._exists

    async def counted(checkup: live._Checkup, dn: str, client: LdapClient) -> bool:
        under_way.append(under_way[-1] + 1)
        try:
            return await exists(checkup, dn, client)
        finally:
            under_way.append(under_way[-1] - 1)

    monkeypatch.setattr(live._Checkup, "_exists", counted)
    found = [item for item in await connect(path) if item.topic == "group"]
    assert [item.what.split(":")[0] for item in found] == [f"group {name}" for name in ("platform", *names)]
    assert max(under_way) == 50


@pytest.mark.parametrize(
    "users",
    [
        {"filter": "(objectClass=inetOrgPersons)"},
        {"account": "employeeNumber"},
        {"base": "OU=Groups,DC=corp,DC=example,DC=com"},
    ],
)
async def test_nobody_is_found(make_folder: MakeFolder, slapd: Slapd, users: dict[str, str]) -> None:
    """A filter, attribute or base by which nobody could ever log in."""
    path = make_folder(of_slapd(slapd, users=users))
    item = only(await connect(path), "people")
    assert item.grade is Grade.FINDING
    assert item.what.startswith("nobody below ")
    assert str(item.where).startswith(f"{path}:14:")


async def test_no_password_is_shown(make_folder: MakeFolder, slapd: Slapd) -> None:
    """Whatever is found, the service account's password is in none of it."""
    path = make_folder(of_slapd(slapd, base="DC=nowhere", bind_dn="CN=nobody,DC=corp,DC=example,DC=com"))
    assert not canaries.leaks(repr(await connect(path)))
