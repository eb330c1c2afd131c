"""Users' binds: one at a time on a connection, never repeated, never answered by another's answer."""

import asyncio
from typing import Any

import pytest

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import BindGivenUp, DirectoryDown, InvalidBind, LdapClient
from ldap_token_bridge.ldap import bind_pool as bind_pool_module
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support.ldap_room import (
    ALICE,
    ALICE_PASSWORD,
    FIND_ALICE,
    Log,
    bind_alice,
    bind_person,
    options_for,
    soon,
    until,
)
from tests.support.scripted_ldap import NOTICE, Reply, Request, ScriptedLdap, message
from tests.support.tiny_ber import number, put

PLAIN: Any = {"allow_plaintext": True}


async def test_a_wrong_password_is_an_outcome(server: ScriptedLdap, client: LdapClient) -> None:
    """With the server's code and words; nothing is raised, the connection is used again."""
    result = await client.bind(ALICE, Secret(b"wrong"), soon())
    assert (result.ok, result.code) == (False, 49)
    assert "data 52e" in result.diagnostic
    assert await bind_alice(client) == 0
    assert (await client.bind(ALICE, Secret(ALICE_PASSWORD), soon())).ok
    assert server.connections == 1


@pytest.mark.parametrize("code", [1, 8, 10, 14, 19, 32, 34, 48, 49, 50, 53, 80])
async def test_an_answered_bind_is_tried_nowhere_else(
    make_server: MakeServer, make_client: MakeClient, code: int
) -> None:
    """Whatever the answer: a wrong password at every controller locks the account."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    first.on_bind = lambda _: Reply(code, referrals=[second.url])
    client = make_client(options_for(first.url, second.url, **PLAIN))
    assert await bind_alice(client) == code
    assert (len(first.seen("bind")), second.connections) == (1, 0)


@pytest.mark.parametrize("code", [51, 52])
async def test_a_busy_server_has_not_looked_at_the_password(
    make_server: MakeServer, make_client: MakeClient, code: int
) -> None:
    """It says so itself, so the next server may; if all are busy the directory is down."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    first.on_bind = lambda _: Reply(code)
    client = make_client(options_for(first.url, second.url, **PLAIN))
    assert await bind_alice(client) == 0
    assert (len(first.seen("bind")), len(second.seen("bind"))) == (1, 1)
    second.on_bind = lambda _: Reply(code)
    with pytest.raises(DirectoryDown):
        await bind_alice(client)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(close=True),
        Reply(silent=True),
        Reply(cut=4),
        Reply(drip=0.2),
        Reply(message_id=77),
        Reply(raw=b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Reply(raw=b"\x30\x84\x7f\xff\xff\xff"),
        Reply(raw=message(1, put(0x65, number(0, 10), put(4), put(4)))),
        Reply(raw=message(0, NOTICE)),
        Reply(raw=message(0, put(0x61, number(0, 10), put(4), put(4)))),
    ],
    ids=["closed", "silent", "cut", "drip", "wrong id", "http", "oversized", "wrong kind", "notice", "id 0"],
)
async def test_a_written_bind_without_an_answer_is_not_repeated(
    make_server: MakeServer, make_client: MakeClient, reply: Reply
) -> None:
    """Neither on another server nor on another connection; the socket is closed."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    first.on_bind = lambda _: reply
    client = make_client(options_for(first.url, second.url, **PLAIN))
    with pytest.raises(DirectoryDown) as caught:
        await bind_alice(client)
    assert ALICE_PASSWORD.decode() not in caught.value.detail
    assert first.url in caught.value.detail
    assert (len(first.seen("bind")), second.connections) == (1, 0)
    await until(lambda: not first.open_connections)


async def test_a_bind_goes_elsewhere_if_nothing_was_written(make_server: MakeServer, make_client: MakeClient) -> None:
    """A server that cannot be connected to costs nobody a try."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    await first.stop()
    assert await bind_alice(make_client(options_for(first.url, second.url, **PLAIN))) == 0


