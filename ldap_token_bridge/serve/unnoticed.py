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


# So many objects are gone through in some 20 ms: with fewer the collector goes on as ever.
_MANY = 50_000
_GROWTH = 1.2


class _Freezer:
    """Puts all that is there out of the collector's sight: cyclic garbage, too, of connections that end later."""

    def __init__(self) -> None:
        self._settled = 0  # objects, when nothing was frozen that is garbage

    def freeze(self) -> None:
        """What is frozen and has become garbage is let go now and then; that stands still for once."""
        if gc.get_freeze_count() > _GROWTH * self._settled:
            gc.unfreeze()
            gc.collect()
            self._settled = len(gc.get_objects())
        gc.freeze()


_freezer = _Freezer()


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
        if gc.get_count()[0] > _MANY or not gc.get_freeze_count():  # at the start there is all that stays
            _freezer.freeze()
        gc.enable()
        sys.setswitchinterval(before)
