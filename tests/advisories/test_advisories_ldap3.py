"""The traps that ldap3's users fall into, one test for each: our own client does not know them."""

import asyncio
import ssl
from typing import Any

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import (
    BindResult,
    DirectoryDown,
    InvalidBind,
    LdapClient,
    SearchRequest,
    SearchScope,
    any_equal,
)
from tests.ldap.conftest import MakeClient, MakeServer, make_client, make_server, server_tls
from tests.support.certificates import Authority
from tests.support.ldap_room import (
    ALICE,
    ALICE_PASSWORD,
    FIND_ALICE,
    SERVICE_PASSWORD,
    bind_alice,
    options_for,
    soon,
    until,
)
from tests.support.scripted_ldap import Reply

__all__ = ["make_client", "make_server", "server_tls"]  # the ldap room's fixtures

PLAIN: Any = {"allow_plaintext": True}


async def test_1_a_lost_start_tls_connection_is_not_used_again_in_plaintext(
    make_server: MakeServer, make_client: MakeClient, authority: Authority
) -> None:
    """ldap3's second rebind() after a lost StartTLS connection sends the password in the clear."""
    server = await make_server(start_tls=True)
    client = make_client(options_for(server.url, ca_file=authority.ca_file, start_tls=True))
    for _ in range(4):
        assert await bind_alice(client) == 0
        server.drop()
        await until(lambda: not server.open_connections)
    server.on_start_tls = Reply(52)
    for _ in range(3):
        with pytest.raises(DirectoryDown):
            await bind_alice(client)
    binds = server.seen("bind")
    assert len(binds) == 4
    assert all(bind.tls for bind in binds)
    assert len({bind.connection for bind in binds}) == 4


async def test_2_a_refusal_is_not_taken_for_a_success(make_server: MakeServer, make_client: MakeClient) -> None:
    """ldap3's SAFE_SYNC bind() gives a tuple, which is true whatever happened; ours has an outcome to be asked for."""
    client = make_client(options_for((await make_server(tls=False)).url, **PLAIN))
    wrong = await client.bind(ALICE, Secret(b"wrong"), soon())
    right = await client.bind(ALICE, Secret(ALICE_PASSWORD), soon())
    assert (wrong.ok, right.ok) == (False, True)
    assert [BindResult(code, "").ok for code in range(124)] == [True, *[False] * 123]


@pytest.mark.parametrize("code", [1, 19, 34, 48, 49, 50, 53, 80])
async def test_3_a_failed_bind_is_sent_once(make_server: MakeServer, make_client: MakeClient, code: int) -> None:
    """ldap3's RESTARTABLE sends it twice; ours goes to one server, once, also where the answer never comes."""
    servers = [await make_server(tls=False) for _ in range(2)]
    servers[0].on_bind = lambda _: Reply(code)
    client = make_client(options_for(*(server.url for server in servers), **PLAIN))
    assert await bind_alice(client) == code
    assert [len(server.seen("bind")) for server in servers] == [1, 0]
    servers[0].on_bind = lambda _: Reply(close=True)
    with pytest.raises(DirectoryDown):
        await bind_alice(client)
    assert [len(server.seen("bind")) for server in servers] == [2, 0]


async def test_4_certificates_and_names_are_verified_by_default(
    make_server: MakeServer, make_client: MakeClient, authority: Authority
) -> None:
    """ldap3's default is CERT_NONE; here a context that verifies nothing, or no name, makes no client."""
    server = await make_server()
    with pytest.raises(DirectoryDown) as caught:
        await bind_alice(make_client(options_for(server.url)))
    assert "not signed by a trusted authority" in caught.value.detail
    assert server.seen("bind") == []
    no_name = ssl.create_default_context()
    no_name.check_hostname = False
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    for context in (no_name, unverified):
        with pytest.raises(Misconfigured, match="does not verify"):
            LdapClient(options_for(server.url, tls=context))
    names: list[str | None] = []
    assert server.tls is not None
    server.tls.sni_callback = lambda _socket, name, _context: names.append(name)
    url = server.url.replace("127.0.0.1", "localhost")
    assert await bind_alice(make_client(options_for(url, ca_file=authority.ca_file))) == 0
    assert names == ["localhost"], "the server is told which name is meant (SNI)"
    server.tls.sni_callback = None


