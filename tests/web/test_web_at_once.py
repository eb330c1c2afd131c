"""Whom memory answers is answered where the request comes in, without a task for each.

Whoever asks must not be able to tell, whatever they send.
"""

import base64
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ldap_token_bridge.demo.people import person
from ldap_token_bridge.web import TokenEndpoint
from tests.support.documents import document
from tests.support.in_process import InProcess, running_in_process

_SECONDS = 20
_VARYING = re.compile(rb"(?m)^(X-Request-Id|Date): .*\r\n")
_HEAD_END = b"\r\n\r\n"
# With this line a request goes the way that aiohttp has for everything.
_GENERAL = "traceparent: none"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """One bridge for all of these."""
    with running_in_process(tmp_path_factory.mktemp("bridge")) as running:
        yield running


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How each request was answered, in order: "at once", "by one task", or the "general" way."""
    seen: list[str] = []
    begin, finish, answer = TokenEndpoint.begin, TokenEndpoint.finish, TokenEndpoint.answer

    def counted_begin(self: TokenEndpoint, *asked: Any) -> object:
        begun = begin(self, *asked)
        if begun and begun.reply:
            seen.append("at once")
        return begun

    async def counted_finish(self: TokenEndpoint, begun: Any) -> None:
        seen.append("by one task")
        await finish(self, begun)

    async def counted_answer(self: TokenEndpoint, request: Any) -> object:
        seen.append("general")
        return await answer(self, request)

    monkeypatch.setattr(TokenEndpoint, "begin", counted_begin)
    monkeypatch.setattr(TokenEndpoint, "finish", counted_finish)
    monkeypatch.setattr(TokenEndpoint, "answer", counted_answer)
    return seen


class Wire:
    """One connection, in octets."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._come = b""

    def send(self, octets: bytes) -> None:
        """As they are."""
        self._client.sendall(octets)

    def ask(self, octets: bytes) -> tuple[bytes, bytes]:
        """A request, and its reply."""
        self.send(octets)
        return self.reply()

    def reply(self) -> tuple[bytes, bytes]:
        """Head and body of the next reply that is final; both empty at the end of the connection."""
        while _HEAD_END not in self._come:
            if not self._more():
                return b"", b""
        head, _, rest = self._come.partition(_HEAD_END)
        if head.startswith(b"HTTP/1.1 100 "):
            self._come = rest
            return self.reply()
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length
        while len(rest) < int(length[1]):
            assert self._more()
            rest = self._come.partition(_HEAD_END)[2]
        self._come = rest[int(length[1]) :]
        return head, rest[: int(length[1])]

    def _more(self) -> bool:
        part = self._client.recv(65536)
        self._come += part
        return bool(part)


@contextmanager
def connected(running: InProcess) -> Iterator[Wire]:
    """To the public listener."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=_SECONDS) as client:
        yield Wire(client)


def asking(scope: str = "repository:team-a/app:pull", *more: str, login: str = "alice", password: str = "") -> bytes:
    """A GET for a token; `more` are header lines."""
    basic = base64.b64encode(f"{login}:{password or person('alice').password}".encode()).decode()
    lines = (f"GET /token?scope={scope} HTTP/1.1", "Host: bridge", f"Authorization: Basic {basic}", *more, "", "")
    return "\r\n".join(lines).encode()


@pytest.fixture
def warm(running: InProcess, ways: list[str]) -> Iterator[Wire]:
    """A connection on which alice was answered, so that the next request can be answered at once."""
    with connected(running) as wire:
        wire.send(asking())
        assert wire.reply()[0].startswith(b"HTTP/1.1 200 ")
        ways.clear()
        yield wire


@pytest.mark.parametrize("way", ["at once", "general"])
def test_the_replies_are_the_same(running: InProcess, ways: list[str], way: str) -> None:
    """The same lines in the head, and the same fields in the body."""
    running.bridge._parts.authenticator.forget(None)
    general, direct = asking("repository:team-a/app:pull", _GENERAL), asking()
    with connected(running) as wire:
        replies = [wire.ask(octets) for octets in (direct, direct, general)]
    assert ways == ["by one task", "at once", "general"]
    (head, body), (other_head, other_body) = replies[:2] if way == "at once" else replies[::2]
    assert all(len(_VARYING.findall(each + b"\r\n")) == 2 for each in (head, other_head))
    lines, other_lines = (sorted(_VARYING.sub(b"", each + b"\r\n").splitlines()) for each in (head, other_head))
    assert [line for line in lines if b"Content-Length" not in line] == [
        line for line in other_lines if b"Content-Length" not in line
    ]
    one, other = json.loads(body), json.loads(other_body)
    assert one.keys() == other.keys()
    assert one["token"] != other["token"]
    assert _claims(one["token"]).keys() == _claims(other["token"]).keys()
    assert _claims(one["token"])["access"] == _claims(other["token"])["access"]
    assert _claims(one["token"])["jti"] != _claims(other["token"])["jti"]


def test_each_has_an_audit_line_of_its_own(warm: Wire, ways: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With the id that the reply names, and what was granted."""
    capsys.readouterr()
    warm.send(asking())
    head, _ = warm.reply()
    assert ways == ["at once"]
    named = re.search(rb"X-Request-Id: (\w+)", head)
    assert named
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "token-request" in line]
    assert line["request_id"] == named[1].decode()
    assert (line["outcome"], line["status"], line["account"], line["cache"]) == ("issued", 200, "alice", "hit")
    assert line["granted"] == line["asked"] == ["repository:team-a/app:pull"]
    # As the documents show one: it reads as those that people look at.
    (sample,) = (block for block in document("docs/operations.md").blocks if block.language == "json")
    assert list(line) == list(json.loads(sample.text))


