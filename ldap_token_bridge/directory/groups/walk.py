"""From the groups someone is in to the groups that hold those; a cycle ends where it began."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group

from .names import comparable
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


@lru_cache(65_536)  # people are in the same groups
def named(dn: str) -> Found:
    """A group that someone is in directly, of which nothing but the name is known."""
    return Found(Group(dn))


ParentsOf = Callable[[Sequence[Found]], Awaitable[Iterable[Found]]]
"""The groups that hold one of these."""


async def with_parents(reading: Reading, direct: Iterable[Found], parents_of: ParentsOf) -> tuple[Group, ...]:
    """The direct groups and, level by level, the groups that hold them; Unavailable beyond the bounds."""
    found = {one.key: one for one in direct}
    level = [one for one in found.values() if one.group.dn]
    depth = 0
    while level and reading.options.nested:
        reading.bound(len(found))
        depth += 1
        if depth > reading.options.max_depth:
            raise Unavailable(f"groups are nested deeper than directory.groups.max_depth ({reading.options.max_depth})")
        # With one group in the level it is plain through which the next ones were reached.
        via = level[0].group.dn if len(level) == 1 else ""
        higher: list[Found] = []
        for one in await parents_of(level):
            if one.key not in found:
                nested = one if one.group.path == "nested" and one.group.via else _nested(one, via)
                found[one.key] = nested
                higher.append(nested)
        level = higher
    reading.bound(len(found))
    return with_via(list(found.values()))


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
