"""Parts of a directory that have servers of their own: each client by itself, but for the account and the end."""

from dataclasses import replace

import pytest

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import DirectoryDown, FoundServers, LdapClient, ServiceAccountRefused
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support.ldap_room import FIND_ALICE, SERVICE_DN, bind_alice, options_for, soon
from tests.support.process import free_port
from tests.support.scripted_ldap import ScriptedLdap


def client_of(make_client: MakeClient, whole: ScriptedLdap | str, part: ScriptedLdap | str) -> LdapClient:
    """A client for servers of the whole, with one domain, by address or by server."""
    urls = [each if isinstance(each, str) else each.url for each in (whole, part)]
    first, second = (options_for(url, allow_plaintext=True) for url in urls)
    return make_client(replace(first, domains={"part": second}))


async def test_each_has_its_own_servers(make_server: MakeServer, make_client: MakeClient) -> None:
    """What is asked of one goes to no server of the other."""
    whole, part = [await make_server(tls=False) for _ in range(2)]
    client = client_of(make_client, whole, part)
    await client.search(FIND_ALICE, soon())
    assert not part.requests
    whole.requests.clear()
    await client.domains["part"].search(FIND_ALICE, soon())
    await bind_alice(client.domains["part"])
    assert not whole.requests
    assert len(client.states()) == 2


async def test_one_that_is_down_does_not_concern_the_other(make_server: MakeServer, make_client: MakeClient) -> None:
    """Breakers are apart."""
    server = await make_server(tls=False)
    client = client_of(make_client, server, f"ldap://127.0.0.1:{free_port()}")
    with pytest.raises(DirectoryDown):
        await client.domains["part"].search(FIND_ALICE, soon())
    assert len(await client.search(FIND_ALICE, soon())) == 1


async def test_an_account_that_the_whole_refuses_is_not_shown_to_the_parts(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """Each domain would count the wrong password once more; a check-up shows it no more often."""
    whole, part = [await make_server(tls=False) for _ in range(2)]
    whole.passwords[SERVICE_DN] = b"another"
    client = client_of(make_client, whole, part)
    with pytest.raises(ServiceAccountRefused):
        await client.search(FIND_ALICE, soon())
    with pytest.raises(ServiceAccountRefused):
        await client.domains["part"].search(FIND_ALICE, soon())
    assert len(await client.check(soon())) == 1
    assert not part.seen("bind")
    assert len(whole.seen("bind")) == 1


async def test_a_part_that_refuses_the_account_does_not_concern_the_whole(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """A trust that is broken keeps out one domain."""
    whole, part = [await make_server(tls=False) for _ in range(2)]
    part.passwords[SERVICE_DN] = b"another"
    client = client_of(make_client, whole, part)
    with pytest.raises(ServiceAccountRefused):
        await client.domains["part"].search(FIND_ALICE, soon())
    assert len(await client.search(FIND_ALICE, soon())) == 1


async def test_they_are_closed_together(make_server: MakeServer, make_client: MakeClient) -> None:
    """No connection of any stays open."""
    whole, part = [await make_server(tls=False) for _ in range(2)]
    client = client_of(make_client, whole, part)
    await client.search(FIND_ALICE, soon())
    await client.domains["part"].search(FIND_ALICE, soon())
    await client.close()
    assert not any(state.search_connections for state in client.states())
    with pytest.raises(DirectoryDown):
        await client.domains["part"].search(FIND_ALICE, soon())


async def test_a_part_whose_servers_are_not_found(make_server: MakeServer, make_client: MakeClient) -> None:
    """A check-up tells why, and of the others all the same."""

    async def find() -> FoundServers:
        raise Unavailable("nothing", detail="no such domain")

    whole = await make_server(tls=False)
    first = options_for(whole.url, allow_plaintext=True)
    client = make_client(replace(first, domains={"part": replace(first, servers=(), find=find)}))
    assert [check.problem for check in await client.check(soon())] == [""]
    assert client.notes == ("no such domain",)
