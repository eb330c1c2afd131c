"""Connections in TLS cost little before anybody has said who it is, and the unfinished ones end."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp import web

from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.web import Listener, ServerTls, server
from ldap_token_bridge.web.public import healthy
from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority, Issued
from tests.support.slapd import Slapd

_CONNECTIONS = 150


@pytest.fixture
def pair(authority: Authority) -> Issued:
    """The listener's certificate."""
    return authority.issue("bridge", ["127.0.0.1"])


@pytest.fixture
def bridge(tmp_path: Path, slapd: Slapd, pair: Issued, authority: Authority) -> Iterator[RunningBridge]:
    """With TLS."""
    tls = {"certificate": str(pair.certificate), "key": str(pair.key)}
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    bridge = RunningBridge(tmp_path / "bridge", settings, sections={"server": {"tls": tls}})
    bridge.as_people_run_it()
    bridge.ready_when(lambda: _handshakes(bridge.port, authority))
    with bridge:
        yield bridge


def test_a_connection_in_tls_is_small(bridge: RunningBridge, authority: Authority) -> None:
    """By itself asyncio keeps 256 KiB for each: 1,500 developers would be more than the memory of a pod."""
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    with ExitStack() as stack:
        _connect(bridge.port, stack, context)  # what the first ones need
        before = _memory(bridge.pid)
        for _ in range(_CONNECTIONS):
            _connect(bridge.port, stack, context)
        assert _memory(bridge.pid) - before < _CONNECTIONS * 128 * 1024


async def test_a_handshake_that_does_not_go_on_ends(pair: Issued, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an idle connection does, and not after asyncio's minute: each costs a descriptor."""
    monkeypatch.setattr(asyncio.constants, "SSL_HANDSHAKE_TIMEOUT", 60.0)  # what is set below is gone afterwards
    monkeypatch.setattr(server, "_HANDSHAKE", 0.2)
    tls = ServerTls(pair.certificate, pair.key)
    listener = Listener(web.Application(), ListenAddress("127.0.0.1", 0), tls, max_connections=10)
    reader, writer = await asyncio.open_connection("127.0.0.1", (await listener.start()).port)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await listener.stop()


async def test_handshakes_under_way_count_as_connections(pair: Issued, authority: Authority) -> None:
    """Nobody has to finish one to use up descriptors that the directory needs. One that fails makes room again."""
    tls = ServerTls(pair.certificate, pair.key)
    app = web.Application()
    app.router.add_get("/livez", healthy)
    listener = Listener(app, ListenAddress("127.0.0.1", 0), tls, max_connections=3)
    port = (await listener.start()).port

    async def is_served() -> bool:
        return await asyncio.to_thread(_handshakes, port, authority)

    try:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        for reader, _ in silent[3:]:
            assert await asyncio.wait_for(_rest(reader), 5) == b"", "beyond the bound, long before the time is over"
        assert not await is_served()
        silent[0][1].write(b"no TLS at all\r\n\r\n")
        await asyncio.wait_for(_rest(silent[0][0]), 5)
        silent[1][1].close()
        await asyncio.sleep(0.2)
        assert await is_served()
    finally:
        for _, writer in silent:
            writer.close()
        await listener.stop()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the end, or until it is reset."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def _connect(port: int, stack: ExitStack, context: ssl.SSLContext) -> None:
    raw = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
    wrapped = stack.enter_context(context.wrap_socket(raw, server_hostname="127.0.0.1"))
    wrapped.sendall(b"GET /livez HTTP/1.1\r\nHost: bridge\r\n\r\n")
    assert wrapped.recv(1000).startswith(b"HTTP/1.1 200 ")


def _handshakes(port: int, authority: Authority) -> bool:
    try:
        with ExitStack() as stack:
            _connect(port, stack, ssl.create_default_context(cafile=str(authority.ca_file)))
    except OSError:
        return False
    return True


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
