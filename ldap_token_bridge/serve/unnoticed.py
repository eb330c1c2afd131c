"""A long piece of reading in a thread, without a request noticing."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# How long the event loop waits for its turn, each time, while a thread computes; Python's own 5 ms add up.
_TURN = 0.001


@contextmanager
def unnoticed() -> Iterator[None]:
    """For the work of a thread that makes very many objects which stay, such as a large policy.

    Without this the collector of cyclic garbage goes through all of them again and again, and everything stands still
    meanwhile: half a second with 10,000 rules. They hold no cycles, so when they are replaced they go all the same.
    """
    before = sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        gc.freeze()  # what is there now is not gone through again
        gc.enable()
        sys.setswitchinterval(before)