@pytest.mark.parametrize("password", [b"", b"a\0b", b"x" * 1025])
async def test_what_must_not_be_sent_is_refused_before_any_io(
    server: ScriptedLdap, client: LdapClient, password: bytes
) -> None:
    """An empty password would succeed as an anonymous bind."""
    with pytest.raises(InvalidBind):
        await client.bind(ALICE, Secret(password), soon())
    with pytest.raises(InvalidBind):
        await client.bind("", Secret(b"x"), soon())
    assert server.connections == 0


async def test_a_password_is_sent_verbatim(server: ScriptedLdap, client: LdapClient) -> None:
    """No preparation: `pw¹` is not `pw1`."""
    for password in ("pw¹".encode(), b" a b ", b"\xff\xfe:", b"x" * 1024):
        await client.bind(ALICE, Secret(password), soon())
        assert server.seen("bind")[-1].password == password


async def test_bind_connections_never_search_and_carry_one_bind_each(server: ScriptedLdap, client: LdapClient) -> None:
    """Many logins at once share two connections, one bind at a time, and searches go elsewhere."""
    under_way: list[int] = []
    most = 0

    def slow(request: Request) -> Reply:
        nonlocal most
        under_way.append(request.connection)
        most = max(most, under_way.count(request.connection))
        asyncio.get_running_loop().call_later(0.01, under_way.remove, request.connection)
        return Reply(delay=0.011)

    await client.search(FIND_ALICE, soon())
    server.on_bind = slow
    codes = await asyncio.gather(*(bind_person(client, number) for number in range(20)))
    await client.search(FIND_ALICE, soon())
    assert codes == [0] * 20
    searched = {request.connection for request in server.seen("search")}
    bound = {request.connection for request in server.seen("bind") if request.dn.startswith("uid=person")}
    assert len(bound) == 2
    assert not searched & bound
    assert most == 1


async def test_the_answer_belongs_to_the_one_who_asked(server: ScriptedLdap, client: LdapClient) -> None:
    """Of many logins with right and wrong passwords, each gets its own outcome."""
    server.on_bind = lambda request: Reply(0 if request.password == ALICE_PASSWORD else 49, delay=0.001)
    passwords = [ALICE_PASSWORD if number % 3 else b"wrong" for number in range(60)]
    codes = await asyncio.gather(*(bind_alice(client, password) for password in passwords))
    assert codes == [0 if password == ALICE_PASSWORD else 49 for password in passwords]


async def test_a_late_answer_meets_nobody(server: ScriptedLdap, make_client: MakeClient) -> None:
    """After a bind timed out its success must not become that of the next bind: the socket is gone."""
    client = make_client(options_for(server.url, operation_timeout=0.4, **PLAIN))
    server.on_bind = lambda request: Reply(0, delay=0.5) if request.password == ALICE_PASSWORD else Reply(49)
    with pytest.raises(DirectoryDown):
        await bind_alice(client)
    assert await bind_alice(client, b"wrong") == 49
    await asyncio.sleep(0.3)
    assert await bind_alice(client, b"wrong") == 49
    assert server.connections == 2


async def test_a_success_sent_in_advance_is_refused(server: ScriptedLdap, client: LdapClient) -> None:
    """Answers to message ids that were not asked yet end the connection."""
    server.on_bind = lambda request: Reply(
        49, inject=message(request.message_id + 1, put(0x61, number(0, 10), put(4), put(4)))
    )
    assert await bind_alice(client, b"wrong") == 49
    await until(lambda: not server.open_connections)
    assert await bind_alice(client, b"wrong") == 49
    assert server.connections == 2


async def test_a_cancelled_bind_closes_its_socket_and_frees_its_place(server: ScriptedLdap, client: LdapClient) -> None:
    """Nothing leaks: afterwards as many binds as ever run at once. Who was sent is told apart from who was not."""
    server.on_bind = lambda _: Reply(silent=True)

    async def outcome(number: int) -> str:
        try:
            return str(await bind_person(client, number))
        except BindGivenUp:
            return "sent"
        except asyncio.CancelledError:
            return "in line"

    tasks = [asyncio.create_task(outcome(number)) for number in range(6)]
    await until(lambda: len(server.seen("bind")) == 2)
    for task in tasks:
        task.cancel()
    assert await asyncio.gather(*tasks) == ["sent"] * 2 + ["in line"] * 4
    await until(lambda: not server.open_connections)
    server.on_bind = lambda _: Reply()
    assert await asyncio.gather(*(bind_person(client, number) for number in range(6))) == [0] * 6
    assert server.connections <= 4


