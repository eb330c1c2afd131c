"""Active Directory's own list: the SIDs of all security groups, nested and primary ([MS-ADTS] 3.1.1.4.5.19)."""

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.person import Person
from ldap_token_bridge.directory.sid import sid_text
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group, GroupPath

from .names import comparable
from .reading import Reading
from .sids import SidNames
from .walk import Found, with_via


class TokenGroups:
    """One read of the account's entry, and one search for the SIDs that nobody had lately."""

    def __init__(self, reading: Reading, names: SidNames) -> None:
        self._reading = reading
        self._names = names

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every security group."""
        entry = await self._reading.entry(person.account.dn, ("tokenGroups",), deadline)
        sids = [sid_text(raw) for raw in entry.attributes.get("tokengroups", ())]
        if not sids:
            raise Unavailable(
                "the service account may not read tokenGroups: every account is at least in its primary group"
            )
        self._reading.bound(len(sids))
        known = await self._names.groups_of(sids, deadline)
        direct = {comparable(dn) for dn in person.member_of}
        found = []
        for sid in sids:
            path: GroupPath = "nested"
            if sid == person.primary_group:
                path = "primary"
            elif known[sid].dn and comparable(known[sid].dn) in direct:
                path = "direct"
            found.append(Found(Group(known[sid].dn, sid, path), known[sid].member_of))
        return with_via(found)
