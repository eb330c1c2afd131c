"""Active Directory's matching rule, which walks upward by itself ([MS-ADTS] 3.1.1.3.4.4.3).

Slow in big domains, so only on request. It passes over the primary group, which is asked for beside the account.
"""

from dataclasses import replace

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.person import Person
from ldap_token_bridge.identity import Group, GroupPath
from ldap_token_bridge.ldap import FilterTemplate

from .member_of import direct_groups
from .names import comparable
from .reading import Reading
from .sids import ATTRIBUTES, SidNames, found
from .walk import with_via

_RULE = "member:1.2.840.113556.1.4.1941:"
_ONE = FilterTemplate.compile(f"({_RULE}={{person}})")
_BOTH = FilterTemplate.compile(f"(|({_RULE}={{person}})({_RULE}={{primary}}))")


class InChain:
    """One search for all groups; one before it for the primary group, unless that was seen lately."""

    def __init__(self, reading: Reading, names: SidNames) -> None:
        self._reading = reading
        self._names = names

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        """Every group."""
        primary = await self._names.primary(person, deadline)
        account = person.account.dn.encode()
        filter_ = (
            _BOTH.fill(person=account, primary=primary.group.dn.encode())
            if primary.group.dn
            else _ONE.fill(person=account)
        )
        entries = await self._reading.below(self._reading.options.group_base, filter_, ATTRIBUTES, deadline)
        self._reading.bound(len(entries) + 1)
        direct = {comparable(dn) for dn in await direct_groups(self._reading, person, deadline)}
        groups = {primary.key: primary}
        for one in map(found, entries):
            if one.key not in groups:
                path: GroupPath = "direct" if one.key in direct else "nested"
                groups[one.key] = replace(one, group=replace(one.group, path=path))
        return with_via(list(groups.values()))
