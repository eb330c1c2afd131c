"""TLS before passwords: always verified, StartTLS that nobody talks the bridge out of, plaintext only by leave."""

import asyncio
import ssl
from dataclasses import replace
from unittest.mock import Mock

import pytest

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import DirectoryDown, LdapOptions
from ldap_token_bridge.ldap.address import parse_server
from ldap_token_bridge.ldap.channels import BindChannel
from ldap_token_bridge.ldap.errors import TransportFailure
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support.certificates import Authority
from tests.support.ldap_room import (
    ALICE,
    ALICE_PASSWORD,
    FIND_ALICE,
    SERVICE_DN,
    bind_alice,
    options_for,
    soon,
    until,
)
from tests.support.scripted_ldap import Reply, ScriptedLdap, message
from tests.support.tiny_ber import number, put


async def test_ldaps_verifies_and_works(make_server: MakeServer, make_client: MakeClient, authority: Authority) -> None:
    """A search and a bind over LDAPS, the password in TLS."""
    server = await make_server()
    client = make_client(options_for(server.url, ca_file=authority.ca_file))
    (alice,) = await client.search(FIND_ALICE, soon())
    assert (alice.dn, alice.texts("memberof")) == (ALICE, ("cn=a,dc=example,dc=com", "cn=b,dc=example,dc=com"))
    assert await bind_alice(client) == 0
    assert all(request.tls for request in server.requests)
    assert server.seen("bind")[-1].password == ALICE_PASSWORD


@pytest.mark.parametrize("start_tls", [False, True])
async def test_an_unknown_authority_is_refused(
    make_server: MakeServer, make_client: MakeClient, *, start_tls: bool
) -> None:
    """No password reaches a server whose certificate nobody vouches for; the check says how to mend it."""
    server = await make_server(start_tls=start_tls)
    client = make_client(options_for(server.url, start_tls=start_tls))
    with pytest.raises(DirectoryDown) as caught:
        await bind_alice(client)
    assert "the server's certificate is not signed by a trusted authority" in caught.value.detail
    (check,) = await client.check(soon())
    assert check.problem.startswith("the server's certificate is not signed")
    assert "ca_file" in check.remedy
    assert server.seen("bind") == []


@pytest.mark.parametrize("start_tls", [False, True])
async def test_a_certificate_for_another_name_is_refused(
    make_client: MakeClient, authority: Authority, *, start_tls: bool
) -> None:
    """The host name is verified, not the chain alone."""
    issued = authority.issue("elsewhere", ["dc9.example.com"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.certificate, issued.key)
    async with ScriptedLdap(context, start_tls=start_tls) as server:
        client = make_client(options_for(server.url, ca_file=authority.ca_file, start_tls=start_tls))
        (check,) = await client.check(soon())
        assert "is for another name" in check.problem
        assert server.seen("bind") == []


async def test_an_expired_certificate_is_refused(make_client: MakeClient, authority: Authority) -> None:
    """And the check says that it has expired."""
    issued = authority.issue("expired", ["127.0.0.1"], days=-1)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.certificate, issued.key)
    async with ScriptedLdap(context) as server:
        (check,) = await make_client(options_for(server.url, ca_file=authority.ca_file)).check(soon())
        assert "expired" in check.problem


async def test_ldaps_to_a_plain_port_fails_with_a_hint(make_server: MakeServer, make_client: MakeClient) -> None:
    """The handshake fails or times out; nothing readable was sent."""
    server = await make_server(tls=False)
    (check,) = await make_client(options_for(server.url.replace("ldap:", "ldaps:"))).check(soon())
    assert check.problem
    assert check.remedy
    assert server.requests == []


async def test_start_tls_comes_first(make_server: MakeServer, make_client: MakeClient, authority: Authority) -> None:
    """StartTLS is the only request in the clear; the bind is in TLS."""
    server = await make_server(start_tls=True)
    client = make_client(options_for(server.url, ca_file=authority.ca_file, start_tls=True))
    assert await bind_alice(client) == 0
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert [request.kind for request in server.requests if not request.tls] == ["starttls", "starttls"]


@pytest.mark.parametrize("allow_plaintext", [False, True])
@pytest.mark.parametrize(
    "answer",
    [
        Reply(52, "no TLS today"),
        Reply(2),
        Reply(close=True),
        Reply(silent=True),
        Reply(raw=message(1, put(0x61, number(0, 10), put(4), put(4)))),
        Reply(message_id=9),
        Reply(cut=5),
    ],
    ids=["refused", "unknown", "closed", "silent", "a bind's answer", "wrong id", "cut"],
)
async def test_without_start_tls_there_is_no_way_on(
    make_server: MakeServer, make_client: MakeClient, authority: Authority, answer: Reply, *, allow_plaintext: bool
) -> None:
    """Whatever the server says to StartTLS but yes, no bind is written, not even where plaintext is allowed."""
    server = await make_server(start_tls=True)
    server.on_start_tls = answer
    client = make_client(
        options_for(
            server.url,
            ca_file=authority.ca_file,
            start_tls=True,
            allow_plaintext=allow_plaintext,
            connect_timeout=0.3,
        )
    )
    with pytest.raises(DirectoryDown):
        await bind_alice(client)
    with pytest.raises(DirectoryDown):
        await client.search(FIND_ALICE, soon())
    assert {request.kind for request in server.requests} == {"starttls"}


