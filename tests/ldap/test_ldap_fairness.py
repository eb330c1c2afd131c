"""One account, or one sick server, does not take the directory from everybody."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import DirectoryDown, LdapClient, SearchFailed, ServiceAccountRefused
from ldap_token_bridge.ldap import paging as paging_module
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support.ldap_room import ALICE, ALICE_ENTRY, FIND_ALICE, bind_alice, bind_person, options_for, soon, until
from tests.support.scripted_ldap import Reply

PLAIN: Any = {"allow_plaintext": True}


async def test_slow_binds_of_one_account_leave_room_for_others(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """A hundred wrong passwords take up half of the connections at most, and each waits for its turn in a line."""
    server = await make_server(tls=False)
    server.on_bind = lambda request: Reply(silent=True) if request.dn == ALICE else Reply()
    client = make_client(options_for(server.url, bind_connections=4, operation_timeout=30.0, **PLAIN))
    crowd = [asyncio.create_task(bind_alice(client)) for _ in range(100)]
    await until(lambda: sum(task.done() for task in crowd) == 100 - 2 - 64)
    assert [await bind_person(client, number) for number in range(20)] == [0] * 20
    assert sum(request.dn == ALICE for request in server.seen("bind")) == 2
    for task in crowd:
        task.cancel()
    outcomes = await asyncio.gather(*crowd, return_exceptions=True)
    assert sum(isinstance(outcome, DirectoryDown) for outcome in outcomes) == 100 - 2 - 64
    server.on_bind = lambda _: Reply()
    assert await asyncio.gather(*(bind_alice(client) for _ in range(5))) == [0] * 5


async def test_slow_accounts_do_not_open_the_breaker(make_server: MakeServer, make_client: MakeClient) -> None:
    """A server that answers others meanwhile is there, though three binds in a row were not answered."""
    server = await make_server(tls=False)
    server.on_bind = lambda request: Reply() if request.dn == "uid=other,dc=x" else Reply(silent=True)
    client = make_client(options_for(server.url, bind_connections=8, operation_timeout=0.4, **PLAIN))
    slow = [asyncio.create_task(bind_person(client, number)) for number in range(3)]
    await until(lambda: len(server.seen("bind")) == 3)
    await bind_other(client)
    await asyncio.gather(*slow, return_exceptions=True)
    assert await bind_other(client) == 0


async def bind_other(client: LdapClient) -> int:
    """The result of someone whom the server answers."""
    return (await client.bind("uid=other,dc=x", Secret(b"x"), soon())).code


@pytest.mark.parametrize("code", [1, 2, 52, 80])
async def test_a_sick_servers_word_on_the_service_account_does_not_count(
    make_server: MakeServer, make_client: MakeClient, code: int
) -> None:
    """Only a refusal is remembered for all servers; anything else is that server's trouble."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    first.on_bind = lambda _: Reply(code)
    client = make_client(options_for(first.url, second.url, **PLAIN))
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert second.seen("search")


@pytest.mark.parametrize("code", [1, 3, 80])
async def test_a_sick_servers_search_is_asked_elsewhere(
    make_server: MakeServer, make_client: MakeClient, code: int
) -> None:
    """Its own trouble is no answer to the question."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    first.on_search = lambda _: Reply(code)
    client = make_client(options_for(first.url, second.url, **PLAIN))
    assert len(await client.search(FIND_ALICE, soon())) == 1


async def test_a_refused_service_account_is_tried_less_and_less(
    make_server: MakeServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five tries within half an hour lock many an account, and keep it locked."""
    server = await make_server(tls=False)
    server.on_bind = lambda _: Reply(49)
    client = make_client(options_for(server.url, **PLAIN))
    loop = asyncio.get_running_loop()
    now = loop.time
    passed = 0.0
    monkeypatch.setattr(loop, "time", lambda: now() + passed)
    for _ in range(180):
        with pytest.raises(ServiceAccountRefused):
            await client.search(FIND_ALICE, soon())
        passed += 10.0
    assert len(server.seen("bind")) <= 7, "tries in half an hour: at 0, 30, 90, 210, 450, 930 s"


async def test_no_more_entries_than_asked_for_are_taken(make_server: MakeServer, make_client: MakeClient) -> None:
    """Samba sends many more; a caller that asked for two must not have to log a thousand."""
    server = await make_server(tls=False)
    server.on_search = lambda _: Reply(entries=[ALICE_ENTRY] * 50)
    found = await make_client(options_for(server.url, **PLAIN)).search(replace(FIND_ALICE, size_limit=2), soon())
    assert len(found) == 2


async def test_pages_without_end_are_an_error_by_their_size(
    make_server: MakeServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages together are bounded, not each."""
    monkeypatch.setattr(paging_module, "MAX_VOLUME", 2_000)
    server = await make_server(tls=False)
    server.on_search = lambda _: Reply(entries=[ALICE_ENTRY], cookie=b"more")
    with pytest.raises(SearchFailed) as caught:
        await make_client(options_for(server.url, **PLAIN)).search(
            replace(FIND_ALICE, size_limit=0, paged=True), soon()
        )
    assert caught.value.code == 4
