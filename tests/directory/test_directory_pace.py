"""The refusal of a name that is nobody's comes when one of a real account would, not at the next tick of a timer."""

import asyncio
import math

import pytest

from ldap_token_bridge.directory.pace import Pace
from tests.support.counting_directory import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time that passes as an event loop lets it: in whole milliseconds where it waits, else in turns of 20 µs."""
    clock = Clock()

    async def sleep(seconds: float) -> None:
        clock.now += max(2e-5, math.ceil(seconds * 1000) / 1000)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return clock


@pytest.mark.parametrize("took", [0.0003, 0.0011, 0.0049, 0.0523])
async def test_a_refusal_is_held_back_to_the_moment(clock: Clock, took: float) -> None:
    """A millisecond more would tell nobody's name from others after a few tries."""
    pace = Pace(clock)
    pace.add(took)
    start, clock.now = clock.now, clock.now + 0.0002
    await pace.hold_back(start, at_most=5)
    assert took <= clock.now - start < took + 0.0001


async def test_nobody_is_held_back_beyond_the_deadline_or_without_an_example(clock: Clock) -> None:
    """Nor for what the directory took in a slow hour that is over."""
    pace = Pace(clock)
    await pace.hold_back(clock.now, at_most=5)
    assert clock.now == 0
    pace.add(8.0)
    await pace.hold_back(clock.now, at_most=0.5)
    assert clock.now < 0.501
    clock.now += 700
    before = clock.now
    await pace.hold_back(clock.now, at_most=5)
    assert clock.now == before
