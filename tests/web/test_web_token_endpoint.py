"""The endpoint when what stands behind it fails in ways that no real server does on demand."""

import asyncio
import json
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.observe import Metrics
from ldap_token_bridge.robots import TooManyRobots
from ldap_token_bridge.token_service import TokenRequest, TokenService
from ldap_token_bridge.web import EndpointOptions, TokenEndpoint, messages_with, public_app

OPTIONS = EndpointOptions(0.3, (ip_network("127.0.0.0/8"),), messages_with({"directory-down": "Ask Zoë upstairs."}))


class FailingService(TokenService):
    """Raises what it is given, or never answers."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.seen: TokenRequest | None = None

    def issue_at_once(self, request: TokenRequest, deadline: Deadline) -> None:
        del request, deadline

    async def issue(self, request: TokenRequest, deadline: Deadline) -> "None":  # type: ignore[override]
        del deadline
        self.seen = request
        if self.problem:
            raise self.problem
        await asyncio.Event().wait()


@pytest.fixture
def service() -> FailingService:
    """Behind the endpoint."""
    return FailingService()


@pytest.fixture
async def client(service: FailingService) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A client of the endpoint over a real socket."""
    endpoint = TokenEndpoint(service, OPTIONS, Metrics())
    async with TestClient(TestServer(public_app(endpoint, service))) as client:
        yield client


async def test_an_unforeseen_failure_tells_nothing(
    client: TestClient[web.Request, web.Application], service: FailingService, capsys: pytest.CaptureFixture[str]
) -> None:
    """500 with a plain text; the log has the place and not the exception's words, which could hold anything."""
    service.problem = RuntimeError("canary: what a frame held")
    answer = await client.get("/token")
    assert answer.status == 500
    assert (await answer.json())["errors"][0]["code"] == "UNKNOWN"
    output = "".join(capsys.readouterr())
    assert "RuntimeError" in output
    assert "test_web_token_endpoint.py" in output
    assert "canary" not in output + await answer.text()


async def test_a_request_that_takes_too_long_is_answered(client: TestClient[web.Request, web.Application]) -> None:
    """503 with the text of the settings, in the body and in the status line, by either way in."""
    form = {"grant_type": "password", "service": "s", "client_id": "c", "username": "bob", "password": "x"}
    for answer in (await client.get("/token"), await client.post("/token", data=form)):
        assert (answer.status, answer.reason) == (503, "Service Unavailable: Ask Zoë upstairs.")
        assert (await answer.json())["details"] == "Ask Zoë upstairs."
    assert int(answer.headers["Retry-After"]) > 0


async def test_too_many_robots_are_told_so(
    client: TestClient[web.Request, web.Application], service: FailingService, capsys: pytest.CaptureFixture[str]
) -> None:
    """503 under a reason of its own: nobody looks for a directory that is down."""
    service.problem = TooManyRobots("too many robots log in at once")
    answer = await client.get("/token")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "Too many robots" in (await answer.json())["details"]
    output = "".join(capsys.readouterr())
    assert '"reason":"robots-busy"' in output
    assert "directory" not in output


async def test_a_body_that_never_ends_is_answered(client: TestClient[web.Request, web.Application]) -> None:
    """The deadline covers the reading of the form, too."""

    async def drip() -> AsyncIterator[bytes]:
        yield b"grant_type=password"
        await asyncio.sleep(1)

    async with ClientSession() as session:
        answer = await session.post(
            client.make_url("/token"), data=drip(), headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert answer.status == 408


async def test_a_client_that_goes_away_is_no_failure_of_ours(
    client: TestClient[web.Request, web.Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alert on errors must not be anyone's to raise."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    async def gone(_request: web.Request) -> bytes:
        raise ConnectionResetError("the client hung up")

    monkeypatch.setattr(web.Request, "read", gone)
    assert (await client.post("/token", data=b"grant_type=password", headers=form)).status == 400


async def test_the_client_behind_a_trusted_proxy(
    client: TestClient[web.Request, web.Application],
    service: FailingService,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its address decides and stands in the audit line; what else it wrote about itself is cut."""
    await client.get("/token", headers={"X-Forwarded-For": "198.51.100.7", "User-Agent": "x" * 5000})
    assert service.seen is not None
    assert str(service.seen.address) == "198.51.100.7"
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith('{"event":"token-request"')]
    told = json.loads(line)
    assert told["client"] == "198.51.100.7"
    assert len(told["user_agent"]) == 200


async def test_names_cannot_break_the_audit_trail(
    client: TestClient[web.Request, web.Application], capsys: pytest.CaptureFixture[str]
) -> None:
    """Line breaks, escapes and look-alikes in what a client sends stay within one line of ASCII."""
    form = {"grant_type": "password", "service": "s", "username": "x", "password": "y"}
    await client.post("/token", data=form | {"client_id": 'a\n{"event":"token-request"}\x1b[2J\u2028ü'})
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    assert output.isascii()
    assert "\x1b" not in output
