"""Token paths have a way past the application: what HTTP promises holds on it, too."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ldap_token_bridge.observe import Metrics
from ldap_token_bridge.token_service import TokenRequest, TokenService
from ldap_token_bridge.web import Listener, TokenEndpoint
from tests.support.token_listener import token_listener

_FORM = b"grant_type=password&service=s&client_id=c&username=alice&password=wrong"
_POST = (
    b"POST /token HTTP/1.1\r\nHost: bridge\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
)
_GET = b"GET /token HTTP/1.1\r\nHost: bridge\r\nAuthorization: Basic YTpi\r\n\r\n"
_PATIENCE = 3.0


class Busy(TokenService):
    """Answers that the directory is away, as soon as it may."""

    def __init__(self) -> None:
        self.asked = self.told = 0
        self.metrics = Metrics()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def issue_at_once(self, request: TokenRequest, _deadline: object) -> None:
        assert request.credentials
        self.asked += 1

    async def issue(self, _request: TokenRequest, _deadline: object) -> "None":  # type: ignore[override]
        await self.may_answer.wait()
        self.told += 1
        raise TimeoutError


@pytest.fixture
def service() -> Busy:
    """Behind the endpoint."""
    return Busy()


@pytest.fixture
async def listener(service: Busy) -> AsyncIterator[Listener]:
    """As `serve` makes it."""
    listener = token_listener(service, service.metrics)
    yield listener
    service.may_answer.set()
    await listener.stop()


@pytest.fixture
async def port(listener: Listener) -> int:
    """Where it listens."""
    return (await listener.start()).port


async def test_who_waits_for_leave_to_send_the_body_is_given_it(port: int, service: Busy) -> None:
    """`Expect: 100-continue`: curl and others hold a body back until they are told, or for as long as they like."""
    async with _connected(port) as (reader, writer):
        writer.write(_POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(_FORM))
        leave = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
        assert leave == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(_FORM)
        answer = await asyncio.wait_for(reader.read(), _PATIENCE)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert service.asked == 1


async def test_another_expectation_is_refused(port: int, service: Busy) -> None:
    """417 (RFC 9110 section 10.1.1), and nobody is asked."""
    async with _connected(port) as (reader, writer):
        writer.write(_POST + b"Expect: a miracle\r\nContent-Length: %d\r\n\r\n" % len(_FORM) + _FORM)
        answer = await asyncio.wait_for(reader.read(), _PATIENCE)
    assert answer.startswith(b"HTTP/1.1 417 ")
    assert service.asked == 0


async def test_requests_that_come_while_one_waits_are_answered_after_it(port: int, service: Busy) -> None:
    """In their order, and the connection goes on."""
    async with _connected(port) as (reader, writer):
        service.may_answer.clear()
        writer.write(_GET)
        await _until(lambda: service.asked == 1)
        writer.write(_GET.replace(b"/token", b"/nowhere") + _GET)
        await asyncio.sleep(0.05)
        assert service.asked == 1, "the next one is not begun before the first is answered"
        service.may_answer.set()
        assert [await _status(reader) for _ in range(3)] == [b"503", b"404", b"503"]
        writer.write(_GET)
        assert await _status(reader) == b"503"


async def test_who_hangs_up_while_waiting_leaves_nothing_behind(port: int, service: Busy) -> None:
    """No task waits on, and others are served."""
    before = len(asyncio.all_tasks())
    service.may_answer.clear()
    async with _connected(port) as (_, writer):
        writer.write(_GET)
        await _until(lambda: service.asked == 1)
    service.may_answer.set()
    await _until(lambda: len(asyncio.all_tasks()) <= before)
    async with _connected(port) as (reader, writer):
        writer.write(_GET)
        assert await _status(reader) == b"503"


@pytest.mark.parametrize("politely", [True, False])
@pytest.mark.parametrize(
    "request_",
    [
        _GET,
        _GET.replace(b"\r\n\r\n", b"\r\ntraceparent: none\r\n\r\n"),
        _POST.replace(b"Connection: close\r\n", b"") + b"Content-Length: %d\r\n\r\n" % len(_FORM) + _FORM,
    ],
    ids=["GET", "GET, the general way", "POST"],
)
async def test_what_was_begun_ends_though_nobody_waits(
    port: int, service: Busy, request_: bytes, *, politely: bool
) -> None:
    """A password that was sent must be answered and counted, and who asks the same meanwhile relies on that answer."""
    service.may_answer.clear()
    async with _connected(port) as (_, writer):
        writer.write(request_)
        await _until(lambda: service.asked == 1)
        if not politely:
            writer.transport.abort()
    await asyncio.sleep(0.05)
    assert b"\nltb_token_requests_in_flight 1.0\n" in service.metrics.render()
    service.may_answer.set()
    await _until(lambda: service.told == 1)
    await _until(lambda: b"\nltb_token_requests_in_flight 0.0\n" in service.metrics.render())


async def test_who_waits_when_the_end_begins_is_answered(listener: Listener, port: int, service: Busy) -> None:
    """And told that the connection ends, which it does."""
    async with _connected(port) as (reader, writer):
        service.may_answer.clear()
        writer.write(_GET)
        await _until(lambda: service.asked == 1)
        stopping = asyncio.create_task(listener.stop())
        await asyncio.sleep(0.05)
        service.may_answer.set()
        answer = await asyncio.wait_for(reader.read(), _PATIENCE)
        await stopping
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nConnection: close\r\n" in answer


async def test_who_waits_longer_than_the_last_second_is_answered(
    listener: Listener, port: int, service: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What aiohttp does for its own requests: it waits before it closes their connections."""
    monkeypatch.setattr("ldap_token_bridge.web.server._LAST_REQUESTS", 0.1)
    async with _connected(port) as (reader, writer):
        service.may_answer.clear()
        writer.write(_GET)
        await _until(lambda: service.asked == 1)
        stopping = asyncio.create_task(listener.stop())
        await asyncio.sleep(0.5)
        assert not stopping.done()
        service.may_answer.set()
        assert (await asyncio.wait_for(reader.read(), _PATIENCE)).startswith(b"HTTP/1.1 503 ")
        await asyncio.wait_for(stopping, _PATIENCE)


