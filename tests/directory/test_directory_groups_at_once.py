"""Groups that memory tells without asking the directory: the same as the ones that are searched for, or none at all."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.cache import Flight
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Person, Refused
from ldap_token_bridge.directory.groups import GroupReader, Reading, graph, names
from ldap_token_bridge.directory.people import Known, People
from ldap_token_bridge.directory.replicas import Replicas
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group, Refusal
from tests.support.counting_directory import TIMES, World
from tests.support.table_directory import ALICE, Row, TableClient, dn, options, paths, read, reader, vias

CHAIN = {dn("a"): Row([ALICE.account.dn, dn("c")]), dn("b"): Row([dn("a")]), dn("c"): Row([dn("b")])}
IN_A = replace(ALICE, member_of=(dn("a"),))
LETTERS = st.sampled_from("abcdefg")


def soon() -> Deadline:
    """Far enough off for a directory that answers from a table."""
    return Deadline.after(5)


@given(
    table=st.dictionaries(LETTERS, st.lists(LETTERS, min_size=1, unique=True)),
    direct=st.lists(LETTERS, unique=True),
    max_depth=st.integers(1, 8),
    most_by_tables=st.sampled_from([0, 3, 1_000]),
)
def test_they_are_those_that_a_search_finds(
    table: dict[str, list[str]], direct: list[str], max_depth: int, most_by_tables: int
) -> None:
    """Whatever groups hold each other, cycles among them, and however they are put together; or nothing is told."""
    rows = {dn(name): Row([dn(member) for member in members]) for name, members in table.items()}
    person = replace(ALICE, member_of=tuple(map(dn, direct)))

    async def compare() -> None:
        searched = await _groups(
            reader(TableClient(rows), seconds=0, strategy="member-of", max_depth=max_depth), person
        )
        known = reader(TableClient(rows), strategy="member-of", max_depth=max_depth)
        with_graph = await _groups(known, person)
        assert paths(with_graph) == paths(searched)
        with suppress(Unavailable):
            at_once = known.groups_at_once(person)
            if at_once is None:
                return
            assert paths(at_once) == paths(searched)
            # Each `via` is a way that there is.
            assert vias(at_once).keys() <= rows.keys()
            assert all(holder in rows[group].members for group, holder in vias(at_once).items())

    with patch.object(graph, "_MOST_BY_TABLES", most_by_tables):
        asyncio.run(compare())


async def test_many_groups_below_many_are_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person in 300 groups that lead to the same 300 costs a look at each of the 600 and not at 90,000."""
    low, high = ([dn(f"{side}{number}") for number in range(300)] for side in ("low", "high"))
    hub = dn("hub")
    table = {
        **{name: Row([ALICE.account.dn]) for name in low},
        hub: Row(low),
        **{name: Row([hub]) for name in high},
    }
    someone = replace(ALICE, member_of=tuple(low))
    known = reader(TableClient(table), strategy="member-of")
    await known.groups_of(someone, soon())
    climbed = []
    climb = graph.Graph._climb

    def counted(self: graph.Graph, direct: Sequence[str]) -> object:
        climbed.append(len(direct))
        return climb(self, direct)

    monkeypatch.setattr(graph.Graph, "_climb", counted)
    groups = known.groups_at_once(someone)
    assert groups is not None
    assert {group.dn for group in groups} == set(table)
    assert climbed[-1] == 300, "all at once"
    assert len(climbed) <= 40, "and a few by themselves, until it is plain that there are too many"


async def _groups(known: GroupReader, person: Person) -> tuple[Group, ...]:
    """None at all for groups that are nested too deeply."""
    try:
        return await known.groups_of(person, soon())
    except Unavailable:
        return ()


async def test_nobody_is_asked_once_the_graph_is_there() -> None:
    """Before, it must be read; when its time is over, again."""
    client = TableClient(CHAIN)
    known = reader(client)
    now = 0.0
    known._strategies["member-of"]._keeper._memory.clock = lambda: now  # type: ignore[attr-defined]
    assert known.groups_at_once(IN_A) is None
    groups = await known.groups_of(IN_A, soon())
    for _ in range(2):
        assert known.groups_at_once(IN_A) == groups
    assert len(client.requests) == 1
    now = 61.0
    assert known.groups_at_once(IN_A) is None


