"""Token paths have a way past the application: what HTTP promises holds on it, too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.observe import Metrics
from ldap_token_bridge.token_service import TokenRequest, TokenService
from ldap_token_bridge.web import EndpointOptions, Listener, TokenEndpoint, messages_with, public_app, token_handlers

_OPTIONS = EndpointOptions(5.0, (ip_network("127.0.0.0/8"),), messages_with({}))
_FORM = b"grant_type=password&service=s&client_id=c&username=alice&password=wrong"
_POST = (
    b"POST /token HTTP/1.1\r\nHost: bridge\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
)
_PATIENCE = 3.0


class Busy(TokenService):
    """Answers that the directory is away."""

    def __init__(self) -> None:
        self.asked = 0

    def issue_at_once(self, request: TokenRequest, _deadline: object) -> None:
        assert request.credentials
        self.asked += 1

    async def issue(self, _request: TokenRequest, _deadline: object) -> "None":  # type: ignore[override]
        raise TimeoutError


@pytest.fixture
def service() -> Busy:
    """Behind the endpoint."""
    return Busy()


@pytest.fixture
async def port(service: Busy) -> AsyncIterator[int]:
    """Where the listener of the service listens, as `serve` makes it."""
    endpoint = TokenEndpoint(service, _OPTIONS, Metrics())
    app = public_app(endpoint, service)
    address = ListenAddress("127.0.0.1", 0)
    listener = Listener(app, address, max_connections=10, direct=token_handlers(endpoint))
    yield (await listener.start()).port
    await listener.stop()


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


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()
