"""memberOf of the account; how nested groups follow from it depends on the kind of directory."""

from collections.abc import Sequence

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.person import Person
from ldap_token_bridge.directory.ranged import values_in
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import Entry

from .graph import GraphKeeper
from .member import Levels
from .names import comparable
from .ranges import rest_of
from .reading import Reading, together
from .sids import ATTRIBUTES, SidNames, found
from .walk import Found, Walk, named, with_holders


async def direct_groups(reading: Reading, person: Person, deadline: Deadline) -> tuple[str, ...]:
    """All of memberOf; what did not come with the person's entry is asked for."""
    if person.member_of_is_whole:
        return person.member_of
    return await rest_of(reading, person.account.dn, "memberOf", person.member_of, deadline)


class ExpandedMemberOf:
    """389 Directory Server and FreeIPA: the server has put the nested groups into memberOf, so nothing is asked."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group."""
        return self._groups(await direct_groups(self._reading, person, deadline))

    def groups_at_once(self, person: Person) -> tuple[Group, ...] | None:
        """The same, if all of them came with the person."""
        return self._groups(person.member_of) if person.member_of_is_whole else None

    def _groups(self, dns: Sequence[str]) -> tuple[Group, ...]:
        self._reading.bound(len(dns))
        return tuple([named(dn).group for dn in dns])


class MemberOfWithGraph:
    """OpenLDAP: the graph of nested groups is in memory; level by level where it is not."""

    def __init__(self, reading: Reading, keeper: GraphKeeper, levels: Levels) -> None:
        self._reading = reading
        self._keeper = keeper
        self._levels = levels

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group."""
        walk = Walk(self._reading, map(named, await direct_groups(self._reading, person, deadline)))
        graph = await self._keeper.get(deadline) if walk.level else None
        while walk.level:
            above = [(one, graph.above(one) if graph else None) for one in walk.level]
            known = [up for _, holders in above for up in holders or ()]
            strange = [one for one, holders in above if holders is None]
            walk.rise([*known, *await self._levels.above(strange, deadline)] if strange else known)
        return walk.groups()

    def groups_at_once(self, person: Person) -> tuple[Group, ...] | None:
        """The same, if all of it is in memory."""
        graph = self._keeper.kept()
        if graph is None or not person.member_of_is_whole or not self._reading.options.nested:
            return None
        groups = graph.reached(person.member_of)
        if groups is not None:
            self._reading.bound(len(groups))
        return groups


class MemberOfWithSids:
    """Active Directory: memberOf of the groups themselves leads upward, since they are read for their SIDs anyway.

    A search for `member` would find the same, and costs a domain controller ten times as much.
    """

    def __init__(self, reading: Reading, levels: Levels, names: SidNames) -> None:
        self._reading = reading
        self._levels = levels
        self._names = names

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group."""
        dns = await direct_groups(self._reading, person, deadline)
        primary, direct = await together((self._primary(person, deadline), self._named(dns, deadline)))

        async def above(level: Sequence[Found]) -> list[Found]:
            up = [dn for one in level for dn in one.member_of]
            # Of a group that is not to be read, as one of another domain, only the search tells who holds it.
            strange = [one for one in level if not one.group.sid]
            found = await together((self._named(up, deadline), self._levels.above(strange, deadline)))
            return [one for part in found for one in part]

        return await with_holders(self._reading, [*primary, *direct], above)

    async def _primary(self, person: Person, deadline: Deadline) -> list[Found]:
        return [await self._names.primary(person, deadline)]

    async def _named(self, dns: Sequence[str], deadline: Deadline) -> list[Found]:
        """The groups with their SIDs and what they are in; one that may not be read has its DN alone."""
        distinct = {comparable(dn): dn for dn in dns}
        self._reading.bound(len(distinct))
        raws = [dn.encode() for dn in distinct.values()]
        base = self._reading.options.base
        entries = await self._reading.any_of(base, "distinguishedName", raws, ATTRIBUTES, deadline)
        known = {one.key: one for one in [await self._whole(entry, deadline) for entry in entries]}
        return [known.get(key, Found(Group(dn))) for key, dn in distinct.items()]

    async def _whole(self, entry: Entry, deadline: Deadline) -> Found:
        one = found(entry)
        member_of, whole = values_in(entry, "memberOf")
        if not whole:
            member_of = await rest_of(self._reading, entry.dn, "memberOf", member_of, deadline)
        return Found(one.group, member_of)