async def test_a_group_that_the_graph_does_not_hold_is_never_passed_over() -> None:
    """Also not after a search that told what holds it: the next login must ask again."""
    outside = "CN=outside,OU=Elsewhere,DC=x"
    client = TableClient({dn("a"): Row([outside]), dn("b"): Row([dn("a")])})
    known = reader(client)
    person = replace(ALICE, member_of=(outside,))
    for _ in range(2):
        assert known.groups_at_once(person) is None
        assert vias(await known.groups_of(person, soon())) == {dn("a"): outside, dn("b"): dn("a")}


async def test_what_is_not_whole_is_asked_for() -> None:
    """A list of direct groups that came in part."""
    known = reader(TableClient(CHAIN), strategy="member-of")
    await known.groups_of(IN_A, soon())
    assert known.groups_at_once(IN_A)
    assert known.groups_at_once(replace(IN_A, member_of_is_whole=False)) is None


async def test_too_many_groups_are_an_error_here_too() -> None:
    """A list cut short could miss the group that a deny rule names."""
    table = {dn("a"): Row([ALICE.account.dn])} | {dn(f"g{number}"): Row([dn("a")]) for number in range(50)}
    known = reader(TableClient(table), max_groups=50)
    with pytest.raises(Unavailable):
        await known.groups_of(IN_A, soon())
    with pytest.raises(Unavailable, match="max_groups"):
        known.groups_at_once(IN_A)


async def test_what_is_kept_of_a_graph_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many groups lead to however many others."""
    monkeypatch.setattr(graph, "_MOST_REACHED", 10)
    reading = Reading(TableClient({}), options("openldap"))
    keeper = graph.Graph(frozenset((dn("a").lower(), dn("b").lower())), {dn("a").lower(): (dn("b"),)}, reading)
    keeper._room = 10
    spellings = [f"CN={'Aa'[number % 2]},{' ' * number}OU=Groups,DC=x" for number in range(100)]
    assert all(len(keeper.reached([spelling]) or ()) == 2 for spelling in spellings)
    assert len(keeper._reaches) <= 5
    assert len(keeper._above) <= 4


async def test_members_push_no_group_out_of_memory() -> None:
    """A graph is built from the names of all people, who are many more than groups."""
    before = names.comparable.__closure__
    assert before is not None
    cached = next(cell.cell_contents for cell in before if hasattr(cell.cell_contents, "cache_info"))
    people = [f"CN=person {number},DC=x" for number in range(1000)]
    size = cached.cache_info().currsize
    await read(TableClient({dn("everyone"): Row(people)}), replace(ALICE, member_of=(dn("everyone"),)))
    assert cached.cache_info().currsize - size < 10


def test_a_name_of_unusual_length_is_not_kept() -> None:
    """A hostile directory could fill the memory with them."""
    made: list[str] = []

    @names.kept
    def note(name: str) -> int:
        made.append(name)
        return len(name)

    for length in (512, 513):
        assert [note("x" * length), note("x" * length)] == [length, length]
    assert list(map(len, made)) == [512, 513, 513]


async def test_a_wrong_password_is_wrong_whatever_stands_against_the_groups() -> None:
    """Only who knows the password learns that the groups cannot be told, and only then is it an outage."""
    world = World()

    def too_many(person: Person) -> None:
        del person
        raise Unavailable("too many")

    async def as_many(person: Person, deadline: Deadline) -> tuple[Group, ...]:
        del person, deadline
        raise Unavailable("too many")

    world.directory.groups_at_once = too_many  # type: ignore[method-assign]
    world.directory.groups_of = as_many  # type: ignore[method-assign]
    refused = await world.login(password=b"wrong")
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.WRONG_CREDENTIALS
    with pytest.raises(Unavailable, match="too many"):
        await world.login()


async def test_what_was_told_meanwhile_is_not_read_again() -> None:
    """A reading that was begun and has not started, when memory can tell: the person's own list is gone by then."""
    directory = World().directory
    people = People(directory, TIMES, Replicas(None, TIMES))
    known = Known(IN_A)
    told: tuple[Group, ...] | None = None

    async def read_by_person(person: Person, deadline: Deadline) -> tuple[Group, ...]:
        del deadline
        return tuple(map(Group, person.member_of))

    directory.groups_at_once = lambda _: told  # type: ignore[method-assign, assignment]
    directory.groups_of = read_by_person  # type: ignore[method-assign]
    begun = people.begin_groups(known, soon())
    assert isinstance(begun, Flight)
    told = (Group(dn("a")),)
    assert await people.groups_of(known, soon()) == told
    assert await begun.outcome(soon()) == told
    assert known.groups == told
    await people.close()
