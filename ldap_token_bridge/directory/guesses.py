"""Passwords that were held against memory, and of which the directory never told whether they are right.

While a budget is used up, of the account or of one address, memory still tells the right password from others. No
budget counts who tries there, and no directory locks the account. So few may; then memory proves nobody any more.
"""

import time
from collections.abc import Callable

from ldap_token_bridge.cache import ExpiringCache

# As many as while the directory is down (`LastKnown`), and as an account's own budget lets through in an hour.
_MOST = 5
_SECONDS = 3600.0


class Guesses:
    """By the directory's immutable ids. `clock` gives seconds and never goes back."""

    def __init__(self, max_accounts: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._marks = ExpiringCache[str, frozenset[bytes]](max_accounts, _SECONDS, clock)

    def are_too_many(self, account: str) -> bool:
        """Whether memory may not prove this account any more: no password of it is to be remembered as right."""
        return len(self._marks.get(account) or ()) >= _MOST

    def add(self, account: str, mark: bytes) -> None:
        """The password of this mark is being tried; one counts once, however often a pipeline sends it."""
        marks = self._marks.get(account) or frozenset()
        if len(marks) < _MOST and mark not in marks:
            self._marks.put(account, marks | {mark})

    def discard(self, account: str, mark: bytes) -> None:
        """The directory has told whether it is right: that counts elsewhere."""
        marks = self._marks.get(account) or frozenset()
        if others := marks - {mark}:
            self._marks.put(account, others)
        else:
            self._marks.discard(account)

    def forget(self, account: str) -> None:
        """An operator lets the account begin anew."""
        self._marks.discard(account)
