"""Searches: many at once as the service account, patient with slow answers and dead sockets."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ldap_token_bridge.ldap import DirectoryDown, LdapClient, SearchFailed, SearchRequest, SearchScope
from ldap_token_bridge.ldap import lifetime as lifetime_module
from ldap_token_bridge.ldap import search_pool as search_pool_module
from tests.ldap.conftest import MakeClient
from tests.support.ldap_room import ALICE_ENTRY, BY_UID, FIND_ALICE, SERVICE_DN, Log, options_for, soon, until
from tests.support.scripted_ldap import NOTICE, FoundEntry, Reply, Request, ScriptedLdap, entry_octets, message
from tests.support.tiny_ber import number, put

PLAIN: Any = {"allow_plaintext": True}


async def test_a_search_is_sent_as_asked(server: ScriptedLdap, client: LdapClient) -> None:
    """As the service account, with aliases never followed."""
    await client.search(FIND_ALICE, soon())
    bind, search = server.requests
    assert (bind.kind, bind.dn) == ("bind", SERVICE_DN)
    assert search == Request(
        "search",
        1,
        2,
        tls=False,
        dn="dc=example,dc=com",
        scope=2,
        dereference=0,
        size_limit=2,
        filter=FIND_ALICE.filter,
        attributes=("uid", "memberOf"),
    )


async def test_searches_share_connections_and_get_their_own_answers(server: ScriptedLdap, client: LdapClient) -> None:
    """Many at once on at most two connections, answered in any order."""

    def answer(request: Request) -> Reply:
        return Reply(entries=[FoundEntry(request.dn, {})], delay=0.02 if request.dn.endswith("7") else 0.0)

    server.on_search = answer
    bases = [f"cn={count}" for count in range(40)]
    found = await asyncio.gather(*(client.search(replace(FIND_ALICE, base=base), soon()) for base in bases))
    assert [entry.dn for (entry,) in found] == bases
    await client.search(FIND_ALICE, soon())
    assert server.connections <= 2
    assert len(server.seen("bind")) == server.connections


async def test_a_busy_connection_gets_a_second_beside_it(server: ScriptedLdap, client: LdapClient) -> None:
    """It is opened in the background; nobody waits for it."""
    server.on_search = lambda _: Reply(delay=0.02)
    await client.search(FIND_ALICE, soon())
    for _ in range(3):
        await asyncio.gather(*(client.search(FIND_ALICE, soon()) for _ in range(6)))
    assert server.connections == 2
    assert {request.connection for request in server.seen("search")} == {1, 2}


async def test_a_search_on_a_connection_that_had_died_is_tried_once_more(
    server: ScriptedLdap, client: LdapClient
) -> None:
    """Closed while idle, or at the very moment of the search: nobody notices."""
    await client.search(FIND_ALICE, soon())
    server.drop()
    await until(lambda: not server.open_connections)
    assert len(await client.search(FIND_ALICE, soon())) == 1
    server.on_search = lambda request: Reply(close=True) if request.connection == 2 else Reply(entries=[ALICE_ENTRY])
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert server.connections == 3


async def test_a_search_is_not_tried_for_ever(server: ScriptedLdap, client: LdapClient) -> None:
    """A server that always closes is given up on."""
    await client.search(FIND_ALICE, soon())
    server.on_search = lambda _: Reply(close=True)
    with pytest.raises(DirectoryDown):
        await client.search(FIND_ALICE, soon())
    assert len(server.seen("search")) == 3


async def test_a_fresh_connection_that_dies_is_not_tried_again(server: ScriptedLdap, client: LdapClient) -> None:
    """It tells about the server, not about the age of the socket."""
    server.on_search = lambda _: Reply(close=True)
    with pytest.raises(DirectoryDown):
        await client.search(FIND_ALICE, soon())
    assert len(server.seen("search")) == 1


async def test_the_second_try_is_not_on_another_old_connection(server: ScriptedLdap, client: LdapClient) -> None:
    """What ended one pooled connection has likely ended the others, unnoticed as yet."""
    server.on_search = lambda _: Reply(delay=0.02, entries=[ALICE_ENTRY])
    await client.search(FIND_ALICE, soon())
    while server.open_connections < 2:
        await asyncio.gather(*(client.search(FIND_ALICE, soon()) for _ in range(4)))
    server.on_search = lambda request: Reply(close=request.connection < 3, entries=[ALICE_ENTRY])
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert [request.connection for request in server.seen("search")][-1] == 3


async def test_a_silent_connection_is_not_used_again(server: ScriptedLdap, make_client: MakeClient) -> None:
    """A search timed out and nothing at all was heard meanwhile: the next one dials anew."""
    client = make_client(options_for(server.url, search_connections=1, **PLAIN))
    server.on_search = lambda request: Reply(silent=request.connection == 1, entries=[ALICE_ENTRY])
    with pytest.raises(DirectoryDown):
        await client.search(FIND_ALICE, soon())
    assert len(await client.search(FIND_ALICE, soon())) == 1


async def test_a_second_connection_that_fails_is_not_tried_for_every_search(
    server: ScriptedLdap, client: LdapClient
) -> None:
    """A server at its limit of connections is not dialled again and again while the first one works."""
    server.on_search = lambda _: Reply(delay=0.01, entries=[ALICE_ENTRY])
    server.on_bind = lambda request: Reply(0 if request.connection == 1 else 51)
    await client.search(FIND_ALICE, soon())
    for _ in range(5):
        await asyncio.gather(*(client.search(FIND_ALICE, soon()) for _ in range(4)))
    assert server.connections == 2


async def test_many_searches_on_a_dead_connection_share_one_fresh_one(server: ScriptedLdap, client: LdapClient) -> None:
    """They do not dial one connection each."""
    await client.search(FIND_ALICE, soon())
    server.on_search = lambda request: (
        Reply(close=True) if request.connection == 1 else Reply(entries=[ALICE_ENTRY], delay=0.01)
    )
    found = await asyncio.gather(*(client.search(FIND_ALICE, soon()) for _ in range(10)))
    assert all(len(entries) == 1 for entries in found)
    assert server.connections <= 3


async def test_a_notice_of_disconnection_is_a_dead_connection(server: ScriptedLdap, client: LdapClient) -> None:
    """Sent in place of an answer, it leads to a fresh connection."""
    await client.search(FIND_ALICE, soon())
    server.on_search = lambda request: (
        Reply(raw=message(0, NOTICE)) if request.connection == 1 else Reply(entries=[ALICE_ENTRY])
    )
    assert len(await client.search(FIND_ALICE, soon())) == 1


async def test_other_notices_are_ignored(server: ScriptedLdap, client: LdapClient) -> None:
    """RFC 4511 section 4.4: an unsolicited notification that is not known means nothing."""
    await client.search(FIND_ALICE, soon())
    server.send_to_all(message(0, put(0x78, number(0, 10), put(4), put(4), put(0x8A, b"1.2.3"))))
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(message_id=99, entries=[ALICE_ENTRY]),
        Reply(raw=message(2, put(0x61, number(0, 10), put(4), put(4)))),
        Reply(raw=message(2, entry_octets(FoundEntry("cn=x", {"a" * 70_000: []}))) + b"\x31\x00"),
        Reply(raw=b"\x30\x84\x01\x00\x00\x01"),
    ],
    ids=["wrong id", "wrong kind", "noise", "oversized"],
)
async def test_what_is_not_ldap_ends_the_connection(server: ScriptedLdap, client: LdapClient, reply: Reply) -> None:
    """And is never taken for an answer."""
    server.on_search = lambda _: reply
    with pytest.raises(DirectoryDown) as caught:
        await client.search(FIND_ALICE, soon())
    assert "does not keep to the protocol" in caught.value.detail
    await until(lambda: not server.open_connections)


async def test_one_slow_search_does_not_end_the_others(server: ScriptedLdap, make_client: MakeClient) -> None:
    """It is abandoned; its late answer is dropped; the connection goes on."""
    client = make_client(options_for(server.url, search_connections=1, operation_timeout=0.4, **PLAIN))
    server.on_search = lambda request: (
        Reply(delay=0.6, entries=[ALICE_ENTRY]) if request.dn == "cn=slow" else Reply(entries=[ALICE_ENTRY])
    )
    slow = asyncio.create_task(client.search(replace(FIND_ALICE, base="cn=slow"), soon()))
    while not slow.done():
        assert len(await client.search(FIND_ALICE, soon())) == 1
        await asyncio.sleep(0.02)
    with pytest.raises(DirectoryDown):
        await slow
    await asyncio.sleep(0.3)
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert (server.connections, len(server.seen("abandon"))) == (1, 1)


async def test_a_cancelled_search_is_abandoned(server: ScriptedLdap, client: LdapClient) -> None:
    """The connection goes on for others, and no waiter is left."""
    await client.search(FIND_ALICE, soon())
    server.on_search = lambda request: Reply(silent=request.dn == "cn=slow", entries=[ALICE_ENTRY])
    task = asyncio.create_task(client.search(replace(FIND_ALICE, base="cn=slow"), soon()))
    await until(lambda: len(server.seen("search")) == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert server.seen("abandon")[0].abandoned == server.seen("search")[1].message_id


async def test_whoever_opens_a_connection_may_go_away(server: ScriptedLdap, client: LdapClient) -> None:
    """Others who wait for the same connection get it all the same."""
    server.on_bind = lambda _: Reply(delay=0.1)
    tasks = [asyncio.create_task(client.search(FIND_ALICE, soon())) for _ in range(3)]
    await until(lambda: len(server.seen("bind")) == 1)
    tasks[0].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert [len(outcome) for outcome in outcomes[1:] if isinstance(outcome, tuple)] == [1, 1]
    assert len(server.seen("bind")) == 1


async def test_too_many_searches_are_shed(
    server: ScriptedLdap, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound of the pipeline the answer comes at once."""
    monkeypatch.setattr(search_pool_module, "MAX_PIPELINED", 3)
    client = make_client(options_for(server.url, search_connections=1, **PLAIN))
    await client.search(FIND_ALICE, soon())
    server.on_search = lambda _: Reply(delay=0.05, entries=[ALICE_ENTRY])
    outcomes = await asyncio.gather(*(client.search(FIND_ALICE, soon()) for _ in range(5)), return_exceptions=True)
    shed = [outcome for outcome in outcomes if isinstance(outcome, DirectoryDown)]
    assert len(shed) == 2
    assert "under way" in shed[0].detail


