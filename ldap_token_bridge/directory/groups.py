"""Which groups someone is in, nested ones included, in as few round trips as the directory allows.

A list that is cut short could miss the group that a deny rule names, so a look-up gives all groups or fails.
"""

from collections.abc import Iterator, Sequence

from ldap_token_bridge.cache import ExpiringCache
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.dn import DistinguishedName, InvalidName
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import Entry, FilterTemplate, LdapClient, SearchRequest, SearchScope, any_equal

from .kinds import DirectoryOptions
from .person import Person
from .sid import sid_bytes, sid_text

# Values in one filter. Servers bound the size of a filter; Active Directory slows down far beyond this.
_VALUES_A_SEARCH = 200
_NO_ATTRIBUTES = ("1.1",)  # RFC 4511 section 4.5.1.8: names only
_ANY_ENTRY = FilterTemplate.compile("(objectClass=*)").fill()


class GroupReader:
    """Reads groups by the strategy of the options. `names` keeps the DN of a SID, empty for one without an entry."""

    def __init__(self, client: LdapClient, options: DirectoryOptions, names: ExpiringCache[str, str]) -> None:
        self._client = client
        self._options = options
        self._names = names

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group, each once. Raises Unavailable if they cannot all be read."""
        if self._options.strategy == "token-groups":
            return await self._token_groups(person, deadline)
        by_attribute = self._options.strategy == "member-of" or (self._options.strategy == "auto" and person.member_of)
        if by_attribute and not person.member_of_is_whole:
            raise Unavailable("an account is in more groups than memberOf gives at once; use the strategy token-groups")
        direct = person.member_of if by_attribute else await self._holders_of([person.account.dn], deadline)
        return await self._with_parents(direct, deadline)

    async def _token_groups(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """The SIDs of all security groups, nested and primary, are in tokenGroups ([MS-ADTS] 3.1.1.4.5.19)."""
        request = SearchRequest(person.account.dn, SearchScope.BASE, _ANY_ENTRY, ("tokenGroups",))
        entries = await self._client.search(request, deadline)
        if not entries:
            raise Unavailable("the account's entry vanished between two look-ups")
        sids = [sid_text(raw) for raw in entries[0].attributes.get("tokengroups", ())]
        if not sids:
            raise Unavailable(
                "the service account may not read tokenGroups: every account is at least in its primary group"
            )
        self._bound(len(sids))
        names = await self._names_of(sids, deadline)
        direct = {_comparable(dn) for dn in person.member_of}
        return tuple(self._token_group(sid, names[sid], person, direct) for sid in sids)

    @staticmethod
    def _token_group(sid: str, dn: str, person: Person, direct: set[DistinguishedName | str]) -> Group:
        if sid == person.primary_group:
            return Group(dn, sid, "primary")
        return Group(dn, sid, "direct" if dn and _comparable(dn) in direct else "nested")

    async def _names_of(self, sids: Sequence[str], deadline: Deadline) -> dict[str, str]:
        """The DN of each SID; empty for one that has no entry here, as those of other domains."""
        names = {sid: name for sid in sids if (name := self._names.get(sid)) is not None}
        unknown = [sid for sid in sids if sid not in names]
        for chunk in _chunks(unknown):
            found = dict.fromkeys(chunk, "")
            filter_ = any_equal("objectSid", [sid_bytes(sid) for sid in chunk])
            # Below the whole base: tokenGroups holds built-in groups too, which stand outside of any unit for groups.
            for entry in await self._search(self._options.base, filter_, ("objectSid",), deadline):
                raw = entry.first("objectSid")
                if raw:
                    found[sid_text(raw)] = entry.dn
            for sid, name in found.items():
                self._names.put(sid, name)
            names |= found
        return names

    async def _with_parents(self, direct: Sequence[str], deadline: Deadline) -> tuple[Group, ...]:
        """The direct groups and, level by level, the groups that hold them; a cycle ends where it began."""
        groups = {_comparable(dn): Group(dn) for dn in direct}
        level = list(groups.values())
        depth = 0
        while level and self._options.nested:
            self._bound(len(groups))
            depth += 1
            if depth > self._options.max_depth:
                raise Unavailable(
                    f"groups are nested deeper than directory.groups.max_depth ({self._options.max_depth})"
                )
            found: list[Group] = []
            for dn in await self._holders_of([group.dn for group in level], deadline):
                name = _comparable(dn)
                if name not in groups:
                    groups[name] = Group(dn, path="nested")
                    found.append(groups[name])
            level = found
        self._bound(len(groups))
        return tuple(groups.values())

    async def _holders_of(self, members: Sequence[str], deadline: Deadline) -> list[str]:
        """The DNs of the groups that have one of `members` as a member."""
        holders: list[str] = []
        for chunk in _chunks(members):
            filter_ = any_equal("member", [dn.encode() for dn in chunk])
            holders += [
                entry.dn for entry in await self._search(self._options.group_base, filter_, _NO_ATTRIBUTES, deadline)
            ]
            self._bound(len(holders))
        return holders

    async def _search(
        self, base: str, filter_: bytes, attributes: tuple[str, ...], deadline: Deadline
    ) -> tuple[Entry, ...]:
        return await self._client.search(
            SearchRequest(base, SearchScope.SUBTREE, filter_, attributes, paged=True), deadline
        )

    def _bound(self, count: int) -> None:
        if count > self._options.max_groups:
            raise Unavailable(
                f"an account is in more groups than directory.groups.max_groups ({self._options.max_groups})"
            )


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _VALUES_A_SEARCH):
        yield values[start : start + _VALUES_A_SEARCH]


def _comparable(dn: str) -> DistinguishedName | str:
    """What two spellings of a group's name have in common; a name that cannot be read equals only itself."""
    try:
        return DistinguishedName.parse(dn)
    except InvalidName:
        return dn