def test_each_is_counted(running: InProcess, warm: Wire, ways: list[str]) -> None:
    """As requests and in the times they took; none is under way afterwards."""
    before = _counted(running)
    warm.send(asking())
    warm.reply()
    assert ways == ["at once"]
    after = _counted(running)
    assert {name: after[name] - before[name] for name in before} == {"issued": 1, "timed": 1, "under way": 0}


@pytest.mark.parametrize("line", ["Connection: close", "Expect: 100-continue", "traceparent: 00-1-2-3", "Upgrade: h2c"])
def test_the_unusual_goes_the_general_way(warm: Wire, ways: list[str], line: str) -> None:
    """And gets its answer there."""
    more = [line, "Connection: upgrade"] if "Upgrade" in line else [line]
    warm.send(asking("repository:team-a/app:pull", *more))
    head, _ = warm.reply()
    assert head.startswith(b"HTTP/1.1 200 ")
    assert "at once" not in ways
    if line == "Connection: close":
        assert warm.reply() == (b"", b"")


def test_a_request_of_http_1_0(warm: Wire, ways: list[str]) -> None:
    """Its connection ends with the reply."""
    warm.send(asking().replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert warm.reply()[0].startswith(b"HTTP/1.0 200 ")
    assert warm.reply() == (b"", b"")
    assert ways == ["general"]


def test_a_get_with_a_body(warm: Wire, ways: list[str]) -> None:
    """The body is not taken for the next request, whether it comes at once or later."""
    smuggled = asking("repository:team-a/smuggled:push")
    head = asking("repository:team-a/app:pull", f"Content-Length: {len(smuggled)}")
    warm.send(head)
    time.sleep(0.05)
    warm.send(smuggled)
    warm.send(asking("repository:team-a/next:pull"))
    names = [_claims(json.loads(warm.reply()[1])["token"])["access"][0]["name"] for _ in range(2)]
    assert names == ["team-a/app", "team-a/next"]
    assert ways[0] == "general"


def test_several_requests_in_one_packet(warm: Wire, ways: list[str]) -> None:
    """They are answered in their order."""
    wanted = [f"team-a/app-{number}" for number in range(20)]
    warm.send(b"".join(asking(f"repository:{name}:pull") for name in wanted))
    assert [_claims(json.loads(warm.reply()[1])["token"])["access"][0]["name"] for _ in wanted] == wanted
    warm.send(asking())
    assert warm.reply()[0].startswith(b"HTTP/1.1 200 ")
    assert ways == ["general"] * 20 + ["at once"]


def test_one_request_in_many_packets(warm: Wire, ways: list[str]) -> None:
    """The last one has it answered."""
    octets = asking()
    for at in range(0, len(octets), 30):
        warm.send(octets[at : at + 30])
        time.sleep(0.001)
    assert warm.reply()[0].startswith(b"HTTP/1.1 200 ")
    assert ways == ["at once"]


def test_a_request_before_the_last_reply_is_read(warm: Wire, ways: list[str]) -> None:
    """Whole requests that come one after the other, without waiting: each gets its own reply."""
    wanted = [f"team-a/app-{number}" for number in range(50)]
    for name in wanted:
        warm.send(asking(f"repository:{name}:pull"))
    assert [_claims(json.loads(warm.reply()[1])["token"])["access"][0]["name"] for _ in wanted] == wanted
    assert len(ways) == 50


def test_who_never_reads_is_not_served_for_ever(running: InProcess, warm: Wire) -> None:
    """Replies that wait for a reader are held for a few requests only, not for as many as come: no more is taken."""
    before = _counted(running)["issued"]
    octets = asking()
    warm._client.settimeout(1.0)  # long enough for a bridge that goes on to take more
    with pytest.raises((TimeoutError, ConnectionError)):
        _send_again_and_again(warm, octets)
    assert _counted(running)["issued"] - before < 20_000


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (asking(password="wrong"), b"401"),
        (asking(login="nobody-of-that-name"), b"401"),
        (asking(login="alice", password="wrong").replace(b"Basic ", b"Bearer "), b"401"),
        (asking().replace(b"Host: bridge", b"Host: bridge\r\nAuthorization: Basic YTpi"), b"401"),
        (asking().replace(b"/token?", b"/token?service=another&"), b"400"),
        (asking().replace(b"/token?", b"/token?account=%FF&"), b"400"),
        (asking().replace(b"/token?", b"/nowhere?"), b"404"),
        (asking().replace(b"GET ", b"PUT "), b"405"),
        (asking().replace(b"Host: bridge\r\n", b"Host bridge\r\n"), b"400"),
        (asking().replace(b"/token?", b"/token/?"), b"200"),
        (asking("repository:team-a/app:pull&offline_token=true"), b"200"),
        (asking("repository:team-a/app:pull", "X-Forwarded-For: not an address"), b"200"),
        (asking("repository:somebody/else:push"), b"200"),
        (b"GET /livez HTTP/1.1\r\nHost: bridge\r\n\r\n", b"200"),
    ],
)
def test_every_answer_is_like_the_general_one(running: InProcess, octets: bytes, status: bytes) -> None:
    """Whatever is sent: when it is asked for the first time, and again."""
    general = octets.replace(b"\r\n", f"\r\n{_GENERAL}\r\n".encode(), 1)
    running.bridge._parts.authenticator.forget(None)
    with connected(running) as wire:
        replies = [wire.ask(octets)]
    for each in (octets, octets, general):
        with connected(running) as wire:
            wire.ask(asking())
            replies.append(wire.ask(each))
    assert {head.split()[1] for head, _ in replies} == {status}
    if status != b"200":
        assert len({body for _, body in replies}) == 1
    if status != b"400":  # what is not HTTP has no name and ends the connection
        assert len({tuple(sorted(_names(head))) for head, _ in replies}) == 1


