"""Servers in their order: the next when one does not answer, the first again when it is back, always in time."""

import asyncio
from typing import Any

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import DirectoryDown, LdapClient
from ldap_token_bridge.ldap import breaker as breaker_module
from ldap_token_bridge.ldap import server as server_module
from ldap_token_bridge.ldap.breaker import FAILURES, Breaker, BreakerState
from ldap_token_bridge.ldap.errors import TransportFailure
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support.certificates import Authority
from tests.support.ldap_room import ALICE, FIND_ALICE, SERVICE_DN, bind_alice, options_for, soon, until
from tests.support.scripted_ldap import Reply, ScriptedLdap

PLAIN: Any = {"allow_plaintext": True}
SILENT = Reply(silent=True)


@pytest.fixture
async def servers(make_server: MakeServer) -> tuple[ScriptedLdap, ScriptedLdap]:
    """Two servers without TLS."""
    return await make_server(tls=False), await make_server(tls=False)


@pytest.fixture
def client(servers: tuple[ScriptedLdap, ScriptedLdap], make_client: MakeClient) -> LdapClient:
    """A client of both."""
    return make_client(options_for(*(server.url for server in servers), **PLAIN))


async def test_the_first_server_has_all_the_work(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient
) -> None:
    """As long as it answers."""
    for _ in range(3):
        await client.search(FIND_ALICE, soon())
        await bind_alice(client)
    assert servers[1].connections == 0


async def test_with_the_first_down_the_second_answers(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient
) -> None:
    """For searches and for binds; after three failures the first is not even dialled."""
    await servers[0].stop()
    while client._servers[0].breaker.state is not BreakerState.OPEN:
        assert len(await client.search(FIND_ALICE, soon())) == 1
        assert await bind_alice(client) == 0
    tries = client._servers[0].breaker._failures
    assert await bind_alice(client) == 0
    assert client._servers[0].breaker._failures == tries == FAILURES


@pytest.mark.parametrize("code", [51, 52])
async def test_a_busy_server_passes_searches_on(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient, code: int
) -> None:
    """At the search or at the service account's bind; it has answered, so its breaker stays closed."""
    servers[0].on_search = lambda _: Reply(code)
    for _ in range(4):
        assert len(await client.search(FIND_ALICE, soon())) == 1
    assert len(servers[0].seen("search")) == 4
    servers[0].drop()
    await until(lambda: not servers[0].open_connections)
    servers[0].on_bind = lambda _: Reply(code)
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert client._servers[0].breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize(
    "reply", [SILENT, Reply(drip=0.1), Reply(close=True), Reply(raw=b"HTTP/1.1 200\r\n\r\n")], ids=str
)
async def test_a_search_without_an_answer_goes_to_the_next_server(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient, reply: Reply
) -> None:
    """Silence, dripping, a closed socket, or noise."""
    servers[0].on_search = lambda _: reply
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert len(servers[1].seen("search")) == 1


async def test_a_server_that_never_shakes_hands_passes_the_login_on(
    make_server: MakeServer, make_client: MakeClient, authority: Authority
) -> None:
    """It takes the connection and stays silent: after the connect time-out the next one gets the bind."""
    deaf, fine = await make_server(tls=False), await make_server()
    deaf.deaf = True
    urls = deaf.url.replace("ldap:", "ldaps:"), fine.url
    client = make_client(options_for(*urls, ca_file=authority.ca_file, connect_timeout=0.2))
    assert await bind_alice(client) == 0
    (check, _) = await client.check(soon())
    assert check.problem == "no connection within 0.2 s"


async def test_a_service_bind_without_an_answer_goes_to_the_next_server(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient
) -> None:
    """The service account may be tried there; the user's bind that follows begins there, and is not risked here."""
    servers[0].on_bind = lambda _: SILENT
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert await bind_alice(client) == 0
    assert [request.dn for request in servers[0].seen("bind")] == [SERVICE_DN]
    assert [request.dn for request in servers[1].seen("bind")] == [SERVICE_DN, ALICE]


