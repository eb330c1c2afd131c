"""What is remembered of passwords: which one proved an account, which ones it was refused with."""

from collections.abc import Callable

from ldap_token_bridge.cache import PasswordMarks, PasswordProofs, RejectedPasswords
from ldap_token_bridge.guard import FEWEST_COUNTED
from ldap_token_bridge.identity import Refusal, Secret

from .guesses import Guesses
from .outcome import CacheTimes
from .people import Known
from .shared_check import Told


class PasswordMemory:
    """By the directory's immutable ids. `clock` gives seconds and never goes back."""

    def __init__(self, times: CacheTimes, wrong: float, clock: Callable[[], float]) -> None:
        """`wrong` is for how many seconds a wrong password is remembered with the date of the right one."""
        self._marks = PasswordMarks()
        self.proofs = PasswordProofs(times.max_accounts, times.credentials, clock)
        self.rejected = RejectedPasswords[Refusal](times.max_accounts, times.rejected, clock)
        self.wrong = RejectedPasswords[str](times.max_accounts, wrong, clock)
        self._guesses = Guesses(max(times.max_accounts, FEWEST_COUNTED), clock)

    def mark(self, known: Known, password: Secret) -> bytes:
        """By which this password on this account is known here."""
        return self._marks(known.person.account.unique_id, password)

    def judge(self, known: Known, mark: bytes) -> Refusal | bool:
        """What this password was refused with lately; or whether it was proved, and the account may be used."""
        key = known.person.account.unique_id
        rejected = self.rejected.get(key, mark)
        if rejected is not None:
            return rejected
        proved = self.proofs.holds(key, mark)  # asked for everybody, so that the time tells nothing
        return proved and known.person.state is None

    def proved(self, key: str, mark: bytes, age: float = 0.0) -> None:
        """This password was right `age` seconds ago; not remembered of an account that somebody guesses at."""
        if not self._guesses.are_too_many(key, mark):
            self.proofs.remember(key, mark, age)

    def is_guessed(self, key: str, mark: bytes) -> bool:
        """Whether so many other passwords were tried on memory that it proves this account no more."""
        return self._guesses.are_too_many(key, mark)

    def tries(self, known: Known, mark: bytes) -> None:
        """A password that memory does not prove: one of few, until the directory tells of it. `tried` must follow."""
        if known.is_nobody:
            return  # there is nothing to be guessed
        key = known.person.account.unique_id
        self._guesses.begin(key, mark)
        if self._guesses.are_too_many(key):
            self.proofs.forget(key)

    def tried(self, known: Known, mark: bytes, *, answered: bool) -> None:
        """`answered`: the directory has told whether it is right."""
        if not known.is_nobody:
            self._guesses.end(known.person.account.unique_id, mark, answered=answered)

    def heed(self, told: Told, known: Known, mark: bytes) -> Known | Refusal:
        """What another bridge knows, as if it had been remembered here, and for no longer than there."""
        key = known.person.account.unique_id
        if told.refusal is None:
            self.proved(key, mark, told.age)
            return known
        self.rejected.put(key, mark, told.refusal, told.age)
        if told.refusal is Refusal.WRONG_CREDENTIALS:
            self.wrong.put(key, mark, told.password_date, told.age)
        return told.refusal

    def forget(self, account: str | None) -> None:
        """Remember nothing more of an account, by its immutable id, or of anybody."""
        for memory in (self.proofs, self.rejected, self.wrong):
            if account is None:
                memory.clear()
            else:
                memory.forget(account)
        if account is not None:
            self._guesses.forget(account)  # as with budgets: to forget everybody is no leave to guess anew

    def sizes(self) -> dict[str, int]:
        """How much of each kind is remembered now."""
        return {"credentials": len(self.proofs), "rejected": len(self.rejected) + len(self.wrong)}
