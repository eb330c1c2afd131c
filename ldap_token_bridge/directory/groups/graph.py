"""Which group is in which, of the whole directory, read at once and kept for a while.

With memberOf in people's entries it makes nested groups cost nothing: the walk goes over memory. It holds only groups
within groups; who is in them is forgotten when it is built.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from ldap_token_bridge.cache import SingleFlight
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.ranged import values_in
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import Entry, FilterTemplate
from ldap_token_bridge.observe import log

from .memory import GroupMemory
from .names import comparable
from .ranges import rest_of
from .reading import Reading
from .walk import Found

_WITH_MEMBERS = FilterTemplate.compile("(member=*)").fill()
_VALUES_A_TURN = 2_000  # DNs that are compared before other requests get their turn


@dataclass(frozen=True, slots=True)
class Graph:
    """`known` are all groups by comparable name, `holders` the DNs of those that hold one."""

    known: frozenset[str]
    holders: Mapping[str, tuple[str, ...]]
    _above: dict[str, tuple[Found, ...]] = field(default_factory=dict, repr=False, compare=False)

    def above(self, one: Found) -> tuple[Found, ...]:
        """The groups that hold this one; made once, for everybody who is in it."""
        dn = one.group.dn
        found = self._above.get(dn)
        if found is None:
            holders = self.holders.get(one.key, ())
            found = self._above[dn] = tuple(Found(Group(holder, path="nested", via=dn)) for holder in holders)
        return found


class GraphKeeper:
    """The graph, read anew when its time is over; none for so long where it is too big to read or not to be kept."""

    def __init__(self, reading: Reading, memory: GroupMemory) -> None:
        self._reading = reading
        self._memory = memory
        self._graph: Graph | None = None
        self._until = -1.0
        self._epoch = memory.epoch
        self._reading_it = SingleFlight[str, Graph | None]()

    async def get(self, deadline: Deadline) -> Graph | None:
        """The graph; None if groups are to be searched for level by level."""
        if self._memory.seconds <= 0:
            return None
        epoch = self._memory.epoch
        if self._memory.clock() < self._until and self._epoch == epoch:
            return self._graph
        return await self._reading_it.run(f"graph {epoch}", lambda: self._read(epoch, deadline), deadline)

    async def _read(self, epoch: int, deadline: Deadline) -> Graph | None:
        start = self._memory.clock()
        try:
            entries = await self._reading.below(self._reading.options.group_base, _WITH_MEMBERS, ("member",), deadline)
            self._graph = await self._built(entries, deadline)
        except Unavailable as error:
            # A limit of the server or of the bridge: what a login needs can still be searched for. If the directory is
            # down, that search says so.
            log().warning("all groups cannot be read at once, so nested ones are searched for", reason=error.detail)
            self._graph = None
        self._until, self._epoch = start + self._memory.seconds, epoch
        return self._graph

    async def _built(self, entries: tuple[Entry, ...], deadline: Deadline) -> Graph:
        known = frozenset(comparable(entry.dn) for entry in entries)
        holders: dict[str, tuple[str, ...]] = {}
        names: dict[str, str] = {}  # the same people stand in many groups
        seen = 0
        for entry in entries:
            members, whole = values_in(entry, "member")
            if not whole:
                members = await rest_of(self._reading, entry.dn, "member", members, deadline)
            for member in members:
                name = names.get(member) or names.setdefault(member, comparable(member))
                if name in known:
                    holders[name] = (*holders.get(name, ()), entry.dn)
            seen += len(members)
            if seen >= _VALUES_A_TURN:
                seen = 0
                await asyncio.sleep(0)
        return Graph(known, holders)