async def test_a_server_that_failed_once_has_the_next_work_when_it_answers_again(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient
) -> None:
    """One failure puts it behind the others, and no password goes there; a probe brings it back to the front."""
    servers[0].on_search = lambda _: SILENT
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert await bind_alice(client) == 0
    assert [state.up for state in client.states()] == [False, True]
    servers[0].on_search = None
    await _logins_until_the_first_is_back(client)
    before = len(servers[1].requests)
    assert await bind_alice(client) == 0
    assert len(servers[1].requests) == before
    assert [request.dn for request in servers[0].seen("bind")] == [SERVICE_DN, ALICE]


async def test_a_server_that_failed_once_is_asked_where_there_is_no_better(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient
) -> None:
    """Its failure may have been a mishap."""
    await servers[1].stop()
    servers[0].on_search = lambda _: Reply(close=True)
    with pytest.raises(DirectoryDown):
        await client.search(FIND_ALICE, soon())
    servers[0].on_search = None
    assert await bind_alice(client) == 0


@pytest.mark.parametrize("reply", [SILENT, Reply(drip=0.05)], ids=["silent", "drip"])
async def test_no_server_can_stretch_the_deadline(
    servers: tuple[ScriptedLdap, ScriptedLdap], make_client: MakeClient, reply: Reply
) -> None:
    """With every server hung or dripping the error comes when the request's time is over, not after the time-outs."""
    for server in servers:
        server.on_bind = server.on_search = lambda _: reply
    options = options_for(*(server.url for server in servers), operation_timeout=60, connect_timeout=60, **PLAIN)
    client = make_client(options)
    for ask in (client.search(FIND_ALICE, Deadline.after(0.3)), _bind_until(client, 0.3)):
        # The loop's own limit is the measure: far above the deadline, far below the time-outs.
        with pytest.raises(DirectoryDown):
            await asyncio.wait_for(ask, 10)


async def _bind_until(client: LdapClient, seconds: float) -> None:
    await client.bind("cn=x", Secret(b"y"), Deadline.after(seconds))


async def test_a_deadline_that_is_over_costs_no_io(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient
) -> None:
    """Nothing is dialled for a request that nobody waits for any more."""
    with pytest.raises(DirectoryDown, match="try again"):
        await client.search(FIND_ALICE, Deadline.after(0))
    assert servers[0].connections == servers[1].connections == 0


async def test_a_short_deadline_says_nothing_about_the_server(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient
) -> None:
    """Requests that come with their time nearly over do not open the breaker, nor close the shared connection."""
    await client.search(FIND_ALICE, soon())
    servers[0].on_search = lambda _: Reply(silent=True)
    for _ in range(4):
        with pytest.raises(DirectoryDown):
            await client.search(FIND_ALICE, Deadline.after(0.02))
    servers[0].on_search = None
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert (servers[0].connections, servers[1].connections) == (1, 0)


async def test_every_server_down_is_directory_down(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient
) -> None:
    """With a text for people and a detail that names each server; at once while the breakers are open."""
    for server in servers:
        await server.stop()
    for _ in range(4):
        with pytest.raises(DirectoryDown) as caught:
            await client.search(FIND_ALICE, soon())
        assert "ldap" not in str(caught.value)
        assert all(server.url in caught.value.detail for server in servers)
        assert caught.value.retry_after > 0
    assert "left alone" in caught.value.detail


async def test_a_server_that_comes_back_is_used_again(
    make_server: MakeServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a restart of the bridge, and not with somebody's password first: the root DSE tells that it is back."""
    monkeypatch.setattr(breaker_module, "OPEN_SECONDS", 0.1)
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, **PLAIN))
    assert await bind_alice(client) == 0
    await server.stop()
    for _ in range(FAILURES):
        with pytest.raises(DirectoryDown):
            await bind_alice(client)
    server.requests.clear()
    await server.start()
    await asyncio.sleep(0.12)
    assert await bind_alice(client) == 0
    assert [request.kind for request in server.requests][:1] == ["search"]
    assert (server.requests[0].dn, server.requests[0].scope) == ("", 0)
    assert len(await client.search(FIND_ALICE, soon())) == 1


