"""Fetched keys: when an issuer is asked, who waits for it, and what becomes of its keys when it is down."""

import asyncio
import json

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.observe import configure_logging
from ldap_token_bridge.tokens import TrustedKeys
from ldap_token_bridge.workloads import CannotFetch, IssuerUnavailable
from ldap_token_bridge.workloads.keys import KEEP, FetchedKeys
from tests.support.platform import SigningPlatform

FIRST = TrustedKeys.of_jwks(SigningPlatform("ES256", "1").jwks())
SECOND = TrustedKeys.of_jwks(SigningPlatform("ES256", "2").jwks())
HOUR = 3600.0


class Script:
    """An issuer that answers, or not, as `answers` says; and a clock that stands still."""

    def __init__(self) -> None:
        self.answer: TrustedKeys | None = FIRST
        self.failure: Exception | None = None
        self.asked = 0
        self.now = 0.0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.keys = FetchedKeys("idp", HOUR, self._fetch, lambda: self.now)

    async def _fetch(self) -> TrustedKeys:
        self.asked += 1
        await self.may_answer.wait()
        if self.failure:
            raise self.failure
        if self.answer is None:
            raise CannotFetch("https://idp.example.com: no answer", "timeout")
        return self.answer

    async def current(self, seconds: float = 5) -> TrustedKeys:
        """What a login gets; then all that was begun is done."""
        try:
            return await self.keys.current(Deadline.after(seconds))
        finally:
            for _ in range(3):
                await asyncio.sleep(0)


async def test_keys_are_fetched_once_and_used_for_their_time() -> None:
    """And renewed beside a login, which is answered by those that are there."""
    idp = Script()
    for idp.now in (0, 10, HOUR - 1):
        assert await idp.current() is FIRST
    assert idp.asked == 1
    idp.answer, idp.now = SECOND, HOUR
    assert await idp.current() is FIRST
    assert await idp.current() is SECOND
    assert idp.asked == 2


async def test_all_who_wait_share_one_fetch_and_its_end_is_nobodys() -> None:
    """Who gives up waiting does not end it for the others."""
    idp = Script()
    idp.may_answer.clear()
    waiting = [asyncio.create_task(idp.keys.current(Deadline.after(5))) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    with pytest.raises(IssuerUnavailable, match="cannot be verified now"):
        await idp.current(seconds=0)
    idp.may_answer.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError) and set(map(id, found[1:])) == {id(FIRST)}
    assert idp.asked == 1


async def test_an_issuer_that_is_down_is_asked_now_and_then() -> None:
    """However many log in; when it is back, so are its keys."""
    idp = Script()
    idp.answer = None
    for idp.now in (0, 1, 2, 4.9):
        with pytest.raises(IssuerUnavailable) as error:
            await idp.current()
        assert error.value.detail == "the keys of the issuer idp cannot be fetched: https://idp.example.com: no answer"
    assert idp.asked == 1
    idp.answer, idp.now = FIRST, 5
    assert await idp.current() is FIRST


async def test_the_last_good_keys_outlive_an_outage_for_a_day() -> None:
    """Not longer: a key that was withdrawn must end some day."""
    idp = Script()
    await idp.current()
    idp.answer = None
    for idp.now in (HOUR, HOUR + 61, KEEP - 1):
        assert await idp.current() is FIRST
    idp.now = KEEP
    with pytest.raises(IssuerUnavailable):
        await idp.current()


async def test_an_unknown_key_has_the_issuer_asked_once_a_minute() -> None:
    """A flood of made-up key ids makes no more requests than that, and a rotated key counts after a minute."""
    idp = Script()
    keys = await idp.current()
    idp.answer = SECOND
    for idp.now in (1, 30, 59.9):
        assert await idp.keys.newer(keys, Deadline.after(5)) is FIRST
    idp.now = 60
    flood = await asyncio.gather(*(idp.keys.newer(keys, Deadline.after(5)) for _ in range(100)))
    assert set(map(id, flood)) == {id(SECOND)} and idp.asked == 2
    idp.now = 90
    assert await idp.keys.newer(keys, Deadline.after(5)) is SECOND
    assert await idp.keys.newer(SECOND, Deadline.after(5)) is SECOND
    assert idp.asked == 2


async def test_whatever_fails_in_a_fetch_is_an_outage(capsys: pytest.CaptureFixture[str]) -> None:
    """And is told once in the log, by its kind; so is its end."""
    configure_logging("json", "info")
    idp = Script()
    idp.failure = RuntimeError("what nobody thought of")
    for idp.now in (0, 10):
        with pytest.raises(IssuerUnavailable, match="cannot be verified"):
            await idp.current()
    idp.failure, idp.now = None, 20
    assert await idp.current() is FIRST
    told = map(json.loads, capsys.readouterr().err.splitlines())
    assert [(line["event"], line.get("why")) for line in told] == [
        ("the keys of an issuer cannot be fetched", "RuntimeError"),
        ("the keys of an issuer can be fetched again", None),
    ]


async def test_closing_ends_a_fetch() -> None:
    """Nobody waits for an issuer at the end."""
    idp = Script()
    idp.may_answer.clear()
    waiting = asyncio.create_task(idp.keys.current(Deadline.after(5)))
    await asyncio.sleep(0)
    await idp.keys.close()
    with pytest.raises(IssuerUnavailable):
        await waiting
