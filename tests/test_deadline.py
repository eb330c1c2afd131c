"""One timer for many waits: each ends at its own limit, in whatever order they were set."""

import asyncio
import math
from functools import partial

from ldap_token_bridge.deadline import Alarm


async def test_each_wait_ends_at_its_own_limit() -> None:
    """Also if a later one was set first, and one that is over already ends at once."""
    loop = asyncio.get_running_loop()
    alarm = Alarm()
    order: list[str] = []

    def note(name: str, _: asyncio.Future[None]) -> None:
        order.append(name)

    waits: list[asyncio.Future[None]] = []
    for name, seconds in (("last", 0.06), ("first", -1.0), ("second", 0.02), ("third", 0.04)):
        wait: asyncio.Future[None] = loop.create_future()
        wait.add_done_callback(partial(note, name))
        alarm.watch(wait, loop.time() + seconds)
        waits.append(wait)
    await asyncio.gather(*waits)
    assert order == ["first", "second", "third", "last"]


async def test_what_is_forgotten_or_done_is_left_alone() -> None:
    """An answer stays an answer, a cancelled wait stays cancelled, and a forgotten one goes on."""
    loop = asyncio.get_running_loop()
    alarm = Alarm()
    answered, cancelled, forgotten, late = (loop.create_future() for _ in range(4))
    for wait in (answered, cancelled, forgotten, late):
        alarm.watch(wait, loop.time() + 0.01)
    answered.set_result("answer")
    cancelled.cancel()
    alarm.forget(forgotten)
    alarm.forget(forgotten)
    assert await late is None
    assert answered.result() == "answer"
    assert cancelled.cancelled() and not forgotten.done()
    assert alarm._waits == {} and alarm._rings_at == math.inf


async def test_the_timer_serves_whoever_comes_after() -> None:
    """A wait that begins while the timer runs for one that is over still ends at its limit."""
    loop = asyncio.get_running_loop()
    alarm = Alarm()
    early, late = loop.create_future(), loop.create_future()
    alarm.watch(early, loop.time() + 0.01)
    alarm.forget(early)
    alarm.watch(late, loop.time() + 0.03)
    assert await late is None
    assert not early.done()
