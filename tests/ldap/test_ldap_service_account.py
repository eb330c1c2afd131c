"""The bridge's own account: its refusal is told at once, and is not tried again and again until it is locked."""

import asyncio
from typing import Any

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import LdapClient, SearchFailed, ServiceAccountRefused, search_pool
from ldap_token_bridge.ldap import service_account as service_account_module
from ldap_token_bridge.ldap.channels import SearchChannel
from ldap_token_bridge.ldap.service_account import ServiceAccount
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support.certificates import Authority
from tests.support.ldap_room import FIND_ALICE, SERVICE_DN, Log, bind_alice, options_for, soon, until
from tests.support.scripted_ldap import Reply

PLAIN: Any = {"allow_plaintext": True}
WRONG: Any = {**PLAIN, "bind_password": Secret(b"outdated")}


@pytest.mark.parametrize("code", [8, 19, 48, 49, 53])
async def test_a_refused_service_account_is_told_with_code_and_words(
    make_server: MakeServer, make_client: MakeClient, code: int
) -> None:
    """Operators read both in the log; people read neither."""
    server = await make_server(tls=False)
    server.on_bind = lambda _: Reply(code, "data 775")
    with pytest.raises(ServiceAccountRefused) as caught:
        await make_client(options_for(server.url, **PLAIN)).search(FIND_ALICE, soon())
    assert (caught.value.code, caught.value.diagnostic) == (code, "data 775")
    assert str(code) in caught.value.detail
    assert server.url in caught.value.detail
    assert "775" not in str(caught.value)
    assert 0 < caught.value.retry_after <= 30
    await until(lambda: not server.open_connections)


async def test_a_refusal_is_remembered_for_all_servers(make_server: MakeServer, make_client: MakeClient) -> None:
    """Many searches at once and one after the other: one try, at one server."""
    first, second = await make_server(tls=False), await make_server(tls=False)
    log = Log()
    client = make_client(options_for(first.url, second.url, **WRONG), log)
    outcomes = await asyncio.gather(*(client.search(FIND_ALICE, soon()) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(outcome, ServiceAccountRefused) for outcome in outcomes)
    for _ in range(3):
        with pytest.raises(ServiceAccountRefused):
            await client.search(FIND_ALICE, soon())
    assert [request.dn for request in first.seen("bind")] == [SERVICE_DN]
    assert (first.connections, second.connections) == (1, 0)
    assert log.outcomes("bind") == ["refused"]


async def test_two_servers_at_once_see_one_try(make_server: MakeServer) -> None:
    """Connections to both are ready for the service account's bind: the second waits for the first one's outcome."""
    servers = [await make_server(tls=False) for _ in range(2)]
    options = options_for(*(server.url for server in servers), **WRONG)
    for server in servers:
        server.on_bind = lambda _: Reply(49, "data 52e", delay=0.05)
    account = ServiceAccount(options.bind_dn, options.bind_password)
    channels = [await SearchChannel.open(address, options, soon()) for address in options.servers]
    outcomes = await asyncio.gather(*(account.login(channel) for channel in channels), return_exceptions=True)
    assert all(isinstance(outcome, ServiceAccountRefused) for outcome in outcomes)
    assert {outcome.detail for outcome in outcomes if isinstance(outcome, ServiceAccountRefused)} == {
        f"{channels[0].address} refused the bind of the service account: 49 invalidCredentials (data 52e)"
    }
    assert sum(len(server.seen("bind")) for server in servers) == 1
    for channel in channels:
        await channel.close()


async def test_users_can_bind_while_the_service_account_is_refused(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """Their connections do not need it."""
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, **WRONG))
    with pytest.raises(ServiceAccountRefused):
        await client.search(FIND_ALICE, soon())
    assert await bind_alice(client) == 0


