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
_NONE = frozenset[bytes]()


class Guesses:
    """By the directory's immutable ids. `clock` gives seconds and never goes back.

    A password counts once, however often a pipeline sends it, and from the moment on at which it is tried.
    """

    def __init__(self, max_accounts: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._under_way: dict[str, set[bytes]] = {}  # by far the most are answered: those cost no more than this
        self._unanswered = ExpiringCache[str, frozenset[bytes]](max_accounts, _SECONDS, clock)

    def are_too_many(self, account: str, but: bytes = b"") -> bool:
        """Whether memory may not prove this account any more: no password of it is to be remembered as right.

        `but` is the mark of a password that is under way, and is not counted yet.
        """
        under_way, unanswered = self._under_way.get(account, _NONE), self._unanswered.get(account)
        marks = under_way | unanswered if unanswered else under_way
        return len(marks) - (but in marks) >= _MOST

    def begin(self, account: str, mark: bytes) -> None:
        """The password of this mark is being tried; `end` must follow."""
        under_way = self._under_way.get(account)
        if under_way is None:
            self._under_way[account] = {mark}
        else:
            under_way.add(mark)

    def end(self, account: str, mark: bytes, *, answered: bool) -> None:
        """`answered`: the directory has told whether it is right, and that counts elsewhere."""
        if under_way := self._under_way.get(account):
            under_way.discard(mark)
        if not under_way:
            self._under_way.pop(account, None)
        marks = self._unanswered.get(account) or _NONE
        if answered and mark in marks:
            self._unanswered.put(account, marks - {mark})
        elif not answered and mark not in marks and len(marks) < _MOST:
            self._unanswered.put(account, marks | {mark})

    def forget(self, account: str) -> None:
        """An operator lets the account begin anew."""
        self._unanswered.discard(account)
