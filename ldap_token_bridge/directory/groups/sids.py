"""Groups behind security identifiers, remembered for a while; and the primary group, which is in no memberOf."""

from collections.abc import Sequence

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.person import Person
from ldap_token_bridge.directory.sid import sibling_sid, sid_bytes, sid_text
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import Entry

from .memory import GroupMemory, KnownGroup
from .reading import Reading
from .walk import Found

ATTRIBUTES = ("objectSid", "memberOf")
# [MS-DTYP] section 2.4.2.4: Domain Users by its last number, and BUILTIN\\Users, which holds it.
_OF_A_DOMAIN = "S-1-5-21-"
_DOMAIN_USERS = 513
_USERS = "S-1-5-32-545"


def found(entry: Entry) -> Found:
    """A group's entry, read with ATTRIBUTES."""
    raw = entry.first("objectSid")
    return Found(Group(entry.dn, sid_text(raw) if raw else ""), entry.texts("memberOf"))


class SidNames:
    """Finds groups by their identifiers."""

    def __init__(self, reading: Reading, memory: GroupMemory, forest: Reading | None = None) -> None:
        """`forest` knows the groups of other domains."""
        self._reading = reading
        self._forest = forest
        self._known = memory.by_sid

    async def groups_of(self, sids: Sequence[str], deadline: Deadline) -> dict[str, KnownGroup]:
        """Each SID's group; without a DN for one that has no entry here, as those of other domains."""
        groups = {sid: group for sid in sids if (group := self._known.get(sid)) is not None}
        unknown = [sid for sid in sids if sid not in groups]
        if unknown:
            asked = {sid: KnownGroup("") for sid in unknown}
            asked |= await self._named(self._reading, unknown, deadline)
            foreign = [sid for sid in unknown if not asked[sid].dn and sid.startswith(_OF_A_DOMAIN)]
            if self._forest and foreign:
                asked |= await self._named(self._forest, foreign, deadline)
            for sid, group in asked.items():
                self._known.put(sid, group)
            groups |= asked
        return groups

    async def _named(self, reading: Reading, sids: Sequence[str], deadline: Deadline) -> dict[str, KnownGroup]:
        """Those that have an entry, anywhere below the base: built-in groups stand outside of any unit for groups."""
        raws = [sid_bytes(sid) for sid in sids]
        entries = await reading.any_of(reading.options.base, "objectSid", raws, ATTRIBUTES, deadline)
        return {one.group.sid: KnownGroup(one.group.dn, one.member_of) for one in map(found, entries)}

    async def learn(self, dns: Sequence[str], sids: Sequence[str], deadline: Deadline) -> None:
        """Reads these groups, and those that nearly everyone is in, so that the next logins need not ask for them.

        As good for as long as any other; a DN without an entry is passed over.
        """
        reading = self._forest or self._reading
        raws = [dn.encode() for dn in dns]
        entries = await reading.any_of(reading.options.base, "distinguishedName", raws, ATTRIBUTES, deadline)
        for entry in entries:
            one = found(entry)
            # Built-in groups have the same SIDs in every domain of a forest.
            if one.group.sid.startswith(_OF_A_DOMAIN if self._forest else "S-"):
                self._known.put(one.group.sid, KnownGroup(one.group.dn, one.member_of))
        named = [one.group.sid for one in map(found, entries)] + list(sids)
        domains = {sibling_sid(sid, _DOMAIN_USERS) for sid in named if sid.startswith(_OF_A_DOMAIN)}
        await self.groups_of([*sids, *sorted(domains), _USERS], deadline)

    async def primary(self, person: Person, deadline: Deadline) -> Found:
        """The primary group: the domain's identifier with primaryGroupID at its end."""
        sid = person.primary_group
        if not sid:
            raise Unavailable("the service account may not read objectSid and primaryGroupID of the people it finds")
        known = (await self.groups_of([sid], deadline))[sid]
        return Found(Group(known.dn, sid, "primary"), known.member_of)
