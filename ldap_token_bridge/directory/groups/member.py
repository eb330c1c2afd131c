"""Groups whose `member` is the account, then groups whose member is one of those: one search a level."""

from collections.abc import Awaitable, Sequence

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.person import Person
from ldap_token_bridge.identity import Group

from . import sids
from .reading import Reading, together
from .walk import Found, with_holders


class Levels:
    """The search for those who hold someone; `has_sids` in Active Directory."""

    def __init__(self, reading: Reading, *, has_sids: bool) -> None:
        self._reading = reading
        # memberOf tells through which group another was reached, for nothing.
        self._attributes = sids.ATTRIBUTES if has_sids else ("memberOf",)

    async def holders_of(self, dns: Sequence[str], deadline: Deadline) -> list[Found]:
        """The groups that have one of these as a member."""
        base = self._reading.options.group_base
        raws = [dn.encode() for dn in dns]
        entries = await self._reading.any_of(base, "member", raws, self._attributes, deadline)
        self._reading.bound(len({entry.dn for entry in entries}))
        return [sids.found(entry) for entry in entries]

    async def above(self, level: Sequence[Found], deadline: Deadline) -> list[Found]:
        """The groups that hold those of a level."""
        return await self.holders_of([one.group.dn for one in level], deadline)


class Member:
    """Works wherever groups list their members; `names` in Active Directory, whose primary group lists nobody."""

    def __init__(self, reading: Reading, levels: Levels, names: sids.SidNames | None) -> None:
        self._reading = reading
        self._levels = levels
        self._names = names

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group."""
        direct = self._levels.holders_of([person.account.dn], deadline)
        primary = self._names.primary(person, deadline) if self._names else None
        found = [await direct] if primary is None else await together((_as_list(primary), direct))
        start = [one for part in found for one in part]
        return await with_holders(self._reading, start, lambda level: self._levels.above(level, deadline))


async def _as_list(one: Awaitable[Found]) -> list[Found]:
    return [await one]
