"""Many logins at once against OpenLDAP with 10,000 people: what they may use, and that nothing grows."""

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import FilterTemplate, LdapClient, SearchRequest, SearchScope
from tests.conftest import MakeWire
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support import canaries, many_people, sample
from tests.support.ldap_room import ALICE, FIND_ALICE, PATIENT, bind_alice, bind_person, options_for, soon, until
from tests.support.scripted_ldap import Reply
from tests.support.slapd import Slapd

TASKS = 32
BY_LOGIN = FilterTemplate.compile("(&(objectClass=inetOrgPerson)(|(uid={login})(mail={login})))")


@pytest.fixture
def make_crowd_client(make_client: MakeClient, many_people: Slapd) -> Callable[[str], LdapClient]:
    """Clients with the connections of the default settings."""
    password = Secret(canaries.password(sample.SERVICE_ACCOUNT).encode())

    def make(url: str) -> LdapClient:
        return make_client(
            options_for(
                url,
                allow_plaintext=True,
                bind_dn=many_people.bind_dn,
                bind_password=password,
                search_connections=2,
                bind_connections=8,
                **PATIENT,
            )
        )

    return make


async def test_many_at_once_share_the_connections(
    make_crowd_client: Callable[[str], LdapClient], many_people: Slapd, make_wire: MakeWire
) -> None:
    """32 tasks at once use two connections for searches and eight for binds: one search and one bind a login."""
    wire = make_wire(many_people.port)
    client = make_crowd_client(wire.url)
    await logins(client, 320)
    kinds = {kind: {seen.connection for seen in wire.seen if seen.operation == kind} for kind in ("search", "bind")}
    services = {seen.connection for seen in wire.seen if seen.dn == many_people.bind_dn}
    assert len(kinds["search"]) <= 2 and kinds["search"] <= services
    assert len(kinds["bind"] - services) <= 8
    assert wire.connections <= 10
    assert (wire.searches(), wire.binds()) == (320, 320 + len(services))


async def test_nothing_grows_with_ten_thousand_logins(
    make_crowd_client: Callable[[str], LdapClient], many_people: Slapd
) -> None:
    """Neither file descriptors nor tasks, nor what Python has to keep; a wrong password every now and then included."""
    client = make_crowd_client(many_people.url)
    await logins(client, 1_000)
    before = held()
    await logins(client, 9_000)
    after = held()
    assert after["descriptors"] <= before["descriptors"]
    assert after["tasks"] == before["tasks"]
    # What stays for good would show nine thousand times.
    assert after["objects"] - before["objects"] < 2_000


async def test_a_slow_server_holds_up_nobody_else(make_server: MakeServer, make_client: MakeClient) -> None:
    """While one server is silent, logins by another client, and the loop itself, go on."""
    slow, quick = await make_server(tls=False), await make_server(tls=False)
    slow.on_bind = lambda request: Reply(silent=request.dn.startswith("uid=person"))
    slow_client = make_client(options_for(slow.url, allow_plaintext=True, operation_timeout=30.0))
    quick_client = make_client(options_for(quick.url, allow_plaintext=True))
    waiting = [asyncio.create_task(bind_person(slow_client, number)) for number in range(TASKS)]
    await until(lambda: len(slow.seen("bind")) == 2)
    for _ in range(100):
        assert len(await quick_client.search(FIND_ALICE, soon())) == 1
        assert await bind_alice(quick_client) == 0
    # Its searches have connections of their own.
    assert len(await slow_client.search(FIND_ALICE, soon())) == 1
    assert not any(task.done() for task in waiting)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_whoever_leaves_the_line_holds_up_nobody(make_server: MakeServer, make_client: MakeClient) -> None:
    """Some who wait for a connection go away, one of them when it was just given its turn; all others have theirs."""
    server = await make_server(tls=False)
    server.on_bind = lambda request: Reply(delay=0.05 if request.dn == ALICE else 0.0)
    line: list[asyncio.Task[int]] = []

    def leave(operation: str, _server: str, _seconds: float, _outcome: str) -> None:
        # Heard before the turn is passed on; so the cancellation comes between that and the next one's going on.
        if operation == "bind" and line and not line[0].done():
            asyncio.get_running_loop().call_soon(line[0].cancel)

    client = make_client(
        options_for(server.url, allow_plaintext=True, bind_connections=1, operation_timeout=5.0), leave
    )
    first = asyncio.create_task(bind_alice(client))
    await until(lambda: server.seen("bind") != [])
    line += [asyncio.create_task(bind_alice(client)) for _ in range(10)]
    await asyncio.sleep(0)
    for task in line[3:6]:
        task.cancel()
    assert await first == 0
    outcomes = await asyncio.gather(*line, return_exceptions=True)
    assert Counter(type(outcome) for outcome in outcomes) == {int: 6, asyncio.CancelledError: 4}
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert await bind_alice(client) == 0
    assert len(server.seen("bind")) == 8


async def logins(client: LdapClient, count: int) -> None:
    """So many logins of random people, 32 at a time; every one is held to its own outcome."""
    chance = random.Random(count)  # noqa: S311 -- the same people in every run
    numbers: Iterator[int] = iter([chance.randrange(many_people.PEOPLE) for _ in range(count)])

    async def work() -> None:
        for number in numbers:
            await login(client, number, wrong=number % 50 == 0)

    work_of: list[Awaitable[None]] = [work() for _ in range(TASKS)]
    await asyncio.gather(*work_of)


async def login(client: LdapClient, number: int, *, wrong: bool) -> None:
    """One search and one bind, each with the answer that belongs to this person."""
    filter_ = BY_LOGIN.fill(login=many_people.login(number).encode())
    request = SearchRequest(Slapd.base, SearchScope.SUBTREE, filter_, ("uid", "memberOf"), size_limit=2)
    (entry,) = await client.search(request, soon(20))
    assert entry.dn == many_people.person_dn(number)
    assert len(entry.texts("memberOf")) == many_people.GROUPS_EACH
    password = many_people.password(number + 1 if wrong else number)
    result = await client.bind(entry.dn, Secret(password.encode()), soon(20))
    assert result.code == (49 if wrong else 0)


def held() -> dict[str, int]:
    """What could grow."""
    gc.collect()
    return {
        "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "tasks": len(asyncio.all_tasks()),
        "objects": len(gc.get_objects()),
    }