async def test_after_a_while_it_is_tried_again(
    make_server: MakeServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that was mended in the directory works without a restart."""
    monkeypatch.setattr(service_account_module, "REFUSAL_SECONDS", 0.05)
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, **WRONG))
    with pytest.raises(ServiceAccountRefused):
        await client.search(FIND_ALICE, soon())
    server.passwords[SERVICE_DN] = b"outdated"
    await asyncio.sleep(0.06)
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert len(server.seen("bind")) == 2


async def test_an_operator_who_has_mended_it_need_not_wait(make_server: MakeServer, make_client: MakeClient) -> None:
    """SIGHUP: one more try, now."""
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, **WRONG))
    with pytest.raises(ServiceAccountRefused):
        await client.search(FIND_ALICE, soon())
    server.passwords[SERVICE_DN] = b"outdated"
    client.try_again()
    assert len(await client.search(FIND_ALICE, soon())) == 1


async def test_whoever_says_so_again_and_again_locks_no_account(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """Hooks send SIGHUP for each renewed certificate: one early try in a pause, and the next pause is longer."""
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, **WRONG))
    for _ in range(5):
        with pytest.raises(ServiceAccountRefused) as caught:
            await client.search(FIND_ALICE, soon())
        client.try_again()
    assert len(server.seen("bind")) == 2
    assert caught.value.retry_after > 30


async def test_an_account_that_worked_meanwhile_may_be_tried_early_again(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an operator said while it worked is no early try: the next refusal is another story."""
    server = await make_server(tls=False)
    account = ServiceAccount(SERVICE_DN, Secret(b"right"))
    options = options_for(server.url, **PLAIN)

    async def login(password: bytes) -> None:
        server.passwords[SERVICE_DN] = password
        channel = await SearchChannel.open(options.servers[0], options, soon())
        try:
            await account.login(channel)
        finally:
            channel.hang_up()

    monkeypatch.setattr(account, "_pause", 0.01)
    with pytest.raises(ServiceAccountRefused):
        await login(b"other")
    await asyncio.sleep(0.02)
    await login(b"right")
    account.try_again()
    with pytest.raises(ServiceAccountRefused):
        await login(b"other")
    account.try_again()
    await login(b"right")


async def test_rights_that_were_given_since_count_on_a_new_connection(
    make_server: MakeServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server decides at the bind who a connection is. It is not bound anew for each search that is refused."""
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, **PLAIN))
    server.on_search = lambda _: Reply(50, "Operations are restricted")
    for _ in range(3):
        with pytest.raises(SearchFailed):
            await client.search(FIND_ALICE, soon())
    assert len(server.seen("bind")) == 1
    (state,) = client.states()
    assert state.up
    assert "50 insufficientAccessRights (Operations are restricted)" in state.last_failure
    monkeypatch.setattr(search_pool, "RIGHTS_STAY", 0.0)
    with pytest.raises(SearchFailed):
        await client.search(FIND_ALICE, soon())
    server.on_search = None
    assert len(await client.search(FIND_ALICE, soon())) == 1
    assert len(server.seen("bind")) == 2
    await until(lambda: server.open_connections == 1)


async def test_a_changed_password_leaves_open_connections_alone(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """Searches go on where they are bound already; a second connection is tried once and not for every search."""
    server = await make_server(tls=False)
    client = make_client(options_for(server.url, **PLAIN))
    await client.search(FIND_ALICE, soon())
    server.passwords[SERVICE_DN] = b"changed"
    server.on_search = lambda _: Reply(delay=0.01)
    for _ in range(4):
        await asyncio.gather(*(client.search(FIND_ALICE, soon()) for _ in range(5)))
    assert len(server.seen("bind")) == 2
    server.drop()
    await until(lambda: not server.open_connections)
    with pytest.raises(ServiceAccountRefused):
        await client.search(FIND_ALICE, soon())
    assert len(server.seen("bind")) == 2


async def test_the_check_looks_at_every_server(make_server: MakeServer, make_client: MakeClient) -> None:
    """Fine, and not there: each with its problem and a remedy."""
    fine, gone = await make_server(tls=False), await make_server(tls=False)
    await gone.stop()
    checks = await make_client(options_for(gone.url, fine.url, **PLAIN)).check(soon())
    assert [str(check.server) for check in checks] == [gone.url, fine.url]
    assert checks[0].problem.startswith("nothing listens")
    assert checks[0].remedy
    assert (checks[1].problem, checks[1].remedy) == ("", "")
    await until(lambda: not fine.open_connections)


async def test_the_check_shows_a_refused_account_to_one_server_only(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """Three servers and a wrong password are one failed try, not three."""
    servers = [await make_server(tls=False) for _ in range(3)]
    checks = await make_client(options_for(*(server.url for server in servers), **WRONG)).check(soon())
    assert all(check.problem.startswith("the service account is refused: 49 invalidCredentials") for check in checks)
    assert all("bind_dn" in check.remedy for check in checks)
    assert sum(len(server.seen("bind")) for server in servers) == 1


@pytest.mark.parametrize("is_first", [True, False])
async def test_the_first_server_decides_about_the_account(
    make_server: MakeServer, make_client: MakeClient, authority: Authority, *, is_first: bool
) -> None:
    """Servers that know two passwords: what a check says is what searches see, however quick the others are."""
    slow, quick = await make_server(tls=True), await make_server(tls=False)
    (quick if is_first else slow).passwords.clear()
    client = make_client(options_for(slow.url, quick.url, ca_file=authority.ca_file, **PLAIN))
    checks = await client.check(soon())
    if is_first:
        assert [bool(check.problem) for check in checks] == [False, True]
        assert await client.search(FIND_ALICE, soon())
        assert client.refusal is None
    else:
        assert [bool(check.problem) for check in checks] == [True, True]
        with pytest.raises(ServiceAccountRefused):
            await client.search(FIND_ALICE, soon())
    assert [len(server.seen("bind")) for server in (slow, quick)] == ([2, 1] if is_first else [1, 0])


async def test_the_check_names_tls_where_the_server_wants_it(make_server: MakeServer, make_client: MakeClient) -> None:
    """Windows Server 2025 refuses simple binds in the clear with code 8."""
    server = await make_server(tls=False)
    server.on_bind = lambda _: Reply(8)
    (check,) = await make_client(options_for(server.url, **PLAIN)).check(soon())
    assert "ldaps://" in check.remedy


@pytest.mark.parametrize("reply", [Reply(silent=True), Reply(51), Reply(close=True)], ids=["silent", "busy", "closed"])
async def test_the_check_reports_a_server_that_does_not_answer(
    make_server: MakeServer, make_client: MakeClient, reply: Reply
) -> None:
    """As a problem, not as an exception, within its time."""
    server = await make_server(tls=False)
    server.on_bind = lambda _: reply
    client = make_client(options_for(server.url, **PLAIN))
    (check,) = await client.check(soon())
    assert check.problem
    (late,) = await client.check(soon(0.0))
    assert late.problem


def test_unsafe_options_make_no_client() -> None:
    """An empty service password would search anonymously without a word."""
    with pytest.raises(Misconfigured):
        LdapClient(options_for("ldaps://dc1", bind_password=Secret(b"")))
    with pytest.raises(Misconfigured):
        LdapClient(options_for("ldap://dc1"))


async def test_a_check_that_runs_out_of_time_in_a_bind_says_so(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    """It is a check's answer like any other: nobody who starts or reloads is cancelled by it."""
    server = await make_server(tls=False)
    server.on_bind = lambda _: Reply(silent=True)
    client = make_client(options_for(server.url, operation_timeout=30.0, **PLAIN))
    (check,) = await client.check(Deadline.after(0.2))
    assert check.problem
    task = asyncio.current_task()
    assert task and task.cancelling() == 0
