"""OpenLDAP's ways to groups against a real slapd, with what goes over the wire counted."""

import pytest

from ldap_token_bridge.directory import GroupStrategy
from tests.conftest import MakeSlapd, MakeWire
from tests.support import ldif, many_groups, slapd_tree
from tests.support.real_directory import RealDirectory, names, real_directory, through
from tests.support.slapd import Slapd
from tests.support.wire import Wire

NESTED = {"Platform-Oncall": "direct", "Platform-Engineers": "nested", "Platform": "nested"}
THROUGH = {"Platform-Engineers": "Platform-Oncall", "Platform": "Platform-Engineers"}
DIRECT, ABOVE = 900, 150


async def cost(directory: RealDirectory, wire: Wire, name: str) -> list[str]:
    """What one login sends."""
    before = len(wire.seen)
    await directory.cost(name)
    return sorted(seen.operation for seen in wire.seen[before:] if seen.operation != "unbind")


@pytest.mark.parametrize(
    ("strategy", "searches"),
    # Find; memberOf is in the entry, the graph in memory; or the account and each of three levels by member.
    [("auto", 1), ("member-of", 1), ("member", 1 + 4)],
)
async def test_nested_groups(slapd: Slapd, make_wire: MakeWire, strategy: GroupStrategy, searches: int) -> None:
    """What they are, through which group, and what a login costs once the connections stand and the graph is read."""
    wire = make_wire(slapd.port)
    async with real_directory("openldap", wire.url, slapd.base, slapd.bind_dn, strategy=strategy) as directory:
        groups = await directory.groups("alice")
        assert names(groups) == NESTED
        assert through(groups) == THROUGH
        await directory.login("alice")
        assert await cost(directory, wire, "alice") == ["bind", *["search"] * searches]
        assert set(names(await directory.groups("jürgen"))) == {"Circle-A", "Circle-B", "reg-team-a-read"}
        assert names(await directory.groups("bob")) == {"Platform": "direct", "reg-team-a-write": "direct"}


async def test_member_without_the_overlay(make_slapd: MakeSlapd) -> None:
    """Where entries carry no memberOf, `auto` searches by member."""
    slapd = make_slapd(member_of=False)
    async with real_directory("openldap", slapd.url, slapd.base, slapd.bind_dn) as directory:
        groups = await directory.groups("alice")
        assert names(groups) == NESTED
        assert through(groups) == THROUGH


async def test_a_change_of_nested_groups(slapd: Slapd) -> None:
    """Shows at once where groups are not remembered; else when the graph's time is over."""
    async with (
        real_directory("openldap", slapd.url, slapd.base, slapd.bind_dn, remember=0) as fresh,
        real_directory("openldap", slapd.url, slapd.base, slapd.bind_dn, remember=60) as remembering,
    ):
        assert names(await fresh.groups("alice")) == names(await remembering.groups("alice")) == NESTED
        slapd.change(ldif.put_in(slapd.group_dn("Groups/Staff"), "member", [slapd.group_dn("Groups/Platform")]))
        assert names(await fresh.groups("alice")) == NESTED | {"Staff": "nested"}
        assert names(await remembering.groups("alice")) == NESTED


async def test_posix_groups(slapd: Slapd, make_wire: MakeWire) -> None:
    """By memberUid and gidNumber in one search, for a login in the directory after RFC 2307."""
    wire = make_wire(slapd.port)
    async with real_directory("rfc2307", wire.url, slapd.base, slapd.bind_dn) as directory:
        assert names(await directory.groups("bob")) == {"reg-team-a-write": "direct"}
        carol = await directory.groups("carol")
        assert names(carol) == {"reg-team-b-write": "primary"}
        assert carol[0].dn == slapd_tree.group_dn("Unix/reg-team-b-write")
        await directory.login("bob")
        assert await cost(directory, wire, "bob") == ["bind", "search", "search"]


async def test_someone_in_a_thousand_groups(slapd: Slapd, make_wire: MakeWire) -> None:
    """Direct and nested five deep, by memberOf and by member: every one, and the former at no cost."""
    records = []
    for name, below in many_groups.groups(DIRECT, ABOVE):
        member = slapd_tree.group_dn(f"Groups/{below}") if below else slapd.person_dn("bob")
        attributes = [("objectClass", "groupOfNames"), ("cn", name), ("member", member)]
        records.append(ldif.added(slapd_tree.group_dn(f"Groups/{name}"), attributes))
    slapd.change(*records)
    expected = {name: "nested" if below else "direct" for name, below in many_groups.groups(DIRECT, ABOVE)} | {
        "Platform": "direct",
        "reg-team-a-write": "direct",
    }
    wire = make_wire(slapd.port)
    async with real_directory("openldap", wire.url, slapd.base, slapd.bind_dn) as directory:
        groups = await directory.groups("bob")
        assert names(groups) == expected
        assert through(groups) == {name: below for name, below in many_groups.groups(DIRECT, ABOVE) if below}
        await directory.login("bob")
        assert await cost(directory, wire, "bob") == ["bind", "search"]
    async with real_directory("openldap", wire.url, slapd.base, slapd.bind_dn, strategy="member") as directory:
        assert names(await directory.groups("bob")) == expected
