"""One timer for many: each wait ends at its own limit, and work that overstays its deadline is ended."""

import asyncio
import math
import time
from functools import partial

import pytest

from ldap_token_bridge.deadline import Alarm, Backstop, Deadline


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


async def _forever() -> int:
    await asyncio.Event().wait()
    return 0


async def test_work_that_overstays_its_deadline_is_ended() -> None:
    """Each at its own, in whatever order they began; a moment later than waits within, which have more to tell."""
    backstop = Backstop()
    loop = asyncio.get_running_loop()

    async def held(seconds: float) -> float:
        deadline = Deadline.after(seconds)
        with pytest.raises(TimeoutError):
            await backstop.hold(_forever(), deadline)
        return loop.time() - deadline.at

    late = await asyncio.gather(*(held(seconds) for seconds in (0.06, -1.0, 0.02)))
    assert min(late[0], late[2]) > 0
    assert backstop._waits == {} and backstop._graces == {}


@pytest.mark.parametrize("standstill", [0.0, 0.2])
async def test_a_wait_within_ends_first(standstill: float) -> None:
    """Both limits are the same moment; also if both are over for long when the loop goes on."""
    alarm, backstop = Alarm(), Backstop()
    wait: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work(deadline: Deadline) -> str:
        alarm.watch(wait, deadline.at)
        await wait
        await asyncio.sleep(0)
        return "by itself"

    deadline = Deadline.after(0.01)
    held = asyncio.create_task(backstop.hold(work(deadline), deadline))
    await asyncio.sleep(0)
    time.sleep(standstill)  # noqa: ASYNC251 -- the loop is to stand still
    assert await held == "by itself"
    assert backstop._waits == {} and backstop._graces == {}


async def test_work_that_ends_by_itself_is_left_alone() -> None:
    """Its value and its errors are its own, and nothing happens to the task at the deadline."""
    backstop = Backstop()

    async def fail() -> int:
        raise ValueError("own")

    async def work() -> int:
        return 7

    assert await backstop.hold(work(), Deadline.after(0.01)) == 7
    with pytest.raises(ValueError, match="own"):
        await backstop.hold(fail(), Deadline.after(0.01))
    await asyncio.sleep(0.1)


async def test_work_that_makes_something_else_of_its_end_leaves_nothing_behind() -> None:
    """The task is not taken for one that somebody cancels, the next time."""
    backstop = Backstop()

    async def hide() -> int:
        try:
            return await _forever()
        except asyncio.CancelledError:
            raise ValueError("hidden") from None

    for error, work in ((ValueError, hide), (TimeoutError, _forever)):
        with pytest.raises(error):
            await backstop.hold(work(), Deadline.after(0.01))
        task = asyncio.current_task()
        assert task and task.cancelling() == 0
    assert backstop._waits == {} and backstop._graces == {} and backstop._ended == set()


async def test_who_is_cancelled_by_others_is_cancelled() -> None:
    """Before the deadline, and at the same moment."""
    backstop = Backstop()
    early = asyncio.create_task(backstop.hold(_forever(), Deadline.after(5)))
    both = asyncio.create_task(backstop.hold(_forever(), Deadline.after(5)))
    await asyncio.sleep(0)
    early.cancel()
    backstop.forget(both)
    backstop._end(both)
    backstop._cancel(both)
    both.cancel()
    await asyncio.wait((early, both))
    assert early.cancelled() and both.cancelled()
    assert backstop._waits == {}
