"""The end of a client: no task, no socket and no waiter is left."""

import asyncio
from typing import Any

import pytest

from ldap_token_bridge.ldap import DirectoryDown
from ldap_token_bridge.ldap.errors import TransportFailure
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support.certificates import Authority
from tests.support.ldap_room import FIND_ALICE, bind_alice, options_for, soon, until
from tests.support.scripted_ldap import Reply

PLAIN: Any = {"allow_plaintext": True}


async def test_closing_leaves_nothing_behind(make_server: MakeServer, make_client: MakeClient) -> None:
    """Idle and busy connections and openings under way end; whoever waits is told; later requests are refused."""
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, **PLAIN))
    await client.search(FIND_ALICE, soon())
    await bind_alice(client)
    server.on_search = lambda _: Reply(silent=True)
    search = asyncio.create_task(client.search(FIND_ALICE, soon()))
    await until(lambda: len(server.seen("search")) == 2)
    await client.close()
    with pytest.raises(DirectoryDown):
        await search
    for ask in (client.search(FIND_ALICE, soon()), bind_alice(client)):
        with pytest.raises(DirectoryDown):
            await ask
    await until(lambda: not server.open_connections)
    assert server.connections == 2
    await client.close()


async def test_closing_ends_an_opening_under_way(make_server: MakeServer, make_client: MakeClient) -> None:
    """Whoever waits for the connection is told that the directory is down, and is not cancelled."""
    server = await make_server(tls=False)
    server.on_bind = lambda _: Reply(silent=True)
    client = make_client(options_for(server.url, **PLAIN))
    search = asyncio.create_task(client.search(FIND_ALICE, soon()))
    await until(lambda: bool(server.seen("bind")))
    await client.close()
    with pytest.raises(DirectoryDown):
        await search
    await until(lambda: not server.open_connections)


@pytest.mark.parametrize("start_tls", [False, True])
async def test_closing_ends_tls_connections_politely(
    make_server: MakeServer, make_client: MakeClient, authority: Authority, *, start_tls: bool
) -> None:
    """Each says goodbye to the server, and the sockets are gone."""
    server = await make_server(start_tls=start_tls)
    client = make_client(options_for(server.url, ca_file=authority.ca_file, start_tls=start_tls))
    await client.search(FIND_ALICE, soon())
    await bind_alice(client)
    await client.close()
    await until(lambda: not server.open_connections)
    assert len(server.seen("unbind")) == 2


@pytest.mark.parametrize("start_tls", [False, True])
async def test_a_cancelled_connecting_leaves_no_socket(
    make_server: MakeServer, make_client: MakeClient, authority: Authority, *, start_tls: bool
) -> None:
    """In the middle of connecting, of StartTLS, or of the handshake."""
    server = await make_server(start_tls=start_tls)
    client = make_client(options_for(server.url, ca_file=authority.ca_file, start_tls=start_tls))
    for steps in range(12):
        task = asyncio.create_task(bind_alice(client))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
    await until(lambda: not server.open_connections)
    assert await bind_alice(client) == 0


async def test_a_login_in_the_queue_dials_no_more(make_server: MakeServer, make_client: MakeClient) -> None:
    """Its turn comes when the one before it is ended by the closing."""
    server = await make_server(tls=False)
    server.on_bind = lambda _: Reply(silent=True)
    client = make_client(options_for(server.url, bind_connections=1, **PLAIN))
    tasks = [asyncio.create_task(bind_alice(client)) for _ in range(3)]
    await until(lambda: bool(server.seen("bind")))
    await client.close()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, DirectoryDown) for outcome in outcomes)
    assert server.connections == 1


async def test_closing_ends_a_connecting_under_way(make_server: MakeServer, make_client: MakeClient) -> None:
    """In the middle of a handshake that the server never answers."""
    server = await make_server(tls=False)
    server.deaf = True
    client = make_client(options_for(server.url.replace("ldap:", "ldaps:"), connect_timeout=60))
    search = asyncio.create_task(client.search(FIND_ALICE, soon(60)))
    await until(lambda: bool(server.open_connections))
    await asyncio.wait_for(client.close(), 10)
    with pytest.raises(DirectoryDown):
        await asyncio.wait_for(search, 10)
    await until(lambda: not server.open_connections)


async def test_closing_ends_a_probe_under_way(make_server: MakeServer, make_client: MakeClient) -> None:
    """No task of it is left (the fixture looks), and the server's socket is gone."""
    server = await make_server(tls=False)
    server.on_search = lambda _: Reply(silent=True)
    client = make_client(options_for(server.url, operation_timeout=60, **PLAIN))
    client._servers[0].start_probe()
    await until(lambda: bool(server.seen("search")))
    await asyncio.wait_for(client.close(), 10)
    await until(lambda: not server.open_connections)


async def test_closing_ends_the_wait_for_another_look(make_server: MakeServer, make_client: MakeClient) -> None:
    """At a server that failed before the end, or fails after it: whoever has gone asks nothing any more."""
    server = await make_server(tls=False)
    before, after = (make_client(options_for(server.url, **PLAIN)) for _ in range(2))
    before._servers[0]._failed(TransportFailure("gone"))
    look = before._servers[0]._look_again
    assert look is not None
    await before.close()
    await after.close()
    assert look.cancelled()
    after._servers[0]._failed(TransportFailure("gone"))
    assert after._servers[0]._look_again is None
