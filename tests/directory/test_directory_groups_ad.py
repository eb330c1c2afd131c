"""Groups of Active Directory from a table: identifiers, the primary group, long lists, and the rule in chain."""

from dataclasses import replace

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import GroupMemory, GroupStrategy
from ldap_token_bridge.directory.groups import GroupReader
from ldap_token_bridge.errors import Unavailable
from tests.support.counting_directory import Clock
from tests.support.ldap_room import soon
from tests.support.table_directory import (
    ALICE,
    PRIMARY,
    PRIMARY_SID,
    Row,
    TableClient,
    dn,
    options,
    paths,
    read,
    reader,
    vias,
)

PERSON = replace(ALICE, primary_group=PRIMARY_SID, member_of=(dn("a"),))
TABLE = {
    PRIMARY: Row(sid=PRIMARY_SID),
    dn("a"): Row([ALICE.account.dn], "S-1-5-21-1-1101"),
    dn("b"): Row([dn("a")], "S-1-5-21-1-1102"),
    dn("c"): Row([dn("b")], "S-1-5-21-1-1103"),
    dn("above-primary"): Row([PRIMARY], "S-1-5-21-1-1104"),
}
SIDS = [row.sid for row in TABLE.values()]
EVERYTHING = {
    PRIMARY: "primary",
    dn("a"): "direct",
    dn("b"): "nested",
    dn("c"): "nested",
    dn("above-primary"): "nested",
}
FOREIGN = "S-1-5-21-9-1200"


@pytest.mark.parametrize(
    ("strategy", "round_trips"), [("token-groups", 2), ("in-chain", 2), ("member", 2 + 3), ("member-of", 2 + 2)]
)
async def test_every_strategy_finds_the_same(strategy: GroupStrategy, round_trips: int) -> None:
    """Nested groups, the primary group and what holds it, each with its SID and the group it was reached through."""
    client = TableClient(TABLE, SIDS)
    groups = await read(client, PERSON, kind="active-directory", strategy=strategy)
    assert paths(groups) == EVERYTHING
    assert vias(groups) == {dn("b"): dn("a"), dn("c"): dn("b"), dn("above-primary"): PRIMARY}
    assert {group.sid for group in groups} == set(SIDS)
    assert len(client.requests) == round_trips


async def test_token_groups_of_another_domain() -> None:
    """A SID without an entry keeps its SID; spellings of a DN are one group."""
    person = replace(PERSON, member_of=(dn("A").lower(),))
    groups = await read(TableClient(TABLE, [*SIDS, FOREIGN]), person, kind="active-directory")
    assert paths(groups) == EVERYTHING | {FOREIGN: "nested"}


async def test_groups_behind_sids_are_remembered() -> None:
    """Those without an entry, too: the second person costs one search."""
    client = TableClient(TABLE, [*SIDS, FOREIGN])
    known = reader(client, "active-directory")
    first, second = [await known.groups_of(PERSON, Deadline.after(5)) for _ in range(2)]
    assert first == second
    assert len(client.requests) == 3


async def test_groups_that_were_learnt_cost_nothing() -> None:
    """Those of the policy, by DN and by SID, and those that nearly everyone is in: tokenGroups alone is asked."""
    users = "S-1-5-32-545"
    table = TABLE | {dn("Users"): Row([PRIMARY], users)}
    client = TableClient(table, [*SIDS, users])
    known = reader(client, "active-directory")
    await known.learn([dn("a"), dn("gone")], [table[dn(name)].sid for name in ("b", "c", "above-primary")], soon())
    client.requests.clear()
    groups = await known.groups_of(PERSON, soon())
    assert [request.attributes for request in client.requests] == [("tokenGroups",)]
    assert paths(groups) == EVERYTHING | {dn("Users"): "nested"}
    assert groups == await read(client, PERSON, kind="active-directory")


