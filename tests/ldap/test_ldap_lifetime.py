"""How long a connection may live: below what directories and firewalls allow, and no two of them equally long."""

import asyncio

import pytest

from ldap_token_bridge.ldap import LdapClient
from ldap_token_bridge.ldap import lifetime as lifetime_module
from ldap_token_bridge.ldap.lifetime import MAX_AGE, MAX_IDLE, Lifetime
from tests.support.ldap_room import ALICE_ENTRY, FIND_ALICE, bind_alice, soon, until
from tests.support.scripted_ldap import Reply, ScriptedLdap

_DROPPED_BY_ACTIVE_DIRECTORY = 900.0  # seconds: MaxConnIdleTime


def ends(lifetime: Lifetime, *, used: bool) -> int:
    """The first whole second at which it is over, used all the time or never."""
    for second in range(2_000):
        if lifetime.is_over(second):
            return second
        if used:
            lifetime.used(second)
    raise AssertionError("it never ends")


def test_idle_and_age_stay_below_the_directorys_own() -> None:
    """Whatever the chance: an idle one ends early, a busy one lives longer, none lives for ever."""
    for _ in range(200):
        assert 0.7 * MAX_IDLE < ends(Lifetime(0.0), used=False) <= MAX_IDLE
        assert 0.7 * MAX_AGE < ends(Lifetime(0.0), used=True) <= MAX_AGE
    assert max(MAX_IDLE, MAX_AGE) < _DROPPED_BY_ACTIVE_DIRECTORY


def test_connections_opened_together_do_not_end_together() -> None:
    """Or all of them would be opened anew at the same moment."""
    assert len({ends(Lifetime(0.0), used=True) for _ in range(50)}) > 10


@pytest.mark.parametrize("limit", ["MAX_IDLE", "MAX_AGE"])
async def test_bind_connections_are_replaced_in_time(
    server: ScriptedLdap, client: LdapClient, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """As those for searches are: politely, before the next bind."""
    monkeypatch.setattr(lifetime_module, limit, 0.05)
    assert await bind_alice(client) == 0
    await asyncio.sleep(0.06)
    assert await bind_alice(client) == 0
    await until(lambda: server.open_connections == 1)
    assert server.connections == 2
    assert [request.connection for request in server.seen("unbind")] == [1]


async def test_search_connections_that_nobody_needs_end_in_time(
    server: ScriptedLdap, client: LdapClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second one was opened in a rush; afterwards the first is enough, and the other is let go when it is over."""
    monkeypatch.setattr("ldap_token_bridge.ldap.search_pool.WEED_AGAIN_AFTER", 0.0)
    server.on_search = lambda _: Reply(entries=[ALICE_ENTRY], delay=0.02)
    await client.search(FIND_ALICE, soon())
    while server.open_connections < 2:
        await asyncio.gather(*(client.search(FIND_ALICE, soon()) for _ in range(4)))
    (pool,) = [each._searches for each in client._servers]
    pool._slots[1].lifetime._until = -1.0
    await client.search(FIND_ALICE, soon())
    await until(lambda: server.open_connections == 1)
    assert len(pool._slots) == 1