def test_a_connection_in_use_stays_and_an_idle_one_is_closed(running: InProcess, ways: list[str]) -> None:
    """Being answered at once counts as use."""
    with connected(running) as wire:
        wire.send(asking(login="nobody-of-that-name"))
        wire.reply()
        ways.clear()
        server: Any = running.bridge._public._runner.server
        (handler,) = [each for each in server.connections if each._peer]
        first = handler._next_keepalive_close_time
        time.sleep(0.05)
        wire.send(asking())
        wire.reply()
        assert ways == ["at once"]
        assert handler._next_keepalive_close_time >= first + 0.05
        handler._loop.call_soon_threadsafe(setattr, handler, "_next_keepalive_close_time", 0.0)
        handler._loop.call_soon_threadsafe(handler._process_keepalive)
        assert wire.reply() == (b"", b"")


def _names(head: bytes) -> list[bytes]:
    return [line.partition(b":")[0] for line in head.splitlines()[1:]]


def _send_again_and_again(wire: Wire, octets: bytes) -> None:
    for _ in range(50_000):
        wire.send(octets)


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _counted(running: InProcess) -> dict[str, float]:
    text = running.bridge.metrics.render().decode()
    names = {
        "issued": r'^ltb_token_requests_total\{outcome="issued",reason="ok"\} (\S+)',
        "timed": r"^ltb_token_request_seconds_count (\S+)",
        "under way": r"^ltb_token_requests_in_flight (\S+)",
    }
    return {
        name: float(found[1]) if (found := re.search(text_, text, re.MULTILINE)) else 0.0
        for name, text_ in names.items()
    }
