"""Rounds: ours and the yardstick by turns, so that what else the machine does hits both alike."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

_BLOCK_SECONDS = 0.1


def by_turns(rounds: int, *works: Callable[[], T]) -> Iterator[tuple[T, ...]]:
    """What each gives in each round; who comes first alternates. A round before the first one is thrown away."""
    for number in range(rounds + 1):
        order = works[::-1] if number % 2 else works
        given = tuple(work() for work in order)
        if number:
            yield given[::-1] if number % 2 else given


def microseconds(work: Callable[[], object]) -> float:
    """One call's time, from as many calls as fill a tenth of a second."""
    calls = 1
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            work()
        spent = time.perf_counter() - start
        if spent >= _BLOCK_SECONDS:
            return spent / calls * 1e6
        calls *= 2
