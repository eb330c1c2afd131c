"""Whether the directory will have the bridge at all, asked before anybody is let in."""

import asyncio

from ldap_token_bridge.checkup import Grade, check_directory
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.ldap import LdapOptions
from ldap_token_bridge.observe import log
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.settings import Settings

from .report import warn_of

# A start that takes longer is ended by many a supervisor, and begins anew. Servers that are down take some 10 s.
_LIMIT = 20.0


async def refuse_misfit(settings: Settings, options: LdapOptions, policy: Policy, *, is_start: bool = False) -> None:
    """Raises Misconfigured where the directory refuses the bridge itself, for it will go on doing so.

    One that is down may be better soon. At a start, so may one that is too slow to tell; a reload has the time, and a
    good state to lose.
    """
    try:
        async with asyncio.timeout(_LIMIT if is_start else None):
            items = await check_directory(settings, options, policy)
    except TimeoutError:
        log().warning("the directory is too slow to be checked; the bridge goes on all the same", seconds=_LIMIT)
        return
    served = any(item.topic == "server" and item.grade is Grade.FINE for item in items)
    unusable = [item for item in items if item.grade is Grade.UNUSABLE and not (item.topic == "server" and served)]
    if unusable:
        raise Misconfigured(item.problem for item in unusable)
    warn_of(items)
