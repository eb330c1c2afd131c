"""Which strategy reads the groups of whom."""

from collections.abc import Sequence
from typing import Protocol

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.kinds import DirectoryOptions, GroupStrategy, defaults_for
from ldap_token_bridge.directory.person import Person
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import LdapClient

from .graph import GraphKeeper
from .in_chain import InChain
from .member import Levels, Member
from .member_of import ExpandedMemberOf, MemberOfWithGraph, MemberOfWithSids
from .memory import GroupMemory
from .posix import Posix
from .reading import Reading
from .sids import SidNames
from .token_groups import TokenGroups


class Strategy(Protocol):
    """A way to someone's groups."""

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group, each once. Raises Unavailable if they cannot all be read."""


_AT_ONCE = (ExpandedMemberOf, MemberOfWithGraph)


class GroupReader:
    """Reads groups by the strategy of the options."""

    def __init__(
        self, client: LdapClient, options: DirectoryOptions, memory: GroupMemory, forest: Reading | None = None
    ) -> None:
        """`forest` finds groups that are not below the base of `options`."""
        reading = Reading(client, options)
        names = SidNames(reading, memory, forest)
        nesting = defaults_for(options.kind).nesting
        has_sids = nesting == "sids"
        levels = Levels(reading, has_sids=has_sids)
        member_of: dict[str, Strategy] = {
            "sids": MemberOfWithSids(reading, levels, names),
            "graph": MemberOfWithGraph(reading, GraphKeeper(reading, memory), levels),
            "expanded": ExpandedMemberOf(reading),
        }
        self._names = names if has_sids else None
        self._strategy = options.strategy
        self._strategies: dict[GroupStrategy, Strategy] = {
            "token-groups": TokenGroups(reading, names),
            "in-chain": InChain(reading, names),
            "member-of": member_of[nesting],
            "member": Member(reading, levels, names if has_sids else None),
            "posix": Posix(reading),
        }

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group, each once. Raises Unavailable if they cannot all be read."""
        return await self._strategies[self._for(person)].groups_of(person, deadline)

    def groups_at_once(self, person: Person) -> tuple[Group, ...] | None:
        """The same, if nobody need be asked for it; else None. Raises Unavailable beyond the bounds."""
        strategy = self._strategies[self._for(person)]
        return strategy.groups_at_once(person) if isinstance(strategy, _AT_ONCE) else None

    async def learn(self, dns: Sequence[str], sids: Sequence[str], deadline: Deadline) -> None:
        """Reads groups that are sure to be asked for, where they go by identifiers. Raises Unavailable."""
        if self._names:
            await self._names.learn(dns, sids, deadline)

    def _for(self, person: Person) -> GroupStrategy:
        """`auto` takes memberOf where the entry has it."""
        if self._strategy != "auto":
            return self._strategy
        return "member-of" if person.member_of or not person.member_of_is_whole else "member"