@pytest.mark.parametrize(
    "injected",
    [b"\x30", b"\x00", message(2, put(0x61, number(0, 10), put(4), put(4)))],
    ids=["half a header", "noise", "a bind's success"],
)
async def test_octets_before_the_handshake_are_fatal(
    make_server: MakeServer, make_client: MakeClient, authority: Authority, injected: bytes
) -> None:
    """What an attacker puts behind the answer to StartTLS must not be taken for the server's word."""
    server = await make_server(start_tls=True)
    server.on_start_tls = Reply(inject=injected)
    client = make_client(options_for(server.url, ca_file=authority.ca_file, start_tls=True))
    with pytest.raises(DirectoryDown) as caught:
        await bind_alice(client)
    assert "in the clear after the answer to StartTLS" in caught.value.detail
    assert server.seen("bind") == []


async def test_nothing_is_read_between_the_answer_and_the_handshake() -> None:
    """Reading stops with the answer to StartTLS, so that what follows it can only be the handshake."""
    channel = BindChannel(parse_server("ldap://dc1"), options_for("ldap://dc1", start_tls=True))
    transport = Mock(asyncio.Transport)
    transport.is_closing.return_value = False
    channel.connection_made(transport)
    upgrade = asyncio.create_task(channel._upgrade("dc1"))
    await until(lambda: transport.write.called)
    answer = message(1, put(0x78, number(0, 10), put(4), put(4)))
    channel.data_received(answer[:5])
    transport.pause_reading.assert_not_called()
    channel.data_received(answer[5:])
    transport.pause_reading.assert_called_once()
    channel.data_received(b"\x30")  # as if it had not
    with pytest.raises(TransportFailure, match="in the clear"):
        await upgrade


async def test_a_refused_start_tls_is_told_as_such(
    make_server: MakeServer, make_client: MakeClient, authority: Authority
) -> None:
    """With the server's words, and before any handshake."""
    server = await make_server(start_tls=True)
    server.on_start_tls = Reply(52, "no certificate")
    client = make_client(options_for(server.url, ca_file=authority.ca_file, start_tls=True))
    (check,) = await client.check(soon())
    assert check.problem == "the server refuses StartTLS: 52 no certificate"


async def test_a_lost_start_tls_connection_is_never_used_in_plaintext(
    make_server: MakeServer, make_client: MakeClient, authority: Authority
) -> None:
    """ldap3's trap: after the server drops the connection, the next bind must do StartTLS anew or fail."""
    server = await make_server(start_tls=True)
    client = make_client(options_for(server.url, ca_file=authority.ca_file, start_tls=True))
    for _ in range(3):
        assert await bind_alice(client) == 0
        assert len(await client.search(FIND_ALICE, soon())) == 1
        server.drop()
        await until(lambda: not server.open_connections)
    server.on_start_tls = Reply(52)
    with pytest.raises(DirectoryDown):
        await bind_alice(client)
    binds = server.seen("bind")
    assert [request.dn for request in binds].count(SERVICE_DN) == 3
    assert all(request.tls for request in binds)


async def test_plaintext_works_only_by_leave(make_server: MakeServer, make_client: MakeClient) -> None:
    """With allow_plaintext the bind is written in the clear, as was asked for."""
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, allow_plaintext=True))
    assert await bind_alice(client) == 0
    assert [request.tls for request in server.requests] == [False]


async def test_plaintext_without_leave_is_not_even_dialled(make_server: MakeServer) -> None:
    """Whoever gets past the check of the options is stopped before the socket."""
    server = await make_server(tls=False)
    with pytest.raises(TransportFailure, match="in the clear"):
        await BindChannel.open(parse_server(server.url), options_for(server.url), soon())
    assert server.connections == 0


async def test_the_last_look_before_a_bind_is_at_the_socket(make_server: MakeServer) -> None:
    """A connection that is not in TLS, however that came about, writes no bind and is closed."""
    server = await make_server(tls=False)
    lenient = options_for(server.url, allow_plaintext=True)
    channel = await BindChannel.open(parse_server(server.url), lenient, soon())
    channel._options = _strict(lenient)
    with pytest.raises(TransportFailure, match="no password was sent"):
        await channel.bind(ALICE.encode(), ALICE_PASSWORD, soon())
    await channel.close()
    await until(lambda: not server.open_connections)
    assert server.seen("bind") == []


def _strict(options: LdapOptions) -> LdapOptions:
    return replace(options, allow_plaintext=False, bind_password=Secret(b"x"))
