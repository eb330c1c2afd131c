"""Files that changed are taken up without a signal, however they were saved."""

import asyncio
from collections.abc import Awaitable, Callable

from ldap_token_bridge.fingerprint import Fingerprint
from ldap_token_bridge.observe import log
from ldap_token_bridge.policy import policy_files
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens import key_files

# How soon a reload that turns polling on is noticed.
_IDLE = 1.0


class Watch:
    """Tells when what is watched has changed, and has been the same for two looks in a row.

    So a file is not taken up while it is being written: half of a policy can be a whole policy that lacks its deny
    rules. Each method reads files, so none of them is for the event loop.
    """

    def __init__(self, look: Callable[[], str]) -> None:
        self._look = look
        self._taken = self._seen = look()

    def changed(self) -> bool:
        """Look once; True if there is something to take up."""
        before, self._seen = self._seen, self._look()
        return self._seen == before and self._seen != self._taken

    def take(self) -> Callable[[], bool]:
        """What is there now counts as taken, usable or not. The result tells if it is still what is there."""
        taken = self._taken = self._seen = self._look()
        return lambda: self._look() == taken


def watch(settings: Settings) -> Watch:
    """What is read besides bridge.yaml itself, whose changes wait for SIGHUP."""
    policy, tls = settings.policy, settings.server.tls
    looks = [Fingerprint(lambda: policy_files(policy.path)), Fingerprint(lambda: key_files(settings.token.keys_dir))]
    shadow = policy.shadow
    if shadow:
        looks.append(Fingerprint(lambda: policy_files(shadow)))
    robots = settings.robots
    if robots:
        looks.append(Fingerprint(lambda: (robots,)))
    jwks = tuple(file for issuer in settings.workloads.values() if (file := issuer.jwks_file))
    if jwks:
        looks.append(Fingerprint(lambda: jwks))
    if tls:
        looks.append(Fingerprint(lambda: (tls.certificate, tls.key)))
    return Watch(lambda: "\n".join(look() for look in looks))


async def follow(
    poll: Callable[[], float], current: Callable[[], Watch], take_up: Callable[[], Awaitable[None]]
) -> None:
    """Forever: look every `poll()` seconds, and not while that is 0; have taken up what has changed."""
    told = ""
    while True:
        seconds = poll()
        await asyncio.sleep(seconds or _IDLE)
        if not seconds:
            continue
        try:
            if await asyncio.to_thread(current().changed):
                await take_up()
            told = ""
        except Exception as error:  # noqa: BLE001 -- following must go on; a machine can be out of threads for a while
            if told != (told := type(error).__name__):
                log().error("looking for changed files failed; it is tried again", error=told)