async def test_who_waits_too_long_and_is_cancelled_leaves_the_line(
    make_client: MakeClient, server: ScriptedLdap
) -> None:
    """Both at the same moment, as after a standstill: the line would stay full of those who are gone."""
    client = make_client(options_for(server.url, bind_connections=1, **PLAIN))
    server.on_bind = lambda _: Reply(silent=True)
    first = asyncio.create_task(bind_person(client, 0))
    await until(lambda: len(server.seen("bind")) == 1)
    (pool,) = [each._binds for each in client._servers]
    for _ in range(2):
        late = [asyncio.create_task(bind_person(client, number)) for number in range(1, 4)]
        await until(lambda: pool.waiting == 3)
        for turn in tuple(pool._line):
            turn.set_result(None)
        for task in late:
            task.cancel()
        await asyncio.wait(late)
        assert pool.waiting == 0
    server.on_bind = lambda _: Reply()
    first.cancel()
    await asyncio.wait([first])
    assert await bind_person(client, 9) == 0


async def test_too_many_waiting_binds_are_shed(
    make_client: MakeClient, server: ScriptedLdap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the queue's bound the answer comes at once: the directory is too busy."""
    monkeypatch.setattr(bind_pool_module, "WAITING_PER_CONNECTION", 3)
    client = make_client(options_for(server.url, bind_connections=1, **PLAIN))
    server.on_bind = lambda _: Reply(delay=0.1)
    tasks = [asyncio.create_task(bind_person(client, number)) for number in range(6)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    shed = [outcome for outcome in outcomes if isinstance(outcome, DirectoryDown)]
    assert len(shed) == 2
    assert all("wait already" in outcome.detail for outcome in shed)
    assert outcomes.count(0) == 4


async def test_waiting_in_line_has_an_end(make_client: MakeClient, server: ScriptedLdap) -> None:
    """Who waits longer than an operation may take is told, and leaves the line."""
    client = make_client(options_for(server.url, bind_connections=1, operation_timeout=0.3, **PLAIN))
    server.on_bind = lambda _: Reply(delay=0.2)
    outcomes = await asyncio.gather(*(bind_person(client, number) for number in range(4)), return_exceptions=True)
    assert 0 in outcomes
    assert any(isinstance(outcome, DirectoryDown) and "busy" in outcome.detail for outcome in outcomes)
    server.on_bind = None
    assert await bind_alice(client) == 0


async def test_a_bind_connection_that_was_closed_while_idle_is_replaced(
    server: ScriptedLdap, client: LdapClient
) -> None:
    """Active Directory closes idle connections; the next login does not notice."""
    assert await bind_alice(client) == 0
    server.drop()
    await until(lambda: not server.open_connections)
    assert await bind_alice(client) == 0
    assert server.connections == 2


async def test_a_notice_of_disconnection_retires_an_idle_connection(server: ScriptedLdap, client: LdapClient) -> None:
    """The server says goodbye first; the next login uses a new connection."""
    assert await bind_alice(client) == 0
    server.send_to_all(message(0, NOTICE))
    await until(lambda: not server.open_connections)
    assert await bind_alice(client) == 0
    assert server.connections == 2


async def test_binds_are_observed(server: ScriptedLdap, make_client: MakeClient) -> None:
    """Connecting, success, refusal and failure, each by its name."""
    log = Log()
    client = make_client(options_for(server.url, **PLAIN), log)
    await bind_alice(client)
    await bind_alice(client, b"wrong")
    server.on_bind = lambda _: Reply(close=True)
    with pytest.raises(DirectoryDown):
        await bind_alice(client)
    assert log.steps[0] == ("connect", server.url, "ok")
    assert log.outcomes("bind") == ["ok", "refused", "error"]
