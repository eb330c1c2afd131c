"""From the groups someone is in to the groups that hold those; a cycle ends where it began."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import field, replace

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group
from ldap_token_bridge.values import dataclass

from .names import comparable, kept
from .reading import Reading


@dataclass(frozen=True, slots=True)
class Found:
    """A group with the DNs of the groups that it is in, as far as its entry told.

    `key` is what two finds of one group have in common.
    """

    group: Group
    member_of: tuple[str, ...] = ()
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", comparable(self.group.dn) if self.group.dn else self.group.sid)


@kept
def named(dn: str) -> Found:
    """A group that someone is in directly, of which nothing but the name is known."""
    return Found(Group(dn))


class Walk:
    """From the groups that someone is in directly upward; raises Unavailable beyond the bounds.

    `level` are the groups whose holders are to be found next, none at the end; `found` are all, by comparable name.
    """

    def __init__(self, reading: Reading, direct: Iterable[Found]) -> None:
        self._reading = reading
        self.found = {one.key: one for one in direct}
        self._depth = 0
        self.level: list[Found] = []
        self._go_on([one for one in self.found.values() if one.group.dn])

    def rise(self, holders: Iterable[Found]) -> None:
        """To the next level, which are those of the holders that were not found before."""
        # With one group in the level it is plain through which the next ones were reached.
        via = self.level[0].group.dn if len(self.level) == 1 else ""
        found = self.found
        higher: list[Found] = []
        for one in holders:
            if one.key not in found:
                nested = one if one.group.path == "nested" and one.group.via else _nested(one, via)
                found[one.key] = nested
                higher.append(nested)
        self._go_on(higher)

    def groups(self) -> tuple[Group, ...]:
        """All that were found."""
        return with_via(list(self.found.values()))

    def _go_on(self, level: list[Found]) -> None:
        options = self._reading.options
        self._reading.bound(len(self.found))
        self.level = level if options.nested else []
        self._depth += 1
        if self.level and self._depth > options.max_depth:
            raise Unavailable(f"groups are nested deeper than directory.groups.max_depth ({options.max_depth})")


HoldersOf = Callable[[Sequence[Found]], Awaitable[Iterable[Found]]]
"""The groups that hold one of these."""


async def with_holders(reading: Reading, direct: Iterable[Found], holders_of: HoldersOf) -> tuple[Group, ...]:
    """The direct groups and, level by level, the groups that hold them; Unavailable beyond the bounds."""
    walk = Walk(reading, direct)
    while walk.level:
        walk.rise(await holders_of(walk.level))
    return walk.groups()


def _nested(one: Found, via: str) -> Found:
    return Found(replace(one.group, path="nested", via=one.group.via or via), one.member_of)


def with_via(found: Sequence[Found]) -> tuple[Group, ...]:
    """The groups; for each nested one the group through which it was reached, where the entries tell that."""
    if not any(one.member_of for one in found):
        return tuple(one.group for one in found)
    groups = {one.key: one.group for one in found}
    parents = {one.key: one.member_of for one in found}
    reached = {one.key for one in found if one.group.path != "nested"}

    def climb(waiting: list[str]) -> None:
        for key in waiting:  # grows while it is walked
            for parent in map(comparable, parents[key]):
                if parent in groups and parent not in reached:
                    reached.add(parent)
                    waiting.append(parent)
                    groups[parent] = replace(groups[parent], via=groups[parent].via or groups[key].dn)

    climb([key for key in groups if key in reached])
    # Then from those to which nothing leads, in the order in which they were found.
    for key in groups:
        if key not in reached:
            reached.add(key)
            climb([key])
    return tuple(groups.values())