@pytest.mark.parametrize("limit", ["MAX_IDLE", "MAX_AGE"])
async def test_connections_are_replaced_in_time(
    server: ScriptedLdap, client: LdapClient, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """Before the server or a firewall ends them, and politely, with an unbind."""
    monkeypatch.setattr(lifetime_module, limit, 0.05)
    await client.search(FIND_ALICE, soon())
    await asyncio.sleep(0.06)
    await client.search(FIND_ALICE, soon())
    assert server.connections == 2
    await until(lambda: server.open_connections == 1)
    assert [request.connection for request in server.seen("unbind")] == [1]


async def test_a_connection_that_is_replaced_finishes_its_work(
    server: ScriptedLdap, client: LdapClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time is over while a search is under way on it: the answer is waited for, then it ends."""
    monkeypatch.setattr(lifetime_module, "MAX_AGE", 0.05)
    server.on_search = lambda request: Reply(entries=[ALICE_ENTRY], delay=0.2 if request.connection == 1 else 0.0)
    slow = asyncio.create_task(client.search(FIND_ALICE, soon()))
    await until(lambda: bool(server.seen("search")))
    await asyncio.sleep(0.06)
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert len(await slow) == 1
    await until(lambda: server.open_connections == 1)
    assert server.connections == 2


async def test_searches_are_observed(server: ScriptedLdap, make_client: MakeClient) -> None:
    """Connecting, the service account's bind, and each search by its outcome."""
    log = Log()
    client = make_client(options_for(server.url, **PLAIN), log)
    await client.search(FIND_ALICE, soon())
    server.on_search = lambda _: Reply(32)
    with pytest.raises(SearchFailed):
        await client.search(SearchRequest("dc=no", SearchScope.BASE, BY_UID.fill(login=b"x"), ()), soon())
    server.on_search = lambda _: Reply(51)
    with pytest.raises(DirectoryDown):
        await client.search(FIND_ALICE, soon())
    assert log.steps == [
        ("connect", server.url, "ok"),
        ("bind", server.url, "ok"),
        ("search", server.url, "ok"),
        ("search", server.url, "refused"),
        ("search", server.url, "error"),
    ]
