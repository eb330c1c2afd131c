"""What every strategy does: search below a base, in parts that servers take, and hold to the bounds."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.kinds import DirectoryOptions, defaults_for
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import Entry, FilterTemplate, LdapClient, SearchRequest, SearchScope, any_equal

# Values in one filter. Servers bound the size of a filter; Active Directory slows down far beyond this.
VALUES_A_SEARCH = 200
_ANY_ENTRY = FilterTemplate.compile("(objectClass=*)").fill()

T = TypeVar("T")


class Reading:
    """Searches for groups on one directory."""

    def __init__(self, client: LdapClient, options: DirectoryOptions) -> None:
        self.options = options
        self._client = client
        self._paged = defaults_for(options.kind).paged

    async def entry(self, dn: str, attributes: tuple[str, ...], deadline: Deadline) -> Entry:
        """One entry; Unavailable if it is gone."""
        entries = await self._client.search(SearchRequest(dn, SearchScope.BASE, _ANY_ENTRY, attributes), deadline)
        if not entries:
            raise Unavailable("an entry vanished between two look-ups", detail=f"{dn} vanished between two look-ups")
        return entries[0]

    async def below(
        self, base: str, filter_: bytes, attributes: tuple[str, ...], deadline: Deadline
    ) -> tuple[Entry, ...]:
        """Every entry that matches, however many pages that takes."""
        request = SearchRequest(base, SearchScope.SUBTREE, filter_, attributes, paged=self._paged)
        return await self._client.search(request, deadline)

    async def any_of(
        self, base: str, attribute: str, values: Sequence[bytes], attributes: tuple[str, ...], deadline: Deadline
    ) -> list[Entry]:
        """Every entry with one of the values: a search for every 200 of them, all under way at the same time."""
        parts = [values[start : start + VALUES_A_SEARCH] for start in range(0, len(values), VALUES_A_SEARCH)]
        found = await together(self.below(base, any_equal(attribute, part), attributes, deadline) for part in parts)
        return [entry for entries in found for entry in entries]

    def bound(self, count: int) -> None:
        """Raises Unavailable for more groups than the settings allow."""
        if count > self.options.max_groups:
            raise Unavailable(
                f"an account is in more groups than directory.groups.max_groups ({self.options.max_groups})"
            )


async def together(calls: Iterable[Awaitable[T]]) -> list[T]:
    """All outcomes, or the first error; then the other calls are given up."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
