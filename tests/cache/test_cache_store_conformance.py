"""What a bridge asks of a store, asked of the tests' memory and of every kind of real server."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from redis.asyncio import cluster as redis_cluster
from redis.asyncio.connection import SSLConnection
from redis.asyncio.sentinel import SentinelManagedSSLConnection

from ldap_token_bridge.cache import StoreDown, StoreLogin, open_backend, parse_store
from ldap_token_bridge.cache.shared.backend import Backend, Write
from ldap_token_bridge.cache.shared.redis_tls import StoreTls
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Secret
from tests.support.certificates import Authority
from tests.support.memory_store import MemoryBackend
from tests.support.process import Process, ServerFailed
from tests.support.valkey import RIGHTS, Sentinel, Valkey

LONG = 60_000
Opened = Callable[[], Backend]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """Without TLS and login."""
    with Valkey(tmp_path_factory.mktemp("plain")) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Valkey]:
    """With TLS, and a user who may do what the documents say and no more."""
    with Valkey(tmp_path_factory.mktemp("guarded"), authority=authority, login=True) as server:
        yield server


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A cluster of one, which has all the slots."""
    with Valkey(tmp_path_factory.mktemp("cluster"), cluster=True) as server:
        server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        until(lambda: b"cluster_state:ok" in server.ask("CLUSTER", "INFO"))
        yield server


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for what a server does in its own time."""
    give_up = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > give_up:
            raise ServerFailed("it does not come about")
        time.sleep(0.02)


@pytest.fixture(params=["memory", "plain", "unix", "guarded", "sentinel", "cluster"])
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    """Every kind of store that can be had here, empty of what the test writes."""
    with ExitStack() as stack:
        one = _opened(request, tmp_path, stack)
        try:
            yield one
        finally:
            await one.close()


def _opened(request: pytest.FixtureRequest, tmp_path: Path, stack: ExitStack) -> Backend:
    kind: str = request.param
    if kind == "memory":
        return MemoryBackend(time.monotonic)
    server: Valkey = request.getfixturevalue({"unix": "plain", "sentinel": "plain"}.get(kind, kind))
    url, login = server.url, StoreLogin()
    if kind == "unix":
        url = f"unix://{server.socket}"
    elif kind == "guarded":
        login = StoreLogin(Secret(server.password.encode()), server.ca_file)
    elif kind == "sentinel":
        sentinel = stack.enter_context(Sentinel(tmp_path / "sentinel", server))
        url = f"redis+sentinel://127.0.0.1:{sentinel.port}/ltb"
    elif kind == "cluster":
        url = f"redis+cluster://127.0.0.1:{server.port}"
    return open_backend(parse_store(url), login)


def name_of(request: pytest.FixtureRequest, number: int = 0) -> str:
    """A name that no other test has."""
    return f"ltb:{{space}}:{request.node.name}:{number}"


async def test_what_was_written_is_read(backend: Backend, request: pytest.FixtureRequest) -> None:
    """Every octet of it, also of several entries in one question; what is not there is None."""
    names = [name_of(request, number) for number in range(3)]
    octets = bytes(range(256)) * 10
    await backend.write([Write(names[0], octets, LONG), Write(names[2], b"\r\n", LONG)])
    assert await backend.read(names, 1 << 20) == [octets, None, b"\r\n"]


async def test_no_more_is_fetched_than_asked_for(backend: Backend, request: pytest.FixtureRequest) -> None:
    """A huge entry, whoever wrote it, costs no memory."""
    await backend.write([Write(name_of(request), b"x" * 100_000, LONG)])
    assert await backend.read([name_of(request)], 10) == [b"x" * 10]


async def test_writes_come_in_order(backend: Backend, request: pytest.FixtureRequest) -> None:
    """A later one replaces; no value takes the entry away."""
    name, other = name_of(request), name_of(request, 1)
    await backend.write([Write(name, b"1", LONG), Write(name, b"2", LONG), Write(other, b"3", LONG)])
    await backend.write([Write(other, None)])
    assert await backend.read([name, other], 10) == [b"2", None]


async def test_an_entry_goes_when_its_time_is_over(backend: Backend, request: pytest.FixtureRequest) -> None:
    """However it was written."""
    names = [name_of(request, number) for number in range(3)]
    await backend.write([Write(names[0], b"1", 30)])
    await backend.claim(names[1], 30)
    await backend.swap(names[2], None, b"1", 30)
    await asyncio.sleep(0.1)
    assert await backend.read(names, 10) == [None, None, None]


async def test_one_of_many_gets_what_all_claim(backend: Backend, request: pytest.FixtureRequest) -> None:
    """And nobody else until it is let go."""
    name = name_of(request)
    assert sum(await asyncio.gather(*(backend.claim(name, LONG) for _ in range(20)))) == 1
    assert not await backend.claim(name, LONG)
    await backend.write([Write(name, None)])
    assert await backend.claim(name, LONG)


async def test_swapping_needs_what_is_there(backend: Backend, request: pytest.FixtureRequest) -> None:
    """Nobody's change is lost: who has an old value must read again."""
    name = name_of(request)
    assert not await backend.swap(name, b"something", b"1", LONG)
    assert await backend.swap(name, None, b"1\0", LONG)
    assert not await backend.swap(name, None, b"2", LONG)
    assert not await backend.swap(name, b"1", b"2", LONG)
    assert await backend.swap(name, b"1\0", b"2", LONG)
    assert await backend.read([name], 10) == [b"2"]


