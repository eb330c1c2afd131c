"""The collector of cyclic garbage, kept from standing in the way of requests."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# How long the event loop waits for its turn, each time, while a thread computes; Python's own 5 ms add up.
_TURN = 0.001
# Python's own are 700, 10 and 10: a first login leaves some hundred objects that stay, and with so few between two
# collections most of what is looked at is still in use.
_THRESHOLDS = 5_000, 10, 10


def collect_less_often() -> None:
    """For the whole process."""
    gc.set_threshold(*_THRESHOLDS)


@contextmanager
def unnoticed() -> Iterator[None]:
    """For a long piece of reading by a thread, which makes very many objects that stay, such as a large policy.

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
