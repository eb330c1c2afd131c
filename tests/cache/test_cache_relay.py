"""A call that many share is made in the task of who came first, and goes from hand to hand if that one is cancelled."""

import asyncio
import gc
import traceback
import weakref
from collections.abc import Callable

import pytest

from ldap_token_bridge.cache import Relay, SingleFlight
from ldap_token_bridge.deadline import Deadline


class _Work:
    """Counts its calls; each waits until it is released, and gives its number."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.calls = 0
        self.cancelled = 0

    async def __call__(self) -> int:
        self.calls += 1
        number = self.calls
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return number


@pytest.fixture
def relay() -> Relay[str, int]:
    """Nothing is under way."""
    return Relay[str, int]()


def _ask(relay: Relay[str, int], work: _Work, key: str = "key", seconds: float = 5) -> "asyncio.Task[int]":
    return asyncio.create_task(relay.run(key, work, Deadline.after(seconds)))


async def _until(holds: Callable[[], bool]) -> None:
    """The very turn of the loop in which it does."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 -- turns are what is counted
            await asyncio.sleep(0)


async def test_many_at_once_cost_one_call(relay: Relay[str, int]) -> None:
    """A hundred who ask for the same thing share it; another thing is another call, and the next one begins anew."""
    work = _Work()
    asking = [_ask(relay, work) for _ in range(100)]
    other = _ask(relay, work, "other")
    await asyncio.sleep(0)
    assert len(relay) == 2
    work.release.set()
    assert await asyncio.gather(*asking) == [1] * 100
    assert await other == 2
    assert await _ask(relay, work) == 3
    assert len(relay) == 0


async def test_who_comes_alone_waits_for_nothing(relay: Relay[str, int]) -> None:
    """No turn of the loop passes beside those of the call itself, and there is no other task."""

    async def work() -> int:
        assert len(asyncio.all_tasks()) == 1
        return 7

    call = relay.run("key", work, Deadline.after(5))
    with pytest.raises(StopIteration) as ended:
        call.send(None)
    assert ended.value.value == 7


async def test_the_next_takes_over_from_who_is_cancelled(relay: Relay[str, int]) -> None:
    """One of those who wait makes the call anew, and the others have its answer; what was cancelled goes no further."""
    work = _Work()
    asking = [_ask(relay, work) for _ in range(4)]
    for number in range(2):
        await _until(lambda: work.calls == number + 1)  # noqa: B023 -- it is over before the next round
        asking[number].cancel()
        await asyncio.wait(asking[: number + 1])
        assert asking[number].cancelled() and work.cancelled == number + 1
    await _until(lambda: work.calls == 3)
    work.release.set()
    assert await asyncio.gather(*asking[2:]) == [3, 3]
    assert (work.calls, work.cancelled, len(relay)) == (3, 2, 0)


async def test_nothing_is_left_when_all_are_cancelled(relay: Relay[str, int]) -> None:
    """Whoever comes afterwards makes a call of the own."""
    work = _Work()
    asking = [_ask(relay, work) for _ in range(3)]
    await asyncio.sleep(0)
    for each in asking:
        each.cancel()
    await asyncio.wait(asking)
    assert all(each.cancelled() for each in asking) and len(relay) == 0
    work.release.set()
    assert await _ask(relay, work) == work.calls


async def test_who_waits_and_is_cancelled_takes_the_answer_from_nobody(relay: Relay[str, int]) -> None:
    """Also in the very moment of the answer."""
    work = _Work()
    asking = [_ask(relay, work) for _ in range(3)]
    await asyncio.sleep(0)
    asking[1].cancel()
    work.release.set()
    await _until(lambda: not len(relay))
    asking[2].cancel()
    assert await asking[0] == 1
    with pytest.raises(asyncio.CancelledError):
        await asking[1]
    with pytest.raises(asyncio.CancelledError):
        await asking[2]
    assert work.calls == 1 and len(relay) == 0


async def test_each_who_waits_has_an_own_deadline(relay: Relay[str, int]) -> None:
    """Also one that is over already; in whatever order, and the others wait on."""
    work = _Work()
    patient = [_ask(relay, work) for _ in range(2)]
    await asyncio.sleep(0)
    for seconds in (0.02, 0.01, -1.0):
        with pytest.raises(TimeoutError):
            await relay.run("key", work, Deadline.after(seconds))
    work.release.set()
    assert await asyncio.gather(*patient) == [1, 1]
    assert work.calls == 1


async def test_an_error_reaches_all_and_is_not_kept(relay: Relay[str, int]) -> None:
    """With the place where it was raised, however many have raised it again; the next call is a new one."""

    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("once")

    asking = [asyncio.create_task(relay.run("key", fail, Deadline.after(5))) for _ in range(20)]
    await asyncio.wait(asking)
    for each in asking:
        error = each.exception()
        assert isinstance(error, ValueError)
        names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert names.count("fail") == 1 and len(names) < 6
    work = _Work()
    work.release.set()
    assert await _ask(relay, work) == 1


@pytest.mark.parametrize("kind", [Relay[str, int], SingleFlight[str, int]], ids=["relay", "flight"])
async def test_an_error_holds_nothing_in_memory(kind: type[Relay[str, int] | SingleFlight[str, int]]) -> None:
    """What the call knew, passwords among it, is gone when those who asked have heard of it: without the collector."""

    class Known:
        """Something that a call knows."""

    alive: list[weakref.ref[Known]] = []
    calls = kind()

    async def fail() -> int:
        known = Known()
        alive.append(weakref.ref(known))
        await asyncio.sleep(0)
        raise ValueError("once")

    async def ask() -> str:
        try:
            await calls.run("key", fail, Deadline.after(5))
        except ValueError as error:
            return str(error)
        return ""

    gc.collect()
    gc.disable()
    try:
        assert await asyncio.gather(*(ask() for _ in range(3))) == ["once"] * 3
        assert await ask() == "once"
        await asyncio.sleep(0)
        assert len(alive) == 2 and not any(each() for each in alive)
    finally:
        gc.enable()
