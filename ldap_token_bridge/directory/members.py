"""Who is in a group, nested groups included: the other way round than a login asks, for people who review rights.

Nothing is decided by it. Whoever is listed here is then looked up as for a login, so it may list too many.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.dn import DistinguishedName, InvalidName
from ldap_token_bridge.ldap import Entry, FilterTemplate, LdapClient
from ldap_token_bridge.values import dataclass

from .groups import Reading
from .groups.names import comparable
from .groups.ranges import rest_of
from .kinds import DirectoryOptions
from .ranged import values_in
from .sid import sid_bytes, sid_text

MAX_MEMBERS = 100_000

_GROUP_CLASSES = frozenset(("group", "groupofnames", "groupofuniquenames", "ipausergroup", "posixgroup"))
_OF_A_DOMAIN = "S-1-5-21-"
_BY_PRIMARY = FilterTemplate.compile("(primaryGroupID={number})")
_BY_GID = FilterTemplate.compile("(gidNumber={number})")
_ABOUT_GROUP = ("objectClass", "member", "memberUid", "gidNumber", "objectSid")


@dataclass(slots=True)
class Members:
    """The accounts found, each once; and the DNs of members that have no entry that the service account may read."""

    accounts: dict[str, None] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


class MemberReader:
    """Reads members of groups; `deadline` gives a new one for each search."""

    def __init__(self, client: LdapClient, options: DirectoryOptions, deadline: Callable[[], Deadline]) -> None:
        # A group may have more members than anybody has groups.
        self._reading = Reading(client, replace(options, max_groups=MAX_MEMBERS))
        self._options = options
        self._deadline = deadline
        self._posix = options.strategy == "posix"
        self._name = "distinguishedName" if options.kind == "active-directory" else "entryDN"
        self._attributes = (options.account, *_ABOUT_GROUP)

    async def members_of(self, *, dn: str = "", sid: str = "") -> Members:
        """Everyone in the group, which is named by one of the two. Raises Unavailable."""
        found = Members()
        level = await self._find("objectSid", [sid_bytes(sid)]) if sid else await self._named([dn])
        if not level:
            found.unread.append(dn or sid)
        seen = {comparable(entry.dn) for entry in level}
        while level:
            listed: dict[str, str] = {}
            for group in level:
                listed |= {comparable(member): member for member in await self._listed(group)}
                self._take(found, await self._by_number(group))
            new = {key: member for key, member in listed.items() if key not in seen}
            seen |= new.keys()
            entries = await self._named(list(new.values()))
            level = [entry for entry in entries if self._is_group(entry)] if self._options.nested else []
            self._take(found, (entry for entry in entries if not self._is_group(entry)))
            known = {comparable(entry.dn) for entry in entries}
            found.unread += [member for key, member in new.items() if key not in known]
        return found

    async def groups_like(self, attribute: str, fits: Callable[[DistinguishedName], bool]) -> list[str]:
        """The DNs of all groups that have the attribute and whose names fit."""
        every = FilterTemplate.compile(f"({attribute}=*)").fill()
        entries = await self._reading.below(self._options.group_base, every, ("1.1",), self._deadline())
        return [entry.dn for entry in entries if _fits(entry.dn, fits)]

    async def _listed(self, group: Entry) -> Sequence[str]:
        if self._posix:
            return ()
        members, whole = values_in(group, "member")
        return members if whole else await rest_of(self._reading, group.dn, "member", members, self._deadline())

    async def _by_number(self, group: Entry) -> list[Entry]:
        """Whoever names the group by its number, or is named by it."""
        found: list[Entry] = []
        base = self._options.user_base
        if self._posix:
            names = [name.encode() for name in group.texts("memberUid")]
            found += await self._reading.any_of(base, "uid", names, self._attributes, self._deadline())
            if gid := group.first("gidNumber"):
                found += await self._below(base, _BY_GID.fill(number=gid))
        raw = group.first("objectSid")
        sid = sid_text(raw) if raw else ""
        if sid.startswith(_OF_A_DOMAIN):
            found += await self._below(base, _BY_PRIMARY.fill(number=sid.rpartition("-")[2].encode()))
        return found

    def _take(self, found: Members, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if account := entry.text(self._options.account):
                found.accounts[account] = None
        self._reading.bound(len(found.accounts))

    def _is_group(self, entry: Entry) -> bool:
        return not _GROUP_CLASSES.isdisjoint(name.lower() for name in entry.texts("objectClass"))

    async def _named(self, dns: Sequence[str]) -> list[Entry]:
        return await self._find(self._name, [dn.encode() for dn in dns])

    async def _find(self, attribute: str, values: Sequence[bytes]) -> list[Entry]:
        return await self._reading.any_of(self._options.base, attribute, values, self._attributes, self._deadline())

    async def _below(self, base: str, filter_: bytes) -> tuple[Entry, ...]:
        return await self._reading.below(base, filter_, self._attributes, self._deadline())


def _fits(dn: str, fits: Callable[[DistinguishedName], bool]) -> bool:
    try:
        return fits(DistinguishedName.parse(dn))
    except InvalidName:
        return False