async def test_5_no_referral_is_followed(make_server: MakeServer, make_client: MakeClient) -> None:
    """ldap3's auto_referrals sends the credentials to any host that a server names."""
    server, elsewhere = await make_server(tls=False), await make_server(tls=False)
    client = make_client(options_for(server.url, **PLAIN))
    server.on_search = lambda _: Reply(entries=server.entries, references=[elsewhere.url])
    assert len(await client.search(FIND_ALICE, soon())) == 1
    server.on_bind = lambda _: Reply(10, referrals=[elsewhere.url])
    assert await bind_alice(client) == 10
    server.on_search = lambda _: Reply(10, referrals=[elsewhere.url])
    with pytest.raises(Exception, match="could not answer"):
        await client.search(FIND_ALICE, soon())
    assert elsewhere.connections == 0


async def test_6_nobody_becomes_anonymous_or_stays_who_was_before(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """ldap3's empty user succeeds as nobody, and its rebind(user='') keeps the previous identity."""
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, **PLAIN))
    assert await bind_alice(client) == 0
    for dn, password in (("", b"x"), ("", b""), (ALICE, b""), (" ", b"x"), ("\0", b"x")):
        with pytest.raises(InvalidBind):
            await client.bind(dn, Secret(password), soon())
    assert len(server.seen("bind")) == 1


async def test_7_a_password_is_sent_as_it_was_typed(make_server: MakeServer, make_client: MakeClient) -> None:
    """ldap3 prepares text, and `pw¹` logs in as `pw1`; too long and NUL never leave the bridge."""
    server = await make_server(tls=False)
    server.passwords[ALICE] = b"pw1"
    client = make_client(options_for(server.url, **PLAIN))
    assert await bind_alice(client, "pw¹".encode()) == 49
    assert server.seen("bind")[-1].password == "pw¹".encode()
    for password in (b"a" * 1025, b"pw1\0", b"x" * 1_000_000):
        with pytest.raises(InvalidBind):
            await client.bind(ALICE, Secret(password), soon())
    assert len(server.seen("bind")) == 1


async def test_8_a_dripping_server_has_one_deadline(make_server: MakeServer, make_client: MakeClient) -> None:
    """ldap3's receive_timeout starts anew with each octet. The time-out of this test is the measure, for both ways."""
    server = await make_server(tls=False)
    server.on_search = server.on_bind = lambda _: Reply(drip=0.2)
    client = make_client(options_for(server.url, connect_timeout=60, operation_timeout=60, **PLAIN))
    for ask in (
        client.bind(ALICE, Secret(ALICE_PASSWORD), soon(0.5)),
        client.search(FIND_ALICE, soon(0.5)),
    ):
        with pytest.raises(DirectoryDown):
            await asyncio.wait_for(ask, 10)


async def test_9_nothing_shows_passwords_nothing_is_fetched_unasked(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """ldap3 prints passwords, reads the schema, follows aliases, and its pool keeps connections and sleeps."""
    server = await make_server(tls=False)
    options = options_for(server.url, **PLAIN)
    client = make_client(options)
    for _ in range(20):
        assert await bind_alice(client) == 0
        assert len(await client.search(FIND_ALICE, soon())) == 1
    shown = " ".join(map(repr, (client, options, vars(client), client.states(), client._account, client._servers)))
    assert SERVICE_PASSWORD.decode() not in shown
    assert ALICE_PASSWORD.decode() not in shown
    searches = server.seen("search")
    assert len(searches) == 20, "no schema, no root DSE"
    assert {search.dn for search in searches} == {FIND_ALICE.base}
    assert {search.dereference for search in searches} == {0}
    assert server.connections == server.open_connections == 2
    every = SearchRequest("dc=x", SearchScope.SUBTREE, any_equal("uid", [b"a", b"b"]), ("uid",))
    await client.search(every, soon())
    assert server.connections == 2
