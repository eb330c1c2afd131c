"""Clients and scripted servers of the ldap room's tests."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from ldap_token_bridge.ldap import LdapClient, LdapOptions
from ldap_token_bridge.ldap.options import Observer, observe_nothing
from tests.support.certificates import Authority
from tests.support.ldap_room import furnish, options_for
from tests.support.scripted_ldap import ScriptedLdap

MakeServer = Callable[..., Awaitable[ScriptedLdap]]
MakeClient = Callable[..., LdapClient]


@pytest.fixture(scope="session")
def server_tls(authority: Authority) -> ssl.SSLContext:
    """A server's context with a certificate for 127.0.0.1."""
    issued = authority.issue("scripted", ["127.0.0.1", "localhost"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.certificate, issued.key)
    return context


@pytest.fixture
async def make_server(server_tls: ssl.SSLContext) -> AsyncIterator[MakeServer]:
    """Starts scripted servers with the service account and alice; LDAPS unless told otherwise."""
    servers: list[ScriptedLdap] = []

    async def make(*, tls: bool = True, start_tls: bool = False) -> ScriptedLdap:
        server = furnish(ScriptedLdap(server_tls if tls or start_tls else None, start_tls=start_tls))
        await server.start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        await server.stop()


@pytest.fixture
async def server(make_server: MakeServer) -> ScriptedLdap:
    """A server without TLS, for tests that are not about TLS."""
    return await make_server(tls=False)


@pytest.fixture
def client(server: ScriptedLdap, make_client: MakeClient) -> LdapClient:
    """A client of that server."""
    return make_client(options_for(server.url, allow_plaintext=True))


@pytest.fixture
async def make_client() -> AsyncIterator[MakeClient]:
    """Makes clients, closes them after the test, and holds them to leaving no task behind."""
    before = asyncio.all_tasks()
    clients: list[LdapClient] = []

    def make(options: LdapOptions, observe: Observer = observe_nothing) -> LdapClient:
        clients.append(LdapClient(options, observe))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()
    left = [task for task in asyncio.all_tasks() - before if task.get_name().startswith(("open ", "probe "))]
    assert not left
