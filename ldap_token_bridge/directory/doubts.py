"""Passwords that were sent and never answered.

A directory that is slow may count a wrong password and answer too late. Clients try again at once, so the same
password is held back for a while, each time for longer: four tries in five minutes stay below a threshold of five.
"""

import math
from collections.abc import Callable

from ldap_token_bridge.cache import ExpiringCache
from ldap_token_bridge.ldap import DirectoryDown

_FIRST = 10.0  # seconds
_GROWTH = 3.0
_LONGEST = 270.0
_FORGOTTEN = 900.0


class Doubts:
    """By the keyed hash of account and password; `clock` gives seconds and never goes back."""

    def __init__(self, max_entries: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries = ExpiringCache[bytes, tuple[int, float]](max_entries, _FORGOTTEN, clock)

    def add(self, key: bytes) -> None:
        """This password was just sent, and no answer came."""
        times, _ = self._entries.get(key) or (0, 0.0)
        hold = min(_LONGEST, _FIRST * _GROWTH**times)
        self._entries.put(key, (times + 1, self._clock() + hold))

    def refuse_for_now(self, key: bytes) -> None:
        """Raises DirectoryDown while the password is held back."""
        _, until = self._entries.get(key) or (0, 0.0)
        left = until - self._clock()
        if left > 0:
            detail = "the same password was sent a moment ago and not answered; it is held back to lock no account"
            raise DirectoryDown("The directory does not answer.", detail=detail, retry_after=math.ceil(left))
