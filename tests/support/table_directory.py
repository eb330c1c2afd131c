"""Groups from a table, for strategies that are tried without a server: an `LdapClient` that counts what it is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import DirectoryOptions, GroupMemory, Kind, Person, defaults_for
from ldap_token_bridge.directory.groups import GroupReader
from ldap_token_bridge.directory.sid import sid_bytes
from ldap_token_bridge.identity import Account, Group
from ldap_token_bridge.ldap import Entry, FilterTemplate, LdapClient, SearchRequest, SearchScope

BASE = "DC=x"
GROUPS = f"OU=Groups,{BASE}"
PRIMARY_SID = "S-1-5-21-1-513"
PRIMARY = f"CN=Domain Users,CN=Users,{BASE}"
ALICE = Person(Account("alice", f"CN=alice,{BASE}", "id"), None, (), True, "", "alice", "100")
_EVERY_GROUP = FilterTemplate.compile("(member=*)").fill()


def dn(name: str) -> str:
    """A group's DN."""
    return f"CN={name},{GROUPS}"


def options(kind: Kind, **changes: object) -> DirectoryOptions:
    """The defaults of a kind."""
    known = defaults_for(kind)
    usual = DirectoryOptions(
        kind, BASE, BASE, GROUPS, known.login, known.account, known.user_filter, known.strategy, True, 32, 5000
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


@dataclass
class Row:
    """A group: DNs of its members, its SID in Active Directory, its number and its login names in RFC 2307."""

    members: Sequence[str] = ()
    sid: str = ""
    gid: str = ""
    uids: Sequence[str] = ()


class TableClient(LdapClient):
    """Answers what the strategies ask. `at_once` is how many values of an attribute come in one answer."""

    def __init__(self, table: Mapping[str, Row], tokens: Sequence[str] = (), at_once: int = 1500) -> None:
        self.table = table
        self.tokens = tokens
        self.at_once = at_once
        self.requests: list[SearchRequest] = []
        self.fail: Exception | None = None

    async def search(self, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
        del deadline
        self.requests.append(request)
        if self.fail and request.filter == _EVERY_GROUP:
            raise self.fail
        if request.scope is SearchScope.BASE:
            return (self._entry(request.base, request.attributes),)
        return tuple(
            self._entry(name, request.attributes)
            for name, row in self.table.items()
            if name.lower().endswith(request.base.lower()) and self._matches(name, row, request.filter)
        )

    def _matches(self, name: str, row: Row, filter_: bytes) -> bool:
        if filter_ == _EVERY_GROUP:
            return bool(row.members)
        if b"posixGroup" in filter_:
            return any(value and value.encode() in filter_ for value in (row.gid, *row.uids))
        if b"objectSid" in filter_:
            return bool(row.sid) and sid_bytes(row.sid) in filter_
        if b"distinguishedName" in filter_:
            return name.encode() in filter_
        if b"1.2.840.113556.1.4.1941" in filter_:
            return any(member.encode() in filter_ for member in self._within(name, set()))
        return any(member.encode() in filter_ for member in row.members)

    def _within(self, name: str, seen: set[str]) -> set[str]:
        for member in self.table[name].members if name in self.table else ():
            if member not in seen:
                seen.add(member)
                self._within(member, seen)
        return seen

    def _entry(self, name: str, attributes: Sequence[str]) -> Entry:
        row = self.table.get(name, Row())
        values = {
            "member": tuple(member.encode() for member in row.members),
            "memberof": tuple(other.encode() for other, each in self.table.items() if name in each.members),
            "objectsid": (sid_bytes(row.sid),) if row.sid else (),
            "gidnumber": (row.gid.encode(),) if row.gid else (),
            "tokengroups": tuple(map(sid_bytes, self.tokens)),
        }
        found: dict[str, tuple[bytes, ...]] = {}
        for attribute in attributes:
            plain, _, part = attribute.lower().partition(";range=")
            have, start = values.get(plain, ()), int(part.split("-")[0]) if part else 0
            if len(have) > self.at_once or part:
                stop = start + self.at_once
                end = "*" if stop >= len(have) else str(stop - 1)
                found[f"{plain};range={start}-{end}"] = have[start:stop]
            elif have:
                found[plain] = have
        return Entry(name, found)


def reader(client: TableClient, kind: Kind = "openldap", seconds: float = 60.0, **changes: object) -> GroupReader:
    """A reader with a memory of its own."""
    return GroupReader(client, options(kind, **changes), GroupMemory(10_000, seconds))


async def read(client: TableClient, person: Person = ALICE, **changes: object) -> tuple[Group, ...]:
    """Someone's groups; `changes` as for `reader`."""
    return await reader(client, **changes).groups_of(person, Deadline.after(5))  # type: ignore[arg-type]


def paths(groups: Sequence[Group]) -> dict[str, str]:
    """How each group was reached, by DN or else SID."""
    return {group.dn or group.sid: group.path for group in groups}


def vias(groups: Sequence[Group]) -> dict[str, str]:
    """Through which group each nested one was reached, by DN or else SID."""
    return {group.dn or group.sid: group.via for group in groups if group.path == "nested"}
