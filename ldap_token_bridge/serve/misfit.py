"""Whether the directory will have the bridge at all, asked before anybody is let in."""

import asyncio
from collections.abc import Iterable

from ldap_token_bridge.checkup import Grade, Item, diagnose
from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.ldap import LdapClient, LdapOptions, ServiceAccountRefused
from ldap_token_bridge.observe import log
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.settings import DirectorySettings, Settings
from ldap_token_bridge.values import dataclass

from .parts import DirectoryParts, directory_files
from .report import warn_of

# A start that takes longer is ended by many a supervisor, and begins anew. Servers that are down take some 10 s.
_LIMIT = 20.0


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why the directory refuses the bridge itself, and goes on doing so; no problems if it does not.

    `is_account`: it is the service account that it refuses. To show the password again and again would lock it.
    """

    problems: tuple[Problem, ...] = ()
    is_account: bool = False


async def find_misfit(parts: DirectoryParts, policy: Policy) -> Misfit:
    """Asks by the bridge's own connections, which so know of a refused service account and of its pause.

    A directory that is down may be better soon, and so may one that is too slow to tell.
    """
    try:
        async with asyncio.timeout(_LIMIT):
            items = await diagnose(parts.settings, parts.options, parts.client, policy)
    except TimeoutError:
        log().warning("the directory is too slow to be checked; the bridge goes on all the same", seconds=_LIMIT)
        items = ()
    refusal, unusable = parts.client.refusal, _unusable(items)
    if refusal and not refusal.wants_tls and not _is_served(items):
        return Misfit((_of_account(refusal, unusable),), is_account=True)
    if not unusable:
        warn_of(items)
    return Misfit(tuple(item.problem for item in unusable))


class Newcomer:
    """Other directory settings, which are asked about before a reload takes them up.

    Those whose account was refused last are kept in mind, with its pause: hooks send many a SIGHUP, and each would show
    the wrong password once more.
    """

    def __init__(self) -> None:
        self._refused: LdapClient | None = None
        self._is_of: tuple[DirectorySettings, tuple[bytes, ...]] | None = None

    async def refuse_misfit(self, settings: Settings, options: LdapOptions, policy: Policy) -> None:
        """Raises Misconfigured. However long it takes: there is a good state to lose."""
        client = await self._client(settings, options)
        items: tuple[Item, ...] = ()
        try:
            items = await diagnose(settings, options, client, policy)
        finally:
            self._refused = client
            if not client.refusal or _is_served(items):
                await self.close()
        if unusable := _unusable(items):
            raise Misconfigured(item.problem for item in unusable)
        warn_of(items)

    async def close(self) -> None:
        """Let go of what is kept in mind."""
        if self._refused:
            await self._refused.close()
            self._refused = None

    async def _client(self, settings: Settings, options: LdapOptions) -> LdapClient:
        """The one that was refused, which may try again early once, or a new one."""
        before, self._is_of = self._is_of, (settings.directory, directory_files(settings))
        if self._refused and before == self._is_of:
            self._refused.try_again()
            return self._refused
        await self.close()
        return LdapClient(options)


def _is_served(items: Iterable[Item]) -> bool:
    return any(item.topic == "server" and item.grade is Grade.FINE for item in items)


def _unusable(items: Iterable[Item]) -> list[Item]:
    """One good server is enough."""
    served = _is_served(items)
    return [item for item in items if item.grade is Grade.UNUSABLE and not (item.topic == "server" and served)]


def _of_account(refusal: ServiceAccountRefused, unusable: Iterable[Item]) -> Problem:
    """What the server that refused it said; the others were not asked after that."""
    items = (item for item in unusable if item.what.startswith(f"{refusal.server}: "))
    item = next(items, Item("server", Grade.UNUSABLE, refusal.detail))
    remedy = f"{item.remedy} Then send SIGHUP, or wait: it is tried again by itself, each time after a longer pause."
    return Problem(item.what, item.where, remedy.strip())
