"""Groups from a directory that answers from a table; the real ones stand behind tests/journeys."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from ldap_token_bridge.cache import ExpiringCache
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import DirectoryOptions, GroupStrategy, Person
from ldap_token_bridge.directory.groups import GroupReader
from ldap_token_bridge.directory.sid import sid_bytes
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Account
from ldap_token_bridge.ldap import Entry, LdapClient, SearchRequest, any_equal

BASE = "DC=x"
ALICE = Person(Account("alice", f"CN=alice,{BASE}", "id"), None, (), True, "S-1-5-21-1-513")
OPTIONS = DirectoryOptions(
    "openldap", BASE, BASE, f"OU=Groups,{BASE}", ("uid",), "uid", "(objectClass=*)", "auto", True, 32, 5000
)


def dn(name: str) -> str:
    """A group's DN."""
    return f"CN={name},OU=Groups,{BASE}"


class TableClient(LdapClient):
    """Answers searches for `member` from `holders`, for SIDs from `sids`, and for tokenGroups."""

    def __init__(
        self,
        holders: Mapping[str, Sequence[str]] | None = None,
        sids: Mapping[str, str] | None = None,
        tokens: Sequence[str] = (),
    ) -> None:
        self.holders = holders or {}
        self.sids = sids or {}
        self.tokens = tokens
        self.requests: list[SearchRequest] = []

    async def search(self, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
        del deadline
        self.requests.append(request)
        if request.attributes == ("tokenGroups",):
            values = tuple(map(sid_bytes, self.tokens))
            return (Entry(request.base, {"tokengroups": values} if values else {}),)
        if request.attributes == ("objectSid",):
            return tuple(
                Entry(name, {"objectsid": (sid_bytes(sid),)})
                for sid, name in self.sids.items()
                if sid_bytes(sid) in request.filter and request.base == BASE
            )
        found = [
            holder
            for member, holders in self.holders.items()
            if member.encode() in request.filter
            for holder in holders
        ]
        return tuple(Entry(name, {}) for name in dict.fromkeys(found))


async def groups(client: TableClient, person: Person = ALICE, **changes: object) -> dict[str, str]:
    """How each group was reached, by DN or else SID."""
    reader = GroupReader(client, replace(OPTIONS, **changes), ExpiringCache(100, 60))  # type: ignore[arg-type]
    return {group.dn or group.sid: group.path for group in await reader.groups_of(person, Deadline.after(5))}


CHAIN = {ALICE.account.dn: [dn("a")], dn("a"): [dn("b")], dn("b"): [dn("c")], dn("c"): [dn("a")]}


@pytest.mark.parametrize("strategy", ["auto", "member"])
async def test_nested_groups_and_a_cycle(strategy: GroupStrategy) -> None:
    """Level by level, each group once; the cycle ends where it began."""
    client = TableClient(CHAIN)
    assert await groups(client, strategy=strategy) == {dn("a"): "direct", dn("b"): "nested", dn("c"): "nested"}
    assert len(client.requests) == 4
    assert {request.base for request in client.requests} == {OPTIONS.group_base}


async def test_member_of_saves_the_first_level() -> None:
    """`auto` uses it where the entry has it; names compare without regard to case."""
    client = TableClient(CHAIN)
    person = replace(ALICE, member_of=(dn("a"),))
    assert await groups(client, person) == {dn("a"): "direct", dn("b"): "nested", dn("c"): "nested"}
    assert len(client.requests) == 3
    assert await groups(TableClient({dn("a"): [dn("A").lower()]}), person) == {dn("a"): "direct"}


async def test_without_nesting_only_direct_groups_count() -> None:
    """As the settings say."""
    assert await groups(TableClient(CHAIN), nested=False) == {dn("a"): "direct"}


async def test_too_deep_is_an_error() -> None:
    """A list cut short could miss the group that a deny rule names."""
    chain = {ALICE.account.dn: [dn("g0")]} | {dn(f"g{n}"): [dn(f"g{n + 1}")] for n in range(10)}
    with pytest.raises(Unavailable, match="max_depth"):
        await groups(TableClient(chain), max_depth=5)


async def test_too_many_is_an_error() -> None:
    """Whichever way they were found."""
    many = {ALICE.account.dn: [dn(f"g{number}") for number in range(50)]}
    with pytest.raises(Unavailable, match="max_groups"):
        await groups(TableClient(many), max_groups=49)
    sids = [f"S-1-5-21-1-{number}" for number in range(50)]
    with pytest.raises(Unavailable, match="max_groups"):
        await groups(TableClient(tokens=sids), strategy="token-groups", max_groups=49)


async def test_a_cut_member_of_is_an_error() -> None:
    """Active Directory gives 1,500 values; the rest would be missing without a word."""
    person = replace(ALICE, member_of=(dn("a"),), member_of_is_whole=False)
    with pytest.raises(Unavailable, match="memberOf"):
        await groups(TableClient(), person, strategy="member-of")


async def test_token_groups() -> None:
    """Direct, nested and primary; a SID of another domain keeps its SID."""
    sids = {
        "S-1-5-21-1-513": f"CN=Domain Users,CN=Users,{BASE}",
        "S-1-5-21-1-1101": dn("a"),
        "S-1-5-21-1-1102": dn("b"),
    }
    client = TableClient(sids=sids, tokens=[*sids, "S-1-5-21-9-1200"])
    person = replace(ALICE, member_of=(dn("A"),))
    assert await groups(client, person, strategy="token-groups") == {
        f"CN=Domain Users,CN=Users,{BASE}": "primary",
        dn("a"): "direct",
        dn("b"): "nested",
        "S-1-5-21-9-1200": "nested",
    }
    assert len(client.requests) == 2


async def test_names_of_sids_are_remembered() -> None:
    """Those without an entry, too: the second person costs one search."""
    client = TableClient(sids={"S-1-5-21-1-1101": dn("a")}, tokens=["S-1-5-21-1-1101", "S-1-5-21-9-1"])
    reader = GroupReader(client, replace(OPTIONS, strategy="token-groups"), ExpiringCache(100, 60))
    for _ in range(2):
        assert len(await reader.groups_of(ALICE, Deadline.after(5))) == 2
    assert len(client.requests) == 3


async def test_many_sids_are_asked_for_in_parts() -> None:
    """Servers bound the size of a filter."""
    tokens = [f"S-1-5-21-1-{number}" for number in range(1000, 1450)]
    client = TableClient(tokens=tokens)
    assert len(await groups(client, strategy="token-groups")) == 450
    assert len(client.requests) == 1 + 3


async def test_token_groups_that_cannot_be_read_are_an_error() -> None:
    """Every account has a primary group, so none at all means that the service account may not see them."""
    with pytest.raises(Unavailable, match="tokenGroups"):
        await groups(TableClient(), strategy="token-groups")


def test_members_with_special_characters_are_found_as_they_are() -> None:
    """A DN with parentheses and stars is a value in a filter, not a part of it."""
    assert b"CN=a*(b)\\,c" in any_equal("member", [b"CN=a*(b)\\,c"])
