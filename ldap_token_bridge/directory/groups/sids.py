"""Groups behind security identifiers, remembered for a while; and the primary group, which is in no memberOf."""

from collections.abc import Sequence

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.person import Person
from ldap_token_bridge.directory.sid import sid_bytes, sid_text
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import Entry

from .memory import GroupMemory, KnownGroup
from .reading import Reading
from .walk import Found

ATTRIBUTES = ("objectSid", "memberOf")


def found(entry: Entry) -> Found:
    """A group's entry, read with ATTRIBUTES."""
    raw = entry.first("objectSid")
    return Found(Group(entry.dn, sid_text(raw) if raw else ""), entry.texts("memberOf"))


class SidNames:
    """Finds groups by their identifiers."""

    def __init__(self, reading: Reading, memory: GroupMemory) -> None:
        self._reading = reading
        self._known = memory.by_sid

    async def groups_of(self, sids: Sequence[str], deadline: Deadline) -> dict[str, KnownGroup]:
        """Each SID's group; without a DN for one that has no entry here, as those of other domains."""
        groups = {sid: group for sid in sids if (group := self._known.get(sid)) is not None}
        unknown = [sid for sid in sids if sid not in groups]
        if unknown:
            asked = {sid: KnownGroup("") for sid in unknown}
            raws = [sid_bytes(sid) for sid in unknown]
            # Below the whole base: there are built-in groups, too, which stand outside of any unit for groups.
            base = self._reading.options.base
            for entry in await self._reading.any_of(base, "objectSid", raws, ATTRIBUTES, deadline):
                one = found(entry)
                asked[one.group.sid] = KnownGroup(one.group.dn, one.member_of)
            for sid, group in asked.items():
                self._known.put(sid, group)
            groups |= asked
        return groups

    async def primary(self, person: Person, deadline: Deadline) -> Found:
        """The primary group: the domain's identifier with primaryGroupID at its end."""
        sid = person.primary_group
        if not sid:
            raise Unavailable("the service account may not read objectSid and primaryGroupID of the people it finds")
        known = (await self.groups_of([sid], deadline))[sid]
        return Found(Group(known.dn, sid, "primary"), known.member_of)
