"""What a client may send before it has said who it is: all of it is bounded, and none of it is the next one's."""

import asyncio
import gc
import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.observe import Metrics
from ldap_token_bridge.token_service import TokenRequest, TokenService
from ldap_token_bridge.web import Listener, flush
from tests.support.token_listener import token_listener

_GET = b"GET /token HTTP/1.1\r\nHost: bridge\r\nAuthorization: Basic YTpi\r\n\r\n"
_POST = b"POST %s HTTP/1.1\r\nHost: bridge\r\nContent-Type: application/x-www-form-urlencoded\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\nAuthorization: Basic YTpi\r\n\r\n"
_PATIENCE = 3.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Away(TokenService):
    """Answers everybody, by name, that the directory is away."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def issue_at_once(self, request: TokenRequest, _deadline: object) -> None:
        self.asked.append(request.credentials.username if request.credentials else "")

    async def issue(self, _request: TokenRequest, _deadline: object) -> "None":  # type: ignore[override]
        raise TimeoutError


@pytest.fixture
def service() -> Away:
    """Behind the endpoint."""
    return Away()


@pytest.fixture
async def connection(service: Away) -> AsyncIterator[Connection]:
    """To a listener as `serve` makes it."""
    listener = token_listener(service, Metrics())
    reader, writer = await asyncio.open_connection("127.0.0.1", (await listener.start()).port)
    yield reader, writer
    writer.close()
    await listener.stop()


@pytest.mark.parametrize("before", [b"", _GET, _GET + _GET, _POST % b"/token" + b"Content-Length: 3\r\n\r\na=b"])
async def test_a_head_without_an_end_ends_the_connection(connection: Connection, before: bytes) -> None:
    """Of each connection 8 MB would be kept; many scopes and a large login come to 100 kB."""
    reader, writer = connection
    writer.write(before + b"GET /livez HTTP/1.1\r\nHost: bridge\r\n")
    await _flood(writer)
    with pytest.raises(ConnectionError):
        await _end(reader)


async def test_a_large_head_is_read(connection: Connection, service: Away) -> None:
    """A line and a field as long as they may be, in pieces."""
    reader, writer = connection
    scopes = b"&scope=" + b"a" * 60_000
    for piece in (
        b"GET /token?service=s",
        scopes,
        b" HTTP/1.1\r\nHost: bridge\r\nX-Long: ",
        b"b" * 60_000,
        b"\r\n\r\n",
    ):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    assert await _status(reader) == b"503"
    writer.write(_GET)
    assert await _status(reader) == b"503"
    assert service.asked == ["", "a"]


async def test_a_body_may_be_longer_than_a_head(connection: Connection) -> None:
    """It has a bound of its own, with an answer."""
    reader, writer = connection
    body = b"a=" + b"b" * 300_000
    writer.write(_POST % b"/token" + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert await _status(reader) == b"413"


@pytest.mark.parametrize("path", [b"/token", b"/livez", b"/nowhere"])
async def test_trailers_are_nobodys_fields(connection: Connection, service: Away, path: bytes) -> None:
    """Behind a proxy that shares connections they would be the login of whoever comes next."""
    reader, writer = connection
    writer.write(_POST % path + _CHUNKED)
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
    assert b"\r\nConnection: close\r\n" in answer
    writer.write(b"GET /token HTTP/1.1\r\nHost: bridge\r\n\r\n")
    with pytest.raises(ConnectionError):
        await _end(reader)
    assert "a" not in service.asked


async def test_trailers_without_an_end_end_the_connection(connection: Connection) -> None:
    """They are as large as fields may be, and come before the body is over."""
    reader, writer = connection
    writer.write(_POST % b"/token" + b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n")
    await _flood(writer)
    with pytest.raises(ConnectionError):
        await _end(reader)


async def test_trailers_and_a_request_in_one_piece(connection: Connection, service: Away) -> None:
    """The next request is not read at all."""
    reader, writer = connection
    writer.write(_POST % b"/token" + _CHUNKED + b"GET /token HTTP/1.1\r\nHost: bridge\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), _PATIENCE)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert service.asked == []


async def test_a_packed_body_is_not_unpacked(connection: Connection) -> None:
    """A megabyte may come to a gigabyte."""
    reader, writer = connection
    body = gzip.compress(b"grant_type=password&service=s&client_id=c&username=a&password=b")
    head = _POST % b"/token" + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    writer.write(head + body)
    status, text = await _answer(reader)
    assert status == b"400"
    assert b"the body must not be packed" in text


async def test_a_password_that_came_in_part_is_not_kept(connection: Connection, service: Away) -> None:
    """The client hung up: what cycles hold waits for the collector, and that may be long."""
    _, writer = connection
    secret = b"half-a-password-7f31"
    gc.collect()
    gc.disable()
    try:
        writer.write(_POST % b"/token" + b"Content-Length: 1000\r\n\r\ngrant_type=password&password=" + secret)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.sleep(0.1)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        parts = [part for kept in gc.garbage for part in gc.get_referents(kept) if isinstance(part, bytes | bytearray)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not any(secret in part for part in parts)
    assert service.asked == []


async def test_a_flush_whose_body_does_not_come_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few may be connected to the admin listener, and probes and metrics are asked there."""
    monkeypatch.setattr(flush, "_PATIENCE", 0.1)

    async def forget(_account: str) -> dict[str, object]:
        raise AssertionError

    app = web.Application()
    app.router.add_post(flush.FLUSH_PATH, flush.flush_handler(forget))
    listener = Listener(app, ListenAddress("127.0.0.1", 0), max_connections=10)
    reader, writer = await asyncio.open_connection("127.0.0.1", (await listener.start()).port)
    writer.write(_POST % flush.FLUSH_PATH.encode() + b"Content-Length: 20\r\n\r\n{")
    assert await _status(reader) == b"408"
    writer.close()
    await listener.stop()


async def _flood(writer: asyncio.StreamWriter) -> None:
    """Fields of 20 kB until nobody takes them."""
    for number in range(20):
        try:
            writer.write(b"X-%d: %s\r\n" % (number, b"a" * 20_000))
            await writer.drain()
        except ConnectionError:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("400 kB were taken")


async def _end(reader: asyncio.StreamReader) -> None:
    """Raises ConnectionError at the end of the connection, however it is told."""
    while await asyncio.wait_for(reader.read(65_536), _PATIENCE):
        pass
    raise ConnectionResetError


async def _status(reader: asyncio.StreamReader) -> bytes:
    return (await _answer(reader))[0]


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
    (length,) = (line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"Content-Length:"))
    return head.split()[1], await reader.readexactly(int(length))
