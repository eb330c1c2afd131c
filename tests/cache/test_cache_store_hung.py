"""A store that takes connections and then says nothing: whoever gives up waiting for it is let go at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from ldap_token_bridge.cache import StoreLogin, open_backend, parse_store
from ldap_token_bridge.cache.shared.backend import Backend, Write
from ldap_token_bridge.identity import Secret

_STEPS = 40
"""Turns of the event loop: by then everything that is asked has been sent."""
_AT_ONCE = 100
"""Turns of the event loop within which a cancelled call must have ended; they pass faster than any limit in seconds."""
_HELLO = b"%1\r\n$5\r\nproto\r\n:3\r\n"
"""The answer to HELLO of RESP3."""

Ask = Callable[[Backend], Awaitable[object]]
ASKED: dict[str, Ask] = {
    "read": lambda backend: backend.read(["ltb:a", "ltb:b"], 10),
    "write": lambda backend: backend.write([Write("ltb:a", b"1", 1000)]),
    "claim": lambda backend: backend.claim("ltb:a", 1000),
    "swap": lambda backend: backend.swap("ltb:a", None, b"1", 1000),
}


class Hung:
    """Answers the first `answers` messages of each connection, and none after them."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._writers.append(writer)
        for answer in self.answers:
            await reader.read(1000)
            writer.write(answer)

    def hang_up(self) -> None:
        """On everybody."""
        for writer in self._writers:
            writer.close()


@pytest.fixture
async def hung() -> Hung:
    """What the server of `address` does."""
    return Hung()


@pytest.fixture
async def addresses(hung: Hung, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """One hung server, as each kind of store."""
    async with (
        await asyncio.start_server(hung, "127.0.0.1", 0) as server,
        await asyncio.start_unix_server(hung, tmp_path / "s"),
    ):
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield {
            "plain": f"redis://{place}",
            "database": f"redis://{place}/3",
            "unix": f"unix://{tmp_path}/s",
            "tls": f"rediss://{place}",
            "sentinel": f"redis+sentinel://{place}/ltb",
            "cluster": f"redis+cluster://{place}",
        }
        hung.hang_up()


async def _ends_when_cancelled(step: int, url: str, ask: Ask, login: StoreLogin) -> bool:
    """Whether a call ends as it should if it is cancelled after so many turns of the loop."""
    backend = open_backend(parse_store(url), login)
    call = asyncio.ensure_future(ask(backend))
    try:
        await _turns(step)
        call.cancel()
        await _turns(_AT_ONCE)
        return call.cancelled()
    finally:
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await backend.close()


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.parametrize("kind", ["plain", "database", "unix", "tls", "sentinel", "cluster"])
async def test_giving_up_on_a_new_connection(kind: str, addresses: dict[str, str]) -> None:
    """At every step: while it is made, while its first command is sent, and while the answer is waited for."""
    url = addresses[kind]
    lost = [step for step in range(_STEPS) if not await _ends_when_cancelled(step, url, ASKED["read"], StoreLogin())]
    assert not lost


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("password", [None, "Canary-of-a-store"])
async def test_giving_up_on_one_that_stood(
    asked: str, password: str | None, hung: Hung, addresses: dict[str, str]
) -> None:
    """At every step: the server greets, lets in who has a password, and then hangs."""
    hung.answers = [_HELLO]
    login = StoreLogin(Secret(password.encode()) if password else None)
    url = addresses["plain"]
    lost = [step for step in range(_STEPS) if not await _ends_when_cancelled(step, url, ASKED[asked], login)]
    assert not lost
