"""A bridge whose own account the directory has refused is up and not ready, until the directory takes it.

It does not end: a supervisor would start it again and again, and each start would show the password once more.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.fingerprint import Fingerprint
from ldap_token_bridge.observe import log
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.settings import Settings, password_in

from .misfit import Misfit, find_misfit
from .parts import DirectoryParts, directory_files
from .watch import Watch

_LOOK = 1.0
# Where it is not the account's pause that is waited for: the directory is down by now, or has another obstacle.
_AGAIN = 10.0


class Acceptance:
    """`settings`, `parts` and `policy` are those in force; `reload` has changed settings taken up."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        parts: Callable[[], DirectoryParts],
        policy: Callable[[], Policy],
        reload: Callable[[], Awaitable[object]],
    ) -> None:
        self.given = asyncio.Event()
        self._settings = settings
        self._parts = parts
        self._policy = policy
        self._reload = reload
        self._problems: tuple[Problem, ...] = ()
        self._told: tuple[object, ...] = ()
        self._is_changed = False

    def obstacle(self) -> str:
        """What stands against being ready, and how to mend it; empty if nothing does."""
        return "\n".join(map(str, self._problems))

    def remind(self) -> None:
        """Somebody has changed something: what comes of it is told, be it as before, and a login's try with it."""
        self._told = ()
        self._is_changed = True

    async def ask(self) -> None:
        """At the start; raises Misconfigured for what harms no account if the start is tried again."""
        misfit = await find_misfit(self._parts(), self._policy())
        if misfit.problems and not misfit.is_account:
            raise Misconfigured(misfit.problems)
        self._problems = misfit.problems
        if not misfit.problems:
            self.given.set()

    async def wait(self) -> None:
        """Until the directory takes the account, or other parts' account. What stands against it is told."""
        self._tell()
        while not self.given.is_set():
            try:
                await self._wait_with(self._parts())
            except Exception as error:  # noqa: BLE001 -- nobody else would make it ready
                log().error("asking the directory about the bridge failed; it is tried again", error=repr(error))
                await asyncio.sleep(_AGAIN)

    async def _wait_with(self, parts: DirectoryParts) -> None:
        """Until these parts are accepted, or replaced. No password is sent before the account's pause is over."""
        loop = asyncio.get_running_loop()
        account = await asyncio.to_thread(_watch, parts)
        due = 0.0
        while parts is self._parts():
            if self._is_changed or (not _pause(parts) and loop.time() >= due):
                self._is_changed = False
                misfit = await find_misfit(parts, self._policy())
                if parts is not self._parts():
                    return
                self._note(misfit)
                if self.given.is_set():
                    await parts.learn_groups(self._policy())
                    return
                due = loop.time() + (0 if _pause(parts) else _AGAIN)
            await asyncio.sleep(_LOOK)
            if self._settings().policy.poll and await asyncio.to_thread(account.changed):
                await asyncio.to_thread(account.take)
                await self._reload()

    def _note(self, misfit: Misfit) -> None:
        self._problems = misfit.problems
        self._tell()
        if not misfit.problems:
            log().info("the directory takes the bridge now; it is ready")
            self.given.set()

    def _tell(self) -> None:
        """Once: another of several servers may say the same next time."""
        told, self._told = self._told, tuple((problem.where, problem.remedy) for problem in self._problems)
        for problem in self._problems if told != self._told else ():
            log().error(
                "the bridge is not ready: the directory refuses it",
                why=problem.what,
                where=str(problem.where or ""),
                remedy=problem.remedy,
            )


def _pause(parts: DirectoryParts) -> int:
    """Seconds until the account may be tried again."""
    refusal = parts.client.refusal
    return refusal.retry_after if refusal else 0


def _watch(parts: DirectoryParts) -> Watch:
    """The files that say who the bridge is: who has changed one need not tell it."""
    settings, mine = parts.settings, parts.settings.directory
    file, tls = mine.bind_password_file, mine.tls
    look = Fingerprint(lambda: [each for each in (file, tls.certificate, tls.key) if each])
    account = Watch(lambda: {"account": look()})
    with suppress(OSError):
        is_other = file and file.is_file() and password_in(file.read_bytes()) != mine.bind_password.reveal()
        if is_other or directory_files(settings) != parts.files:
            account.not_taken()  # it has changed since the settings were read
    return account
