"""Groups by member and memberOf from a directory that answers from a table; real ones stand beside."""

from dataclasses import replace

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import GroupStrategy, Person
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import DirectoryDown, SearchFailed, any_equal
from tests.support.table_directory import ALICE, GROUPS, Row, TableClient, dn, paths, read, reader, vias

CHAIN = {
    dn("a"): Row([ALICE.account.dn, dn("c")]),
    dn("b"): Row([dn("a")]),
    dn("c"): Row([dn("b")]),
    dn("other"): Row(["CN=bob,DC=x"]),
}
IN_A = replace(ALICE, member_of=(dn("a"),))


@pytest.mark.parametrize("strategy", ["auto", "member"])
async def test_nested_groups_and_a_cycle(strategy: GroupStrategy) -> None:
    """Level by level, each group once and with the one it was reached through; the cycle ends where it began."""
    client = TableClient(CHAIN)
    groups = await read(client, strategy=strategy)
    assert paths(groups) == {dn("a"): "direct", dn("b"): "nested", dn("c"): "nested"}
    assert vias(groups) == {dn("b"): dn("a"), dn("c"): dn("b")}
    assert len(client.requests) == 4
    assert {request.base for request in client.requests} == {GROUPS}


@pytest.mark.parametrize("strategy", ["auto", "member-of"])
async def test_member_of_and_the_graph(strategy: GroupStrategy) -> None:
    """All nested groups cost one search for everybody, not paged; names compare without regard to case."""
    client = TableClient(CHAIN)
    known = reader(client, strategy=strategy)
    for spelling in (dn("a"), dn("A").lower()):
        groups = await known.groups_of(replace(ALICE, member_of=(spelling,)), Deadline.after(5))
        assert paths(groups) == {spelling: "direct", dn("b"): "nested", dn("c"): "nested"}
        assert vias(groups) == {dn("b"): spelling, dn("c"): dn("b")}
    assert len(client.requests) == 1
    assert not client.requests[0].paged, "slapd's pages leave out the groups of dynlist"


async def test_the_graph_is_read_anew() -> None:
    """After the time for which groups are remembered."""
    client = TableClient(CHAIN)
    known = reader(client)
    now = 0.0
    known._strategies["member-of"]._keeper._memory.clock = lambda: now  # type: ignore[attr-defined]
    assert len(await known.groups_of(IN_A, Deadline.after(5))) == 3
    client.table = {dn("a"): Row([ALICE.account.dn]), dn("d"): Row([dn("a")])}
    assert len(await known.groups_of(IN_A, Deadline.after(5))) == 3
    now = 61.0
    assert paths(await known.groups_of(IN_A, Deadline.after(5))) == {dn("a"): "direct", dn("d"): "nested"}


async def test_what_is_not_remembered_is_not_read_ahead() -> None:
    """Without a time for it the graph would be read for every login."""
    client = TableClient(CHAIN)
    assert len(await read(client, IN_A, seconds=0)) == 3
    assert [b"CN=" in request.filter for request in client.requests] == [True] * 3


@pytest.mark.parametrize("error", [SearchFailed(4, ""), DirectoryDown(detail="too slow")])
async def test_a_graph_that_cannot_be_read(error: Exception) -> None:
    """Then each login searches level by level, and the graph is left alone for a while."""
    client = TableClient(CHAIN)
    client.fail = error
    known = reader(client)
    for _ in range(2):
        assert paths(await known.groups_of(IN_A, Deadline.after(5))) == {
            dn("a"): "direct",
            dn("b"): "nested",
            dn("c"): "nested",
        }
    assert len(client.requests) == 1 + 3 + 3


async def test_a_graph_of_groups_with_many_members() -> None:
    """Those whose list did not come whole are read to the end."""
    many = [f"CN=p{number},DC=x" for number in range(2500)]
    client = TableClient({dn("big"): Row([*many, dn("a")]), dn("a"): Row([ALICE.account.dn])}, at_once=1000)
    assert vias(await read(client, IN_A)) == {dn("big"): dn("a")}
    assert len(client.requests) == 1 + 2


async def test_without_nesting_only_direct_groups_count() -> None:
    """As the settings say."""
    assert paths(await read(TableClient(CHAIN), nested=False)) == {dn("a"): "direct"}
    client = TableClient(CHAIN)
    assert paths(await read(client, IN_A, nested=False)) == {dn("a"): "direct"}
    assert client.requests == []


@pytest.mark.parametrize("person", [ALICE, IN_A])
async def test_too_deep_is_an_error(person: Person) -> None:
    """A list cut short could miss the group that a deny rule names."""
    chain = {dn("a"): Row([ALICE.account.dn]), dn("g0"): Row([dn("a")])}
    chain |= {dn(f"g{n + 1}"): Row([dn(f"g{n}")]) for n in range(10)}
    with pytest.raises(Unavailable, match="max_depth"):
        await read(TableClient(chain), person, max_depth=5)


async def test_too_many_is_an_error() -> None:
    """Whichever way they were found."""
    many = {dn(f"g{number}"): Row([ALICE.account.dn]) for number in range(50)}
    with pytest.raises(Unavailable, match="max_groups"):
        await read(TableClient(many), max_groups=49)
    with pytest.raises(Unavailable, match="max_groups"):
        await read(TableClient({}), replace(ALICE, member_of=tuple(many)), max_groups=49)
    nested = {dn(f"g{number}"): Row([dn("a")]) for number in range(50)}
    with pytest.raises(Unavailable, match="max_groups"):
        await read(TableClient(nested), IN_A, max_groups=50)


async def test_a_group_that_the_graph_does_not_hold_is_searched_for() -> None:
    """Such as one outside of `groups.base`: what holds it must not be missing."""
    outside = "CN=outside,OU=Elsewhere,DC=x"
    client = TableClient({dn("a"): Row([outside]), dn("b"): Row([dn("a")])})
    groups = await read(client, replace(ALICE, member_of=(outside,)))
    assert vias(groups) == {dn("a"): outside, dn("b"): dn("a")}
    assert len(client.requests) == 2


async def test_levels_with_several_groups_do_not_guess() -> None:
    """`via` is empty where the entries do not tell it, and what is above is told nevertheless."""
    table = {dn("x"): Row([dn("a")]), dn("y"): Row([dn("b")]), dn("z"): Row([dn("y")])}
    person = replace(ALICE, member_of=(dn("a"), dn("b")))
    assert vias(await read(TableClient(table), person, seconds=0)) == {dn("x"): "", dn("y"): "", dn("z"): dn("y")}


def test_members_with_special_characters_are_found_as_they_are() -> None:
    """A DN with parentheses and stars is a value in a filter, not a part of it."""
    assert b"CN=a*(b)\\,c" in any_equal("member", [b"CN=a*(b)\\,c"])
