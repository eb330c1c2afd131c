"""Servers that are found: looked for again in time, kept when nothing is found, undisturbed where they stay."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.ldap import DirectoryDown, FoundServers, LdapClient, parse_server
from ldap_token_bridge.ldap import server_list as server_list_module
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support.ldap_room import FIND_ALICE, bind_alice, options_for, soon, until
from tests.support.scripted_ldap import Reply, ScriptedLdap


class Finder:
    """Finds what it is told; counts how often it was asked."""

    def __init__(self, *servers: ScriptedLdap, seconds: float = 600) -> None:
        self.servers = servers
        self.seconds = seconds
        self.failure: Exception | None = None
        self.asked = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def __call__(self) -> FoundServers:
        self.asked += 1
        await self.hold.wait()
        if self.failure:
            raise self.failure
        return FoundServers(tuple(parse_server(server.url) for server in self.servers), self.seconds, ("a note",))


MakeFound = Callable[[Finder], LdapClient]


@pytest.fixture
def client_of(make_client: MakeClient) -> MakeFound:
    """Makes a client whose servers are found."""
    return lambda finder: make_client(options_for(find=finder, allow_plaintext=True))


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the room's bounds for one test."""

    def set_bounds(**values: float) -> None:
        for name, value in values.items():
            monkeypatch.setattr(server_list_module, name, value)

    return set_bounds


def due_in(client: LdapClient) -> float:
    """Seconds until the servers are looked for again."""
    return client._list._due - asyncio.get_running_loop().time()


async def test_servers_are_found_when_they_are_needed(server: ScriptedLdap, client_of: MakeFound) -> None:
    """Once for all who wait; nothing is asked before."""
    finder = Finder(server)
    client = client_of(finder)
    assert (client.states(), finder.asked) == ((), 0)
    found = await asyncio.gather(*(client.search(FIND_ALICE, soon()) for _ in range(5)))
    assert [len(entries) for entries in found] == [1] * 5
    assert await bind_alice(client) == 0
    assert finder.asked == 1
    assert client.notes == ("a note",)


@pytest.mark.parametrize(("told", "used"), [(0, 60), (59, 60), (600, 600), (86_400, 3600), (10**9, 3600)])
async def test_the_time_to_live_has_bounds(
    server: ScriptedLdap, client_of: MakeFound, told: float, used: float
) -> None:
    """DNS can neither make the bridge ask all the time nor make it stop asking."""
    client = client_of(Finder(server, seconds=told))
    await bind_alice(client)
    assert used - 5 < due_in(client) <= used


async def test_at_the_start_nothing_found_is_directory_down(
    server: ScriptedLdap, client_of: MakeFound, bounds: Callable[..., None]
) -> None:
    """With the reason in the detail; not asked again at once, but soon, and then it works."""
    bounds(RETRY=0.1)
    finder = Finder(server)
    finder.failure = Unavailable("for people", detail="no name server answered")
    client = client_of(finder)
    for ask in (client.search(FIND_ALICE, soon()), bind_alice(client), client.check(soon())):
        with pytest.raises(DirectoryDown) as caught:
            await ask
        assert caught.value.detail == "no name server answered"
    assert finder.asked == 1
    finder.failure = None
    await asyncio.sleep(0.12)
    assert await bind_alice(client) == 0


async def test_a_slow_search_for_servers_does_not_hold_up_anyone_beyond_the_deadline(
    server: ScriptedLdap, client_of: MakeFound
) -> None:
    """Who has no time left is told; the search goes on for the next."""
    finder = Finder(server)
    finder.hold.clear()
    client = client_of(finder)
    with pytest.raises(DirectoryDown) as caught:
        await client.search(FIND_ALICE, soon(0.05))
    assert "still being looked for" in caught.value.detail
    finder.hold.set()
    assert await bind_alice(client) == 0
    assert finder.asked == 1


@pytest.mark.parametrize("failure", [Unavailable("x", detail="SERVFAIL"), RuntimeError("a slip")])
async def test_a_failure_keeps_the_last_good_list(
    server: ScriptedLdap, client_of: MakeFound, bounds: Callable[..., None], failure: Exception
) -> None:
    """However long DNS is down; nobody waits for it meanwhile, and connections stay."""
    bounds(SHORTEST=0.02, LONGEST=0.02)
    finder = Finder(server)
    client = client_of(finder)
    await bind_alice(client)
    finder.failure = failure
    asked = finder.asked
    while finder.asked < asked + 3:
        assert await bind_alice(client) == 0
        await asyncio.sleep(0.01)
    assert client.notes != ("a note",)
    assert server.connections == 1


