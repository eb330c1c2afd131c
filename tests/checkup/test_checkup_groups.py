"""`check --connect` tells what the strategy for groups needs and cannot have."""

from typing import Any

import pytest

from ldap_token_bridge.checkup import Grade
from tests.checkup.conftest import MakeFolder, connect, of_slapd
from tests.conftest import MakeSlapd
from tests.support import sample
from tests.support.ds389 import DirectoryServer389
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd


def complaints(items: Any) -> list[str]:
    """What is said about groups."""
    return [item.what for item in items if item.topic == "groups"]


@pytest.mark.parametrize("strategy", ["auto", "member-of", "member", "posix"])
async def test_nothing_to_complain_of(make_folder: MakeFolder, slapd: Slapd, strategy: str) -> None:
    """Where the strategy fits the directory."""
    items = await connect(make_folder(of_slapd(slapd, groups={"strategy": strategy})))
    assert complaints(items) == []
    assert {item.grade for item in items} == {Grade.FINE}


async def test_member_of_that_nobody_has(make_folder: MakeFolder, make_slapd: MakeSlapd) -> None:
    """The overlay is not there: `auto` does without it, `member-of` would find no group of anyone."""
    slapd = make_slapd(member_of=False)
    path = make_folder(of_slapd(slapd, groups={"strategy": "member-of"}))
    items = await connect(path)
    (what,) = complaints(items)
    assert what.startswith("directory.groups.strategy member-of: nobody below")
    assert complaints(await connect(make_folder(of_slapd(slapd)))) == []


@pytest.mark.parametrize("strategy", ["auto", "member", "posix"])
async def test_groups_that_stand_elsewhere(make_folder: MakeFolder, make_slapd: MakeSlapd, strategy: str) -> None:
    """`groups.base` is where none are."""
    slapd = make_slapd(member_of=False)
    groups = {"strategy": strategy, "base": f"ou=People,{sample.BASE}"}
    (what,) = complaints(await connect(make_folder(of_slapd(slapd, groups=groups))))
    assert f"below ou=People,{sample.BASE}" in what


async def test_389_directory_server(make_folder: MakeFolder, ds389: DirectoryServer389) -> None:
    """Its kind's defaults fit it."""
    section = {
        "kind": "389ds",
        "servers": [ds389.url],
        "bind_dn": ds389.bind_dn,
        "tls": {"allow_plaintext": True},
    }
    items = await connect(make_folder(section))
    assert {item.grade for item in items if item.topic != "group"} == {Grade.FINE}
    assert complaints(items) == []


@pytest.mark.parametrize("strategy", ["auto", "member-of", "member", "in-chain"])
async def test_active_directory(make_folder: MakeFolder, samba: SambaDC, strategy: str) -> None:
    """An ordinary account may read what each strategy needs."""
    section = {
        "kind": "active-directory",
        "servers": [samba.ldaps_url],
        "bind_dn": samba.bind_dn,
        "tls": {"ca_file": str(samba.ca_file)},
        "groups": {"strategy": strategy},
    }
    assert complaints(await connect(make_folder(section))) == []
