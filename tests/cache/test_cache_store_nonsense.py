"""A store that answers with what nobody asked for: it is as good as down, and holds nobody up."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from redis._parsers.encoders import Encoder

from ldap_token_bridge.cache import StoreDown, StoreLogin, open_backend, parse_store
from ldap_token_bridge.cache.shared.redis_answers import MAX_ANSWER, StoreParser

_HELLO = b"%1\r\n$5\r\nproto\r\n:3\r\n"
_TOO_LONG = b"$%d\r\n" % (MAX_ANSWER + 1)
_PART, _LINE = MAX_ANSWER // 8, MAX_ANSWER // 64
_PATIENCE = 30


class Answering:
    """Greets every connection with `greeting`, and has `answer` for all that comes then."""

    def __init__(self) -> None:
        self.greeting, self.answer = _HELLO, b""
        self._writers: list[asyncio.StreamWriter] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._writers.append(writer)
        await reader.read(1000)
        writer.write(self.greeting)
        while await reader.read(1000):
            writer.write(self.answer)

    def hang_up(self) -> None:
        """On everybody."""
        for writer in self._writers:
            writer.close()


@pytest.fixture
async def store() -> Answering:
    """What the server of `place` does."""
    return Answering()


@pytest.fixture
async def place(store: Answering) -> AsyncIterator[str]:
    """Where it listens."""
    async with await asyncio.start_server(store, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        store.hang_up()


async def why_not(url: str) -> str:
    """What keeps a value from being read."""
    backend = open_backend(parse_store(url), StoreLogin())
    try:
        async with asyncio.timeout(_PATIENCE):
            with pytest.raises(StoreDown) as error:
                await backend.read(["ltb:a"], 10)
    finally:
        await backend.close()
    return str(error.value)


@pytest.mark.parametrize(
    "answer",
    [
        b":7\r\n",
        b"(99999999999999999999\r\n",
        b",inf\r\n",
        b"#t\r\n",
        b"*1\r\n:1\r\n",
        b"~1\r\n:1\r\n",
        b"%1\r\n+a\r\n:1\r\n",
    ],
)
async def test_an_answer_that_is_no_value(answer: bytes, store: Answering, place: str) -> None:
    """A number, a truth, a list: an error of the store's, and none of the bridge's own."""
    store.answer = answer
    assert await why_not(f"redis://{place}") == "it answers with something else than octets"


@pytest.mark.parametrize(
    "answer",
    [
        _TOO_LONG,
        b"*9\r\n" + 9 * (b"$%d\r\n%b\r\n" % (_PART, bytes(_PART))),
        b"*9999\r\n" + 99 * (b"+%b\r\n" % bytes(_LINE)),
    ],
    ids=["one value", "values", "lines"],
)
async def test_an_answer_that_is_longer_than_any(answer: bytes, store: Answering, place: str) -> None:
    """It is not waited for, and not taken into memory: neither one value nor many together."""
    store.answer = answer
    assert await why_not(f"redis://{place}") == "InvalidResponse"


async def test_a_value_without_a_length(store: Answering, place: str) -> None:
    """Nothing of the next answer is taken for it."""
    store.answer = b"$-1\r\n"
    assert await why_not(f"redis://{place}") == "InvalidResponse"


@pytest.mark.parametrize("url", ["redis://{place}", "redis+sentinel://{place}/ltb", "redis+cluster://{place}"])
async def test_a_greeting_that_is_longer_than_any(url: str, store: Answering, place: str) -> None:
    """Of a server, a sentinel and a cluster's node."""
    store.greeting = store.answer = _TOO_LONG
    assert await why_not(url.format(place=place))


async def test_all_others_have_their_turn_while_a_long_list_is_read() -> None:
    """Though all of it has come, so that there is nothing to wait for: else no time-out could end it."""
    number, turns = 10_000, 0
    reader = asyncio.StreamReader()
    reader.feed_data(b"*%d\r\n" % number + b":1\r\n" * number)
    parser = StoreParser(65_536)
    encoder = Encoder("utf-8", "strict", decode_responses=False)  # type: ignore[no-untyped-call]  # has no types
    parser.on_connect(SimpleNamespace(_reader=reader, encoder=encoder))  # type: ignore[no-untyped-call]  # as above
    reading = asyncio.ensure_future(parser.read_response())
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(await reading) == number
    assert turns > number / 100
