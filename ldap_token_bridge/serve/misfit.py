"""Whether the directory will have the bridge at all, asked before anybody is let in."""

import asyncio
from collections.abc import Iterable

from ldap_token_bridge.checkup import Grade, Item, diagnose
from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.ldap import LdapClient, LdapOptions, ServiceAccountRefused
from ldap_token_bridge.observe import log
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.values import dataclass

from .own_account import OwnAccount, own_account
from .parts import DirectoryParts
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
    items: tuple[Item, ...] = ()
    is_slow = False
    try:
        async with asyncio.timeout(_LIMIT):
            items = await diagnose(parts.settings, parts.options, parts.client, policy)
    except TimeoutError:
        is_slow = True
    refusal, unusable = parts.client.refusal, _unusable(items)
    if refusal and (refusal.wants_tls or _is_served(items)):
        refusal = None
    if is_slow and refusal:
        log().warning("the directory is too slow to be checked; the bridge stays not ready", seconds=_LIMIT)
    elif is_slow:
        log().warning("the directory is too slow to be checked; the bridge goes on all the same", seconds=_LIMIT)
    if refusal:
        return Misfit((_of_account(refusal, unusable, parts.settings),), is_account=True)
    if not unusable:
        warn_of(items)
    return Misfit(tuple(item.problem for item in unusable))


class Newcomer:
    """Other directory settings, which are asked about before a reload takes them up.

    The account that was refused last is kept in mind, with its pause, as is that of the running bridge: hooks send many
    a SIGHUP, and each would show the wrong password once more, whatever else has changed.
    """

    def __init__(self) -> None:
        self._refused: tuple[OwnAccount, LdapClient] | None = None

    async def refuse_misfit(
        self, settings: Settings, options: LdapOptions, policy: Policy, running: DirectoryParts
    ) -> None:
        """Raises Misconfigured. However long it takes: there is a good state to lose."""
        account = await asyncio.to_thread(own_account, settings.directory)
        known = (self._refused, (running.account, running.client))
        before = next((each[1] for each in known if each and each[0] == account), None)
        client = LdapClient(options, before=before)
        client.try_again()  # early, once in a pause
        items: tuple[Item, ...] = ()
        try:
            items = await diagnose(settings, options, client, policy)
        finally:
            self._refused = (account, client) if client.refusal and not _is_served(items) else None
            await client.close()
        if unusable := _unusable(items):
            raise Misconfigured(item.problem for item in unusable)
        warn_of(items)


def _is_served(items: Iterable[Item]) -> bool:
    return any(item.topic == "server" and item.grade is Grade.FINE for item in items)


def _unusable(items: Iterable[Item]) -> list[Item]:
    """One good server is enough."""
    served = _is_served(items)
    return [item for item in items if item.grade is Grade.UNUSABLE and not (item.topic == "server" and served)]


def _of_account(refusal: ServiceAccountRefused, unusable: Iterable[Item], settings: Settings) -> Problem:
    """What the server that refused it said; the others were not asked after that."""
    items = (item for item in unusable if item.what.startswith(f"{refusal.server}: "))
    item = next(items, Item("server", Grade.UNUSABLE, refusal.detail))
    # A process keeps the environment that it was started with; what is written in a file has a line.
    key = ("directory", "bind_password")
    is_kept = settings.is_written(*key) and item.where == settings.place(*key) and not settings.place(*key).line
    then = "restart the bridge" if is_kept else "send SIGHUP"
    remedy = f"{item.remedy} Then {then}, or wait: it is tried again by itself, each time after a longer pause."
    return Problem(item.what, item.where, remedy.strip())