async def test_what_is_not_http_behind_one_who_waits(port: int, service: Busy) -> None:
    """Spoils nobody's answer: the first gets its own, the other is refused, and the connection ends."""
    async with _connected(port) as (reader, writer):
        service.may_answer.clear()
        writer.write(_GET)
        await _until(lambda: service.asked == 1)
        writer.write(b"GET /token HTTP/1.1\r\nAuthorization : Basic YTpi\r\n\r\n")
        await asyncio.sleep(0.05)
        service.may_answer.set()
        assert [await _status(reader) for _ in range(2)] == [b"503", b"400"]
        assert await asyncio.wait_for(reader.read(), _PATIENCE) == b""
    assert service.asked == 1


@pytest.mark.parametrize("broken", ["begin", "finish"])
async def test_who_cannot_be_answered_is_not_left_waiting(
    service: Busy, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """A fault in the bridge ends the connection, and no task waits on for the next request."""

    def fail(*_: object) -> None:
        raise RuntimeError

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    monkeypatch.setattr(TokenEndpoint, broken, fail)
    listener = token_listener(service, service.metrics)
    port = (await listener.start()).port
    before = len(asyncio.all_tasks())
    async with _connected(port) as (reader, writer):
        writer.write(_GET)
        assert await asyncio.wait_for(reader.read(), _PATIENCE) == b""
        await _until(lambda: len(asyncio.all_tasks()) <= before)
    await listener.stop()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux can tell")
async def test_who_reads_no_reply_does_not_keep_the_connection(service: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise one client that asks and never reads has all connections for ever, and holds up the end."""
    monkeypatch.setattr("ldap_token_bridge.web.server._IDLE", 1.0)
    listener = token_listener(service, service.metrics)
    address = await listener.start()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(("127.0.0.1", address.port))
        client.setblocking(False)
        await _until(lambda: _has_sent_all_that_goes(client))
        server = listener._runner.server
        assert server
        await _until(lambda: not server.connections, patience=15.0)
    await listener.stop()


async def test_a_release_of_aiohttp_that_is_not_known_inside(service: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is answered all the same, in order: the general way."""
    monkeypatch.setattr("ldap_token_bridge.web.protocol._IS_KNOWN_INSIDE", False)
    monkeypatch.delattr(TokenEndpoint, "begin")
    listener = token_listener(service, service.metrics)
    async with _connected((await listener.start()).port) as (reader, writer):
        writer.write(_GET)
        assert await _status(reader) == b"503"
        writer.write(_GET + _GET.replace(b"/token", b"/nowhere") + _GET)
        assert [await _status(reader) for _ in range(3)] == [b"503", b"404", b"503"]
        await listener.stop()


def _has_sent_all_that_goes(client: socket.socket) -> bool:
    """Whether the bridge takes no more of it."""
    for _ in range(2000):
        try:
            client.send(_GET)
        except (BlockingIOError, ConnectionError):  # on a busy machine it may be at its end already
            return True
    return False


async def _status(reader: asyncio.StreamReader) -> bytes:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
    length = re.search(rb"Content-Length: (\d+)", head)
    assert length
    await reader.readexactly(int(length[1]))
    return head.split()[1]


async def _until(is_so: Callable[[], bool], *, patience: float = _PATIENCE) -> None:
    async with asyncio.timeout(patience):
        while not is_so():  # noqa: ASYNC110 -- looked at from outside
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()
