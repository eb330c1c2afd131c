"""Which group is in which, of the whole directory, read at once and kept for a while.

With memberOf in people's entries it makes nested groups cost nothing: the walk goes over memory. It holds only groups
within groups; who is in them is forgotten when it is built.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from ldap_token_bridge.cache import SingleFlight
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.ranged import values_in
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import Entry, FilterTemplate
from ldap_token_bridge.observe import log
from ldap_token_bridge.values import dataclass

from .memory import GroupMemory
from .names import LONGEST_KEPT, comparable, normalised
from .ranges import rest_of
from .reading import Reading
from .walk import Found, Walk, named

_WITH_MEMBERS = FilterTemplate.compile("(member=*)").fill()
_MOST_REACHED = 250_000  # groups above others, kept in all: some 50 octets each
# Groups above the direct ones, counted for each of these: beyond it one walk over all of them looks at fewer.
_MOST_BY_TABLES = 10_000
_VALUES_A_TURN = 2_000  # DNs that are compared before other requests get their turn


class _Reach(NamedTuple):
    """A group that someone is in directly, and all groups that this leads to, by comparable name."""

    key: str
    group: Group
    above: dict[str, Group]


@dataclass(slots=True, eq=False)
class Graph:
    """`known` are all groups by comparable name, `holders` the DNs of those that hold one."""

    known: frozenset[str]
    holders: Mapping[str, tuple[str, ...]]
    reading: Reading
    _above: dict[str, tuple[Found, ...]] = field(default_factory=dict, repr=False)
    _reaches: dict[str, _Reach] = field(default_factory=dict, repr=False)
    _room: int = _MOST_REACHED

    def above(self, one: Found) -> tuple[Found, ...] | None:
        """The groups that hold this one, made once for everybody who is in it.

        None if that is not known here: it is new, or stands outside of groups.base, or lists nobody.
        """
        dn = one.group.dn
        found = self._above.get(dn)
        if found is None and one.key in self.known:
            holders = self.holders.get(one.key, ())
            found = tuple([Found(Group(holder, path="nested", via=dn)) for holder in holders])
            # One DN can be spelled in many ways, and at length.
            if len(self._above) < 2 * len(self.known) and len(dn) <= LONGEST_KEPT:
                self._above[dn] = found
        return found

    def reached(self, direct: Sequence[str]) -> tuple[Group, ...] | None:
        """These groups and all that hold them; None if the graph does not tell. Raises Unavailable beyond the bounds.

        Where several ways lead to a group, the first tells its `via`. What one group leads to is put together once:
        each login would have to look at a hundred places in memory to do it again.
        """
        found: dict[str, Group] = {}
        higher: list[dict[str, Group]] = []
        above = 0
        for dn in direct:
            reach = self._reaches.get(dn) or self._reach(dn)
            if reach is None:
                return None
            key, group, over = reach
            found[key] = group
            if over:
                above += len(over)
                if above > _MOST_BY_TABLES:
                    walk = self._climb(direct)
                    return walk.groups() if walk else None
                higher.append(over)
        if not higher:
            return tuple(found.values())
        whole = dict(found)
        for over in reversed(higher):
            whole.update(over)  # the first is the last to write
        whole.update(found)
        return tuple(whole.values())

    def _climb(self, direct: Sequence[str]) -> Walk | None:
        """To the end of all ways; None if the graph does not tell them."""
        walk = Walk(self.reading, map(named, direct))
        while walk.level:
            holders: list[Found] = []
            for one in walk.level:
                above = self.above(one)
                if above is None:
                    return None
                holders += above
            walk.rise(holders)
        return walk

    def _reach(self, dn: str) -> _Reach | None:
        walk = self._climb([dn])
        if walk is None:
            return None
        (key, start), *others = walk.found.items()
        reach = _Reach(key, start.group, {key: one.group for key, one in others})
        if len(dn) <= LONGEST_KEPT:
            self._room -= len(walk.found)
            if self._room < 0:
                self._reaches.clear()
                self._room = _MOST_REACHED - len(walk.found)
            self._reaches[dn] = reach
        return reach


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
        if self._is_current():
            return self._graph
        epoch = self._memory.epoch
        return await self._reading_it.run(f"graph {epoch}", lambda: self._read(epoch, deadline), deadline)

    def kept(self) -> Graph | None:
        """The graph if it need not be read now."""
        return self._graph if self._is_current() else None

    def _is_current(self) -> bool:
        return self._memory.clock() < self._until and self._epoch == self._memory.epoch

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
        # The same people stand in many groups. Kept for so long only: they would push groups out of the other memory.
        names: dict[str, str] = {}
        seen = 0
        for entry in entries:
            members, whole = values_in(entry, "member")
            if not whole:
                members = await rest_of(self._reading, entry.dn, "member", members, deadline)
            for member in members:
                name = names.get(member) or names.setdefault(member, normalised(member))
                if name in known:
                    holders[name] = (*holders.get(name, ()), entry.dn)
            seen += len(members)
            if seen >= _VALUES_A_TURN:
                seen = 0
                await asyncio.sleep(0)
        return Graph(known, holders, self._reading)