async def test_everything_written_has_an_end(plain: Valkey) -> None:
    """Nothing stays in the store for ever."""
    backend = open_backend(parse_store(plain.url), StoreLogin())
    await backend.write([Write("ltb:end:1", b"1", LONG)])
    await backend.claim("ltb:end:2", LONG)
    await backend.swap("ltb:end:3", None, b"1", LONG)
    await backend.close()
    times = [plain.ask("PTTL", f"ltb:end:{number}") for number in (1, 2, 3)]
    assert all(0 < left <= LONG for left in times)


async def _why(url: str, login: StoreLogin) -> str:
    backend = open_backend(parse_store(url), login)
    try:
        with pytest.raises(StoreDown) as caught:
            await backend.write([Write("ltb:x", b"1", LONG)])
    finally:
        await backend.close()
    return str(caught.value)


async def test_what_is_wrong_is_told(guarded: Valkey, plain: Valkey, authority: Authority) -> None:
    """And never a password."""
    right = Secret(guarded.password.encode())
    assert await _why(guarded.url, StoreLogin(Secret(b"wrong-Secret-1"), authority.ca_file)) == (
        "the store refuses the user or the password"
    )
    assert "certificate" in (await _why(guarded.url, StoreLogin(right))).lower()
    assert await _why(plain.url.replace("redis", "rediss"), StoreLogin(right, authority.ca_file))
    backend = open_backend(parse_store(guarded.url), StoreLogin(right, authority.ca_file))
    with pytest.raises(StoreDown, match="may not do"):
        await backend.read(["of-someone-else"], 1)
    await backend.close()


@pytest.mark.parametrize("kind", ["redis", "redis+cluster", "redis+sentinel"])
async def test_a_store_that_is_away_is_down(kind: str) -> None:
    """And nothing else: for a cluster the library raises what is none of its own errors."""
    assert await _why(f"{kind}://127.0.0.1:1/{'ltb' if 'sentinel' in kind else ''}", StoreLogin())


async def test_an_authority_made_by_hand_will_do(tmp_path: Path) -> None:
    """Its certificates lack what Python asks for from 3.13 on; a bridge connects with every Python, if it is named."""
    by_hand = Authority(tmp_path / "authority", by_hand=True)
    server = Valkey(tmp_path / "store", authority=by_hand)
    server.start()
    try:
        backend = open_backend(parse_store(server.url), StoreLogin(ca_file=by_hand.ca_file))
        assert await backend.claim("ltb:by-hand", LONG)
        await backend.close()
        assert "certificate" in (await _why(server.url, StoreLogin())).lower()
    finally:
        server.stop()