async def test_what_was_learnt_is_forgotten_in_time() -> None:
    """A group that was made anew has another SID, one that was renamed another DN: as for all that is remembered."""
    client, clock = TableClient(dict(TABLE), SIDS), Clock()
    known = GroupReader(client, options("active-directory"), GroupMemory(100, 60, clock))
    await known.learn([dn("a"), dn("b"), dn("c"), dn("above-primary")], [], soon())
    client.table = {name: row for name, row in TABLE.items() if name != dn("b")} | {dn("renamed"): TABLE[dn("b")]}
    assert dn("b") in paths(await known.groups_of(PERSON, soon()))
    clock.now += 61
    assert {dn("b"), dn("renamed")} & set(paths(await known.groups_of(PERSON, soon()))) == {dn("renamed")}


async def test_nothing_is_learnt_where_groups_have_no_sids() -> None:
    """OpenLDAP is not asked for what nobody would use."""
    client = TableClient(TABLE)
    await reader(client).learn([dn("a")], [], soon())
    assert not client.requests


async def test_many_sids_are_asked_for_in_parts() -> None:
    """Servers bound the size of a filter."""
    tokens = [f"S-1-5-21-1-{number}" for number in range(1000, 1450)]
    client = TableClient({}, tokens)
    assert len(await read(client, kind="active-directory")) == 450
    assert len(client.requests) == 1 + 3


async def test_token_groups_that_cannot_be_read_are_an_error() -> None:
    """Every account has a primary group, so none at all means that the service account may not see them."""
    with pytest.raises(Unavailable, match="tokenGroups"):
        await read(TableClient(TABLE), PERSON, kind="active-directory")


@pytest.mark.parametrize("strategy", ["member", "member-of", "in-chain"])
async def test_a_primary_group_that_cannot_be_read_is_an_error(strategy: GroupStrategy) -> None:
    """It would be missing, and with it what holds it."""
    with pytest.raises(Unavailable, match="primaryGroupID"):
        await read(TableClient(TABLE), replace(PERSON, primary_group=""), kind="active-directory", strategy=strategy)


@pytest.mark.parametrize("strategy", ["member", "member-of", "in-chain"])
async def test_a_primary_group_without_an_entry_keeps_its_sid(strategy: GroupStrategy) -> None:
    """So that a policy can tell that there is a group whose name it does not know."""
    table = {name: row for name, row in TABLE.items() if name != PRIMARY}
    groups = await read(TableClient(table), PERSON, kind="active-directory", strategy=strategy)
    assert paths(groups)[PRIMARY_SID] == "primary"
    assert len(groups) == 4


@pytest.mark.parametrize("strategy", ["member-of", "in-chain"])
async def test_a_long_member_of_is_read_to_the_end(strategy: GroupStrategy) -> None:
    """Active Directory gives 1,500 values at once; the rest is asked for by number."""
    many = {dn(f"g{number}"): Row([ALICE.account.dn], f"S-1-5-21-1-{2000 + number}") for number in range(4000)}
    client = TableClient(TABLE | many)
    person = replace(PERSON, member_of=(dn("a"), *many)[:1500], member_of_is_whole=False)
    groups = await read(client, person, kind="active-directory", strategy=strategy)
    assert len(groups) == 4000 + 5
    assert list(paths(groups).values()).count("direct") == 4001
    ranges = [request.attributes for request in client.requests if "range" in request.attributes[0]]
    assert ranges == [("memberOf;range=1500-*",), ("memberOf;range=3000-*",)]


async def test_a_long_member_of_that_stops_is_an_error() -> None:
    """Or the rest would be missing without a word."""
    person = replace(PERSON, member_of=(dn("a"),) * 2000, member_of_is_whole=False)
    with pytest.raises(Unavailable, match="stopped at"):
        await read(TableClient(TABLE, at_once=0), person, kind="active-directory", strategy="member-of")
    with pytest.raises(Unavailable, match="max_groups"):
        await read(TableClient(TABLE), person, kind="active-directory", strategy="member-of", max_groups=1999)


@pytest.mark.parametrize("strategy", ["token-groups", "in-chain", "member", "member-of"])
async def test_too_many_is_an_error(strategy: GroupStrategy) -> None:
    """Whichever way they were found."""
    with pytest.raises(Unavailable, match="max_groups"):
        await read(TableClient(TABLE, SIDS), PERSON, kind="active-directory", strategy=strategy, max_groups=4)


def test_the_options_of_the_table_are_those_of_the_kind() -> None:
    """What the tests above stand on."""
    assert options("active-directory").strategy == "token-groups"
