"""A lockout storm against directories that lock an account at the fifth wrong password.

The clients' time is the test's; the directory's is real, so that all of it falls into one observation window.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Authenticator, CacheTimes, Kind, Login, Refused
from ldap_token_bridge.guard import Budget
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from tests.support import canaries, storm
from tests.support.budgets import in_memory
from tests.support.counting_directory import Clock
from tests.support.real_directory import real_directory
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd
from tests.support.wire import Wire

STALE = "the password of last year"


class Bridge:
    """What checks passwords, with the product's default times and budgets."""

    def __init__(self, authenticator: Authenticator, clock: Clock) -> None:
        self._authenticator = authenticator
        self.clock = clock

    async def login(self, password: str) -> Login:
        """alice's, in one of the forms of the name."""
        return await self._authenticator.login(Credentials("alice", Secret(password.encode())), Deadline.after(60))


@asynccontextmanager
async def bridge_before(
    kind: Kind, url: str, directory: Slapd | SambaDC, ca_file: Path | None
) -> AsyncIterator[Bridge]:
    """A bridge before a real directory."""
    clock = Clock()
    async with real_directory(kind, url, directory.base, directory.bind_dn, ca_file=ca_file) as real:
        budgets = in_memory(Budget(3, 900), Budget(100, 60), 1000, clock)
        times = CacheTimes(credentials=60, groups=300, rejected=60, max_accounts=1000)
        authenticator = Authenticator(real.directory, times, clock=clock, budgets=budgets)
        try:
            yield Bridge(authenticator, clock)
        finally:
            await authenticator.close()


async def hit_by_storm(bridge: Bridge) -> None:
    """Fifty clients with one old password; a person beside them who mistypes a new one every forty seconds."""
    due: dict[int, int] = {}
    for client in range(storm.CLIENTS):
        for second, _ in storm.tries(client):
            due[second] = due.get(second, 0) + 1
    for second in range(storm.SECONDS):
        passwords = [STALE] * due.get(second, 0)
        if storm.is_mistyped(second):
            passwords.append(f"mistyped-{second}")
        logins = await asyncio.gather(*map(bridge.login, passwords))
        assert all(isinstance(login, Refused) for login in logins)
        assert {login.reason for login in logins[: due.get(second, 0)] if isinstance(login, Refused)} <= {
            Refusal.WRONG_CREDENTIALS
        }
        bridge.clock.now += 1


async def goes_on(bridge: Bridge, password: str) -> bool:
    """Whether the owner is told when to try again, and is let in then: a locked account would not be."""
    login = await bridge.login(password)
    assert isinstance(login, Refused)
    assert login.block
    bridge.clock.now += login.block.retry_after
    return isinstance(await bridge.login(password), Authenticated)


async def test_active_directory_locks_no_account(samba: SambaDC) -> None:
    """Samba with a threshold of five: the account is not locked, and the domain has counted three."""
    async with bridge_before("active-directory", samba.ldaps_url, samba, samba.ca_file) as bridge:
        await hit_by_storm(bridge)
        assert samba.bad_passwords("alice") == 3
        assert await goes_on(bridge, canaries.password("alice"))
        assert samba.bad_passwords("alice") == 0


async def test_openldap_locks_no_account(slapd: Slapd) -> None:
    """OpenLDAP with pwdMaxFailure 5: three binds in five minutes for two dozen passwords, and none a second time."""
    with Wire(("127.0.0.1", slapd.port)) as wire:
        async with bridge_before("openldap", wire.url, slapd, None) as bridge:
            await hit_by_storm(bridge)
            assert wire.binds(slapd.person_dn("alice")) == 3
            assert await goes_on(bridge, canaries.password("alice"))


async def test_the_domain_would_have_locked_it(samba: SambaDC) -> None:
    """Without a budget: the proof that the test above can fail."""
    async with real_directory(
        "active-directory", samba.ldaps_url, samba.base, samba.bind_dn, ca_file=samba.ca_file
    ) as real:
        for number in range(5):
            assert isinstance(await real.login("alice", f"mistyped-{number}"), Refused)
        login = await real.login("alice")
        assert isinstance(login, Refused) and login.reason is Refusal.ACCOUNT_LOCKED
