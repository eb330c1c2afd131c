"""What a search brings: all entries or an error, size limits, pages, and references that nobody follows."""

from dataclasses import replace
from typing import Any

import pytest

from ldap_token_bridge.ldap import LdapClient, SearchFailed
from ldap_token_bridge.ldap import conversation as conversation_module
from ldap_token_bridge.ldap import paging as paging_module
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support.ldap_room import ALICE_ENTRY, FIND_ALICE, options_for, soon
from tests.support.scripted_ldap import FoundEntry, Reply, Request, ScriptedLdap

PLAIN: Any = {"allow_plaintext": True}


async def test_a_size_limit_that_was_asked_for_gives_what_came(server: ScriptedLdap, client: LdapClient) -> None:
    """Two entries tell "ambiguous"; the server's code 4 is then no error."""
    two = [ALICE_ENTRY, FoundEntry("uid=alice,ou=other", {})]
    server.on_search = lambda _: Reply(4, entries=two)
    assert len(await client.search(FIND_ALICE, soon())) == 2


@pytest.mark.parametrize(("size_limit", "count"), [(0, 2), (3, 2), (2, 1), (2, 0)])
async def test_a_limit_of_the_servers_own_is_an_error(
    server: ScriptedLdap, client: LdapClient, size_limit: int, count: int
) -> None:
    """A list cut short in silence would hide groups."""
    server.on_search = lambda _: Reply(4, entries=[ALICE_ENTRY] * count)
    with pytest.raises(SearchFailed) as caught:
        await client.search(replace(FIND_ALICE, size_limit=size_limit), soon())
    assert caught.value.code == 4


@pytest.mark.parametrize("code", [10, 11, 32, 50, 53])
async def test_a_refused_search_is_not_asked_elsewhere(
    make_server: MakeServer, make_client: MakeClient, code: int
) -> None:
    """The server answered; its code and words are in the error, its entries are not believed."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    first.on_search = lambda _: Reply(code, "because", entries=[ALICE_ENTRY], referrals=[second.url])
    with pytest.raises(SearchFailed) as caught:
        await make_client(options_for(first.url, second.url, **PLAIN)).search(FIND_ALICE, soon())
    assert (caught.value.code, caught.value.diagnostic) == (code, "because")
    assert second.connections == 0


async def test_references_to_other_servers_are_skipped(make_server: MakeServer, make_client: MakeClient) -> None:
    """They are no entries, and nobody calls there."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    first.on_search = lambda _: Reply(entries=[ALICE_ENTRY], references=[second.url, "ldap://x/"])
    found = await make_client(options_for(first.url, **PLAIN)).search(FIND_ALICE, soon())
    assert [entry.dn for entry in found] == [ALICE_ENTRY.dn]
    assert second.connections == 0


async def test_a_paged_search_follows_the_cookie(server: ScriptedLdap, client: LdapClient) -> None:
    """All pages in their order, on one connection."""
    pages = {b"": b"two", b"two": b"three", b"three": b""}

    def answer(request: Request) -> Reply:
        cookie = request.cookie
        assert cookie is not None
        return Reply(entries=[FoundEntry(f"cn={cookie.decode()}", {})], cookie=pages[cookie])

    server.on_search = answer
    found = await client.search(replace(FIND_ALICE, size_limit=0, paged=True), soon())
    assert [entry.dn for entry in found] == ["cn=", "cn=two", "cn=three"]


async def test_pages_without_end_are_an_error(
    server: ScriptedLdap, client: LdapClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that always has one more page is not followed for ever."""
    monkeypatch.setattr(paging_module, "MAX_PAGES", 5)
    server.on_search = lambda _: Reply(cookie=b"more")
    with pytest.raises(SearchFailed, match="administrators"):
        await client.search(replace(FIND_ALICE, paged=True), soon())
    assert len(server.seen("search")) == 5


async def test_a_page_that_fails_fails_the_search(server: ScriptedLdap, client: LdapClient) -> None:
    """What came before it is not passed off as everything."""
    server.on_search = lambda request: Reply(50) if request.cookie else Reply(entries=[ALICE_ENTRY], cookie=b"more")
    with pytest.raises(SearchFailed):
        await client.search(replace(FIND_ALICE, size_limit=0, paged=True), soon())


async def test_entries_without_end_are_an_error(
    server: ScriptedLdap, client: LdapClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search fails and is abandoned; the connection lives on."""
    monkeypatch.setattr(conversation_module, "MAX_ENTRIES", 10)
    server.on_search = lambda _: Reply(entries=[ALICE_ENTRY] * 50)
    with pytest.raises(SearchFailed) as caught:
        await client.search(replace(FIND_ALICE, size_limit=0), soon())
    assert "more than 10 entries" in caught.value.diagnostic
    server.on_search = None
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert (server.connections, server.seen("abandon")[0].abandoned) == (1, 2)


async def test_a_large_entry_is_read(server: ScriptedLdap, client: LdapClient) -> None:
    """Larger than what is taken on a connection for binds."""
    server.on_search = lambda _: Reply(entries=[FoundEntry("cn=x", {"member": [b"m" * 100] * 20_000})])
    (entry,) = await client.search(FIND_ALICE, soon())
    assert len(entry.texts("member")) == 20_000
