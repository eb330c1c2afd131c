"""Files that changed are taken up without a signal, however they were saved."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

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
    rules. `look` gives each thing's content by its name. All but `in_force` read files, so are not for the event loop.
    """

    def __init__(self, look: Callable[[], Mapping[str, str]]) -> None:
        self._look = look
        self._taken = self._seen = self._in_force = look()

    def changed(self) -> bool:
        """Look once; True if there is something to take up."""
        before, self._seen = self._seen, self._look()
        return self._seen == before and self._seen != self._taken

    def take(self) -> Callable[[], bool]:
        """What is there now counts as taken, usable or not. The result tells if it is still what is there."""
        taken = self._taken = self._seen = self._look()
        return lambda: self._look() == taken

    def not_taken(self) -> None:
        """What was there at the first look is something to take up: it was not what is in use."""
        self._taken = {}

    def in_force(self, before: "Watch") -> list[str]:
        """What was taken last is in force from now on. The result names what is other than what was `before`."""
        old, new = before._in_force, self._taken  # noqa: SLF001 -- its own class
        self._in_force = new
        return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def watch(settings: Settings) -> Watch:
    """What is read besides bridge.yaml itself, whose changes wait for SIGHUP."""
    policy, tls, robots = settings.policy, settings.server.tls, settings.robots
    looks = {
        "policy": Fingerprint(lambda: policy_files(policy.path)),
        "keys": Fingerprint(lambda: key_files(settings.token.keys_dir)),
    }
    if shadow := policy.shadow:
        looks["shadow"] = Fingerprint(lambda: policy_files(shadow))
    if robots:
        looks["robots"] = Fingerprint(lambda: (robots,))
    if jwks := tuple(file for issuer in settings.workloads.values() if (file := issuer.jwks_file)):
        looks["jwks"] = Fingerprint(lambda: jwks)
    if tls:
        looks["tls"] = Fingerprint(lambda: (tls.certificate, tls.key))
    return Watch(lambda: {name: look() for name, look in looks.items()})


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