async def test_nobody_waits_for_a_refresh(
    server: ScriptedLdap, client_of: MakeFound, bounds: Callable[..., None]
) -> None:
    """The old list answers while a new one is being found."""
    bounds(SHORTEST=0.01, LONGEST=0.01)
    finder = Finder(server)
    client = client_of(finder)
    await bind_alice(client)
    finder.hold.clear()
    await asyncio.sleep(0.02)
    assert [await bind_alice(client) for _ in range(3)] == [0, 0, 0]
    assert finder.asked == 2
    finder.hold.set()


async def test_servers_that_stay_keep_their_connections(
    make_server: MakeServer, client_of: MakeFound, bounds: Callable[..., None]
) -> None:
    """Another order is taken up; what vanished is closed, when requests under way have had their time."""
    bounds(SHORTEST=0.01, LONGEST=0.01, RETIRE_AFTER=0.2)
    first, second = await make_server(tls=False), await make_server(tls=False)
    finder = Finder(first)
    client = client_of(finder)
    await bind_alice(client)
    await client.search(FIND_ALICE, soon())
    (before,) = client._servers
    first.on_search = lambda _: Reply(delay=0.1, entries=first.entries)
    under_way = asyncio.create_task(client.search(FIND_ALICE, soon()))
    await until(lambda: len(first.seen("search")) == 2)
    finder.servers = (second, first)
    await _refreshed(client, lambda: len(client._servers) == 2)
    assert client._servers[1] is before
    assert await bind_alice(client) == 0
    assert (first.open_connections, len(second.seen("bind"))) == (2, 1)
    finder.servers = (second,)
    await _refreshed(client, lambda: len(client._servers) == 1)
    assert first.open_connections == 2
    assert len(await under_way) == 1
    await until(lambda: not first.open_connections)
    assert await bind_alice(client) == 0


async def _refreshed(client: LdapClient, condition: Callable[[], bool]) -> None:
    """Lets requests come until the list has changed."""
    while not condition():
        await client._list.current(soon())
        await asyncio.sleep(0.005)


async def test_when_no_server_answers_the_list_is_not_waited_out(
    make_server: MakeServer, client_of: MakeFound, bounds: Callable[..., None]
) -> None:
    """Controllers that were replaced are found within the shortest time, not within an hour."""
    old, new = await make_server(tls=False), await make_server(tls=False)
    bounds(SHORTEST=0.05)
    finder = Finder(old, seconds=3600)
    client = client_of(finder)
    await bind_alice(client)
    await old.stop()
    finder.servers = (new,)
    with pytest.raises(DirectoryDown):
        await bind_alice(client)
    await asyncio.sleep(0.06)
    await _refreshed(client, lambda: finder.asked == 2 and len(client.states()) == 1)
    await until(lambda: str(client.states()[0].server) == new.url)
    assert await bind_alice(client) == 0


async def test_closing_ends_the_search_for_servers(
    make_server: MakeServer, client_of: MakeFound, bounds: Callable[..., None]
) -> None:
    """No task is left, neither one that looks for servers nor one that retires them; later requests are refused."""
    bounds(SHORTEST=0.01, LONGEST=0.01)
    server, other = await make_server(tls=False), await make_server(tls=False)
    finder = Finder(server)
    client = client_of(finder)
    await bind_alice(client)
    finder.servers = (other,)
    await _refreshed(client, lambda: str(client.states()[0].server) == other.url)
    finder.hold.clear()
    await asyncio.sleep(0.02)
    await bind_alice(client)
    await client.close()
    left = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith(("find ", "retire "))]
    assert left == []
    await until(lambda: not server.open_connections and not other.open_connections)
    asked = finder.asked
    await _refused(bind_alice(client))
    assert finder.asked == asked


async def _refused(ask: Awaitable[Any]) -> None:
    with pytest.raises(DirectoryDown):
        await ask


async def test_a_state_tells_what_there_is(make_server: MakeServer, make_client: MakeClient) -> None:
    """Connections by kind, the breaker, and the last failure in words: it stays to be read when all is well again."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    client = make_client(options_for(first.url, second.url, allow_plaintext=True))
    await client.search(FIND_ALICE, soon())
    await bind_alice(client)
    one, two = client.states()
    assert (str(one.server), one.up, one.search_connections, one.bind_connections) == (first.url, True, 1, 1)
    assert (one.last_failure, one.failed_at, two.up, two.search_connections) == ("", 0, True, 0)
    await first.stop()
    await until(lambda: client.states()[0].bind_connections == 0)
    for _ in range(3):
        await bind_alice(client)
    one, two = client.states()
    assert (one.up, one.search_connections, two.bind_connections) == (False, 0, 1)
    assert one.last_failure.startswith("nothing listens on port")
    assert one.failed_at > 0
    second.on_search = lambda _: Reply(51, "too busy")
    await _refused(client.search(FIND_ALICE, soon()))
    assert client.states()[1].last_failure == "answered 51 busy (too busy)"
    assert client.states()[1].up
