"""Who the directory knew last, for the time when it does not answer (`cache.stale_if_down`).

Kept for longer than what a login may rely on, and apart from it: nothing here is ever taken for fresh. Whatever the
directory says against an account, or a password, ends it here at once.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace

from ldap_token_bridge.cache import ExpiringCache, PasswordMarks, PasswordProofs, RejectedPasswords
from ldap_token_bridge.identity import Refusal, Secret
from ldap_token_bridge.values import dataclass

from .outcome import Authenticated, Refused, Spent
from .person import Person

# While the directory is away nobody counts wrong passwords. After so many different ones the account waits for it.
_MOST_GUESSES = 5


@dataclass(slots=True)
class _Confirmed:
    login: Authenticated
    at: float
    guesses: int = 0


class LastKnown:
    """At most `max_accounts`, each for `grace` seconds from when the directory confirmed it last."""

    def __init__(self, max_accounts: int, grace: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._confirmed = ExpiringCache[str, _Confirmed](max_accounts, grace, clock)
        self._ids = ExpiringCache[str, str](max_accounts, grace, clock)  # by the name as it is looked up
        self._marks = PasswordMarks()
        self._proofs = PasswordProofs(max_accounts, grace, clock)
        self._guesses = RejectedPasswords[bool](max_accounts, grace, clock)

    def accepted(self, login: Authenticated, name: str = "", password: Secret | None = None) -> None:
        """Somebody was let in: just confirmed by the directory if the login is no `hit`, with this password if any."""
        unique_id = login.account.unique_id
        if login.cache == "miss":
            self._confirmed.put(unique_id, _Confirmed(login, self._clock()))
        else:
            self._renew(unique_id, login)
        if password is not None:
            self._ids.put(name, unique_id)
            if login.cache == "miss":
                self._proofs.remember(unique_id, self._marks(unique_id, password))

    def refused(self, refused: Refused, name: str, password: Secret) -> None:
        """A login with a password was refused."""
        if refused.reason is Refusal.TOO_MANY_ATTEMPTS:
            return  # the directory was not asked
        unique_id = refused.account.unique_id if refused.account else self._ids.get(name) or ""
        # A wrong password says nothing against the account, unless it is the one that was right.
        wrong = refused.reason is Refusal.WRONG_CREDENTIALS and refused.account
        if not wrong or self._proofs.holds(unique_id, self._marks(unique_id, password)):
            self.forget(unique_id)

    def found(self, name: str, person: Person | None) -> None:
        """The directory has just told whom `name` stands for, and how that account is."""
        before = self._ids.get(name)
        if before is not None and (person is None or person.account.unique_id != before):
            self.forget(before)
        if person is not None and person.state is not None:
            self.forget(person.account.unique_id)

    def by_password(self, name: str, password: Secret) -> Authenticated | None:
        """Who it was, if this very password proved it within the grace."""
        unique_id = self._ids.get(name) or ""
        confirmed = self._confirmed.get(unique_id)
        mark = self._marks(unique_id, password)
        if not self._proofs.holds(unique_id, mark):
            self._count_guess(unique_id, confirmed, mark)
            return None
        return None if confirmed is None or confirmed.guesses >= _MOST_GUESSES else self._told(confirmed)

    def by_id(self, unique_id: str, name: str) -> Authenticated | None:
        """Who it was, by the directory's id and the account's name."""
        confirmed = self._confirmed.get(unique_id)
        return None if confirmed is None or confirmed.login.account.name != name else self._told(confirmed)

    def forget(self, unique_id: str) -> None:
        """Nothing is known of this account any more."""
        self._confirmed.discard(unique_id)
        self._proofs.forget(unique_id)

    def clear(self) -> None:
        """The same for everybody."""
        for memory in (self._confirmed, self._ids, self._proofs, self._guesses):
            memory.clear()

    def __len__(self) -> int:
        return len(self._confirmed)

    def _renew(self, unique_id: str, login: Authenticated) -> None:
        """Groups that were read since, and no more time."""
        confirmed = self._confirmed.get(unique_id)
        if confirmed is not None and confirmed.login.groups != login.groups:
            self._confirmed.put(unique_id, replace(confirmed, login=login), self._clock() - confirmed.at)

    def _count_guess(self, unique_id: str, confirmed: _Confirmed | None, mark: bytes) -> None:
        """One wrong password counts once, however often a pipeline sends it."""
        if confirmed is not None and self._guesses.get(unique_id, mark) is None:
            self._guesses.put(unique_id, mark, answer=True)
            confirmed.guesses += 1

    def _told(self, confirmed: _Confirmed) -> Authenticated:
        age = max(1, math.ceil(self._clock() - confirmed.at))
        login = confirmed.login
        return replace(login, cache="hit", spent=Spent(), stale_seconds=age)