async def test_whom_it_names_it_trusts_alone(
    guarded: Valkey, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's authorities count only where none is named."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    right = Secret(guarded.password.encode())
    by_system = open_backend(parse_store(guarded.url), StoreLogin(right))
    assert await by_system.claim("ltb:by-system", LONG)
    await by_system.close()
    other = Authority(tmp_path / "other")
    assert "certificate" in (await _why(guarded.url, StoreLogin(right, other.ca_file))).lower()


async def test_a_tls_file_that_cannot_be_used_is_named(guarded: Valkey, authority: Authority, tmp_path: Path) -> None:
    """At a start and a reload, before anything depends on it; and if it is spoilt later, by what a connection says."""
    ca_file, right = tmp_path / "ca.pem", Secret(guarded.password.encode())
    with pytest.raises(Misconfigured, match=r"ca\.pem.*cannot be read"):
        open_backend(parse_store(guarded.url), StoreLogin(right, ca_file))
    ca_file.write_text("nothing")
    with pytest.raises(Misconfigured, match=r"ca\.pem.*no certificate"):
        open_backend(parse_store(guarded.url), StoreLogin(right, ca_file))
    key = tmp_path / "bridge.key"
    locked = PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    key.write_bytes(generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, *locked))
    with pytest.raises(Misconfigured, match="no passphrase"):
        open_backend(parse_store(guarded.url), StoreLogin(right, authority.ca_file, authority.ca_file, key))
    ca_file.write_text(authority.ca_file.read_text())
    backend = open_backend(parse_store(guarded.url), StoreLogin(right, ca_file))
    ca_file.write_text("nothing")
    with pytest.raises(StoreDown, match="no certificate"):
        await backend.claim("ltb:spoilt", LONG)
    await backend.close()


def test_every_kind_of_connection_has_our_trust() -> None:
    """The library's own would add the authorities that are named to the system's. A cluster's nodes have the first."""
    open_backend(parse_store("rediss://127.0.0.1"), StoreLogin())
    assert isinstance(SSLConnection().ssl_context, StoreTls)
    watched: Any = SentinelManagedSSLConnection
    assert isinstance(watched(connection_pool=None).ssl_context, StoreTls)
    assert vars(redis_cluster)["SSLConnection"] is SSLConnection


def test_the_rights_are_the_documents() -> None:
    """What the suite gives to a bridge's user is what people are told to give."""
    assert RIGHTS in (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


async def test_a_cut_off_wait_confuses_no_later_one(plain: Valkey) -> None:
    """Whoever gave up waiting leaves no answer behind that another request could take for its own."""
    backend = open_backend(parse_store(plain.url), StoreLogin())
    names = [f"ltb:cut:{number}" for number in range(20)]
    await backend.write([Write(name, name.encode(), LONG) for name in names])
    for pause in range(15):
        plain.hang()
        for name in names[:5]:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(backend.read([name], 100), 0.001 * (pause % 5))
        plain.resume()
        answers = await asyncio.gather(*(backend.read([name], 100) for name in names))
        assert answers == [[name.encode()] for name in names]
    await backend.close()


async def test_a_failover_by_the_sentinel(tmp_path: Path) -> None:
    """The bridge finds the server that took over."""
    with ExitStack() as stack:
        first = stack.enter_context(Valkey(tmp_path / "first"))
        second = stack.enter_context(Valkey(tmp_path / "second", replica_of=first))
        sentinel = stack.enter_context(Sentinel(tmp_path / "sentinel", first))
        until(lambda: sentinel.replicas() == 1)
        backend = open_backend(parse_store(f"redis+sentinel://127.0.0.1:{sentinel.port}/ltb"), StoreLogin())
        try:
            await _until_written(backend, "ltb:a")  # on a busy machine the sentinel doubts the first one now and then
            _lose(first)
            until(lambda: sentinel.master_port() == second.port)
            await _until_written(backend, "ltb:b")
            assert second.ask("GET", "ltb:b") == b"2"
        finally:
            await backend.close()


def _lose(server: Process) -> None:
    server.kill()


async def _until_written(backend: Backend, name: str) -> None:
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        try:
            await backend.write([Write(name, b"2", LONG)])
        except StoreDown:
            await asyncio.sleep(0.05)
        else:
            return
    raise ServerFailed("the server that is in charge is not found")
