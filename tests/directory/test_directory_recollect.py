"""What memory answers at once is what a login would have come to, and leaves the same traces."""

import asyncio
import random
from collections import Counter
from dataclasses import replace

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Authenticator, Login, StaleIfDown
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.guard import Budget
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from tests.support.budgets import in_memory
from tests.support.counting_directory import TIMES, CountingDirectory

_NAMES = ("alice", "ALICE", "nobody", "alice\0", "")
_PASSWORDS = (b"right", b"right", b"wrong", b"other", b"")


class _World:
    def __init__(self, kind: type[Authenticator], *, at_once: bool) -> None:
        self.directory = CountingDirectory()
        self.lookups = Counter[tuple[str, bool]]()
        clock = self.directory.clock
        times = replace(TIMES, stale_if_down=1000)
        budgets = in_memory(Budget(4, 100), None, 100, clock)
        self.authenticator = kind(self.directory, times, self._looked_up, clock, budgets)
        self.answered = Counter[str]()
        self._at_once = at_once

    def _looked_up(self, cache: str, hit: bool) -> None:  # noqa: FBT001 -- the shape that caches call back with
        self.lookups[cache, hit] += 1

    async def login(self, credentials: Credentials, *, anew: bool) -> object:
        """All that a caller sees of it, but for the time it took."""
        login: Login | None = None
        if self._at_once and not anew:
            login = self.authenticator.recollect(credentials)
            self.answered["in" if isinstance(login, Authenticated) else "refused" if login else ""] += 1
        try:
            login = login or await self.authenticator.login(credentials, Deadline.after(5), anew=anew)
        except Unavailable:
            return "unavailable"
        if isinstance(login, Authenticated):
            return login.account, login.groups, login.cache, login.password_date, login.stale_seconds
        return login.account, login.reason, login.cache, login.block


@pytest.mark.parametrize("kind", [Authenticator, StaleIfDown])
@pytest.mark.parametrize("seed", range(10))
async def test_memory_answers_as_the_login_does(kind: type[Authenticator], seed: int) -> None:
    """In any course of events: the same answers, the same questions to the directory, each look-up counted once."""
    chance = random.Random(seed)  # noqa: S311 -- a course of events
    worlds = [_World(kind, at_once=at_once) for at_once in (True, False)]
    for _ in range(400):
        name, password = chance.choice(_NAMES), Secret(chance.choice(_PASSWORDS))
        event, anew, seconds = chance.randrange(12), chance.random() < 0.1, chance.choice((0, 1, 5, 20, 70, 400))
        state = chance.choice((None, None, None, Refusal.ACCOUNT_DISABLED))
        for world in worlds:
            directory = world.directory
            directory.clock.now += seconds if event < 4 else 0
            directory.down = event == 4
            directory.state = state if event in (5, 6) else directory.state
            directory.password_date = str(directory.clock.now) if event == 7 else directory.password_date
            if event == 8:
                world.authenticator.forget(None if anew else directory.account.unique_id)
        one, other = [await world.login(Credentials(name, password), anew=anew) for world in worlds]
        for _ in range(5):  # so that groups whose reading was begun beside the answer are there
            await asyncio.sleep(0)
        assert one == other
        assert worlds[0].directory.asked == worlds[1].directory.asked
        assert worlds[0].lookups == worlds[1].lookups
        assert worlds[0].authenticator.sizes() == worlds[1].authenticator.sizes()
    assert worlds[0].answered["in"], "memory has answered"
    assert worlds[0].answered["refused"]