@pytest.mark.parametrize("failures", [1, FAILURES])
async def test_a_server_that_comes_back_is_known_as_back_without_a_login(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """At night nobody logs in, and nobody is to be woken for it. It is asked for its root entry, time and again."""
    monkeypatch.setattr(server_module, "LOOK_AGAIN_AFTER", 0.05)
    monkeypatch.setattr(breaker_module, "OPEN_SECONDS", 0.02)
    servers[0].on_search = lambda _: SILENT
    first = client._servers[0]
    for _ in range(failures):
        first._failed(TransportFailure("gone"))
    assert [state.up for state in client.states()] == [False, True]
    await servers[0].stop()
    await asyncio.sleep(0.2)
    assert not first.state.up
    servers[0].on_search = lambda _: Reply(0)
    await servers[0].start()
    await until(lambda: first.state.up)
    asked = len(servers[0].seen("search"))
    await asyncio.sleep(0.2)
    assert len(servers[0].seen("search")) == asked, "and no more than that"
    assert not servers[0].seen("bind")
    assert servers[1].connections == 0


async def test_the_first_server_gets_its_work_back(
    servers: tuple[ScriptedLdap, ScriptedLdap], client: LdapClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile nobody waits for the probe: the second one serves."""
    monkeypatch.setattr(breaker_module, "OPEN_SECONDS", 0.05)
    await servers[0].stop()
    for _ in range(FAILURES):
        await bind_alice(client)
    await servers[0].start()
    await asyncio.sleep(0.06)
    await _logins_until_the_first_is_back(client)
    before = len(servers[1].requests)
    assert await bind_alice(client) == 0
    assert len(servers[1].requests) == before


async def _logins_until_the_first_is_back(client: LdapClient) -> None:
    """Each of them works; the test's own time-out ends a wait in vain."""
    while not client.states()[0].up:
        assert await bind_alice(client) == 0
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("reply", [SILENT, Reply(51), Reply(close=True)], ids=["silent", "busy", "closed"])
async def test_no_password_is_risked_on_a_server_that_is_not_back(
    make_server: MakeServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, reply: Reply
) -> None:
    """It accepts connections but does not answer the probe: no bind is written."""
    monkeypatch.setattr(breaker_module, "OPEN_SECONDS", 0.05)
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, operation_timeout=0.1, **PLAIN))
    server.on_bind = server.on_search = lambda _: reply
    for _ in range(FAILURES):
        client._servers[0].breaker.failed(TransportFailure("down"))
    await asyncio.sleep(0.06)
    with pytest.raises(DirectoryDown):
        await bind_alice(client)
    assert server.seen("bind") == []
    assert server.seen("search")


def test_a_breaker_opens_after_three_failures_in_a_row_for_its_time() -> None:
    """An answer in between starts the count anew; afterwards it asks for a probe."""
    now = 0.0
    breaker = Breaker(lambda: now)
    for _ in range(FAILURES - 1):
        breaker.failed(TransportFailure("x"))
    breaker.answered()
    for _ in range(FAILURES - 1):
        breaker.failed(TransportFailure("x"))
    assert breaker.state is BreakerState.CLOSED
    breaker.failed(TransportFailure("x"))
    states = [breaker.state]
    now = 5.0
    states.append(breaker.state)
    breaker.failed(TransportFailure("x"))
    states.append(breaker.state)
    now = 10.0
    breaker.answered()
    states.append(breaker.state)
    assert states == [BreakerState.OPEN, BreakerState.PROBE, BreakerState.OPEN, BreakerState.CLOSED]


def test_a_failure_counts_once_and_only_if_it_tells_something() -> None:
    """Several who waited for one connection are one failure; a request's own lack of time is none."""
    breaker = Breaker(lambda: 0.0)
    shared = TransportFailure("x")
    for _ in range(10):
        breaker.failed(shared)
        breaker.failed(TransportFailure("x", counts=False))
    assert breaker.state is BreakerState.CLOSED
