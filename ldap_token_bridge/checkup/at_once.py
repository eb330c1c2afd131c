"""The same question to the directory about many, some at a time: one by one would take minutes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ldap_token_bridge.directory.groups import together

T = TypeVar("T")
V = TypeVar("V")
Progress = Callable[[int, int], None]
"""Called with how many are done, and of how many."""


def _untold(_done: int, _all: int) -> None:
    """Nobody watches."""


async def for_each(
    items: Sequence[T], work: Callable[[T], Awaitable[V]], progress: Progress = _untold, *, at_once: int = 8
) -> list[V]:
    """What came of the work on each item, in their order; the first error ends all of it."""
    turn = asyncio.Semaphore(at_once)
    done = 0

    async def one(item: T) -> V:
        nonlocal done
        async with turn:
            outcome = await work(item)
        done += 1
        progress(done, len(items))
        return outcome

    progress(0, len(items))
    return await together(map(one, items))
