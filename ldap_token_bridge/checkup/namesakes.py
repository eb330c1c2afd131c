"""Groups of the same name elsewhere: where a group that is not where the policy says may have gone."""

from collections.abc import Awaitable, Callable

from ldap_token_bridge.dn import DistinguishedName, InvalidName
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import Entry, SearchRequest, SearchScope, any_equal

_MOST = 3


async def namesakes(dn: str, base: str, search: Callable[[SearchRequest], Awaitable[tuple[Entry, ...]]]) -> str:
    """A sentence with the DNs below `base` that begin as `dn` does; empty if there are none, or nobody can tell."""
    try:
        first = DistinguishedName.parse(dn).rdns[0]
    except (InvalidName, IndexError):
        return ""
    if len(first) != 1:
        return ""
    ((attribute, value),) = first
    wanted = any_equal(attribute, [value.encode()])
    try:
        found = await search(SearchRequest(base, SearchScope.SUBTREE, wanted, ("1.1",), size_limit=_MOST))
    except Unavailable:
        return ""
    return f"Of that name there is {' and '.join(entry.dn for entry in found)}. " if found else ""
