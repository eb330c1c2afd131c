"""Whether a password is right: asked of the other bridges, then of the directory once, as far as the budgets allow.

A name that is nobody's goes through the same steps as a wrong password.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import field
from ipaddress import IPv4Address, IPv6Address

from ldap_token_bridge.cache import Patience, Relay, SingleFlight
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.guard import Attempt, Block, Budgets
from ldap_token_bridge.identity import Refusal, Secret
from ldap_token_bridge.ldap import BindGivenUp, BindResult, DirectoryDown
from ldap_token_bridge.values import dataclass

from .directory import Directory
from .doubts import Doubts
from .login_name import LoginName
from .pace import Pace
from .password_memory import PasswordMemory
from .people import Known, People
from .replicas import Replicas
from .shared_check import SharedCheck

_INVALID_CREDENTIALS = 49

Address = IPv4Address | IPv6Address | None
Verdict = Known | Refusal | Block
"""The person if the password is good, as the directory has them now; why not; or that it was not sent."""


@dataclass(slots=True, eq=False)
class Trial:
    """A password that someone at `address` says is that of `known`, whom they called `name`.

    `patience` is what they may spend on asking other bridges. `anew`: what those remember of it is no answer, unless it
    is a refusal.
    """

    name: LoginName
    known: Known
    password: Secret
    mark: bytes = field(repr=False)  # of account and password
    deadline: Deadline
    address: Address
    patience: Patience
    anew: bool

    @property
    def key(self) -> str:
        """The account's immutable id."""
        return self.known.person.account.unique_id


class Verifier:
    """All who try the same password on the same account at the same time share one bind."""

    def __init__(
        self,
        directory: Directory,
        people: People,
        passwords: PasswordMemory,
        replicas: Replicas,
        budgets: Budgets,
        max_accounts: int,
        clock: Callable[[], float],
    ) -> None:
        """Passwords that were never answered are known of so many accounts. `clock` gives seconds, never goes back."""
        self._directory = directory
        self._people = people
        self._passwords = passwords
        self._replicas = replicas
        self._budgets = budgets
        self._clock = clock
        self._doubts = Doubts(max_accounts, clock)
        self._pace = Pace(clock)
        # With a store the budgets are asked and told in several steps, which no end of a request may tear apart.
        self._verifying = SingleFlight[bytes, Verdict]() if replicas.exist else Relay[bytes, Verdict]()

    def verify(self, trial: Trial) -> Coroutine[object, object, Verdict]:
        """Whether the password is right. Raises Unavailable, and TimeoutError at the deadline."""
        # A bind that began before another date was read says nothing about the password of that date.
        # What another bridge has remembered is no answer for who wants to have it checked.
        kind = trial.known.person.password_date.encode() + (b" anew" if trial.anew and self._replicas.exist else b"")
        return self._budgets.joined(
            trial.address,
            lambda: self._verifying.run(trial.mark + kind, lambda: self._verify(trial), trial.deadline),
        )

    async def close(self) -> None:
        """Give up what is under way."""
        await self._verifying.close()

    async def _verify(self, trial: Trial) -> Verdict:
        """Ask the other bridges, then the directory once, and remember the answer."""
        self._doubts.refuse_for_now(trial.mark)
        known = trial.known
        check = self._replicas.check(trial.key, trial.password)
        try:
            is_guessed = self._replicas.exist and self._passwords.is_guessed(trial.key, trial.mark)
            only_refusals = trial.anew or known.person.state is not None or is_guessed
            told = await check.told(trial.patience, trial.deadline, only_refusals=only_refusals)
            if told:
                return self._passwords.heed(told, known, trial.mark)
            async with self._budgets.turn(trial.address, trial.deadline) as block:
                return block or await self._ask(trial, check)
        finally:
            check.close()

    async def _ask(self, trial: Trial, check: SharedCheck) -> Verdict:
        """The directory's own answer, where the budget allows to ask."""
        known, key, mark, passwords = trial.known, trial.key, trial.mark, self._passwords
        attempt = await self._budgets.attempt(key, is_nobody=known.is_nobody)
        if isinstance(attempt, Block):
            # Who knows that it was wrong learns that, and not when to send it again.
            return attempt if passwords.wrong.get(key, mark) is None else Refusal.WRONG_CREDENTIALS
        start = self._clock()
        async with attempt:
            result = await self._bind(trial, attempt)
            refusal = Refusal.WRONG_CREDENTIALS if known.is_nobody else self._directory.refusal_of(known.person, result)
            if result.code == _INVALID_CREDENTIALS and refusal is not Refusal.WRONG_CREDENTIALS:
                attempt.not_counted()
        if refusal is None:
            accepted = await self._accept(trial)
            if isinstance(accepted, Known):
                check.proved()
            return accepted
        if refusal is not Refusal.WRONG_CREDENTIALS:
            passwords.proofs.forget(key)  # a disabled or locked account is out at once, not when its time is over
            check.account_refused()
        elif known.is_nobody:
            await self._pace.hold_back(start, trial.deadline.remaining() / 2)
        else:
            self._pace.add(self._clock() - start)
        if result.code == _INVALID_CREDENTIALS:
            passwords.rejected.put(key, mark, refusal)
            check.refused(refusal, known.person.password_date)
        if refusal is Refusal.WRONG_CREDENTIALS:
            passwords.wrong.put(key, mark, known.person.password_date)
            await self._budgets.failed(trial.address)
        return refusal

    async def _bind(self, trial: Trial, attempt: Attempt) -> BindResult:
        """The directory's answer; only 49, or none after the password was sent, may be a wrong password to it."""
        person = trial.known.person
        try:
            if trial.known.is_nobody:
                await self._directory.decoy(person, trial.password, trial.deadline)
                return BindResult(_INVALID_CREDENTIALS, "")
            result = await self._directory.verify(person, trial.password, trial.deadline)
        except BindGivenUp:
            self._doubts.add(trial.mark)
            raise
        except asyncio.CancelledError:
            attempt.not_counted()  # nothing was sent
            raise
        except DirectoryDown as error:
            if error.in_doubt:
                self._doubts.add(trial.mark)
            else:
                attempt.not_counted()
            raise
        if result.ok and self._passwords.is_guessed(trial.key, trial.mark):
            attempt.not_counted()  # each login is a bind now: begun anew by each, the budget would be none
        elif result.ok:
            attempt.passed()
        elif result.code != _INVALID_CREDENTIALS:
            attempt.not_counted()
        return result

    async def _accept(self, trial: Trial) -> Known | Refusal:
        """The directory took the password; the entry's own state counts, too."""
        # What was read before the bind may be over: a lock that ran out, a password just changed.
        current = trial.known
        if current.person.state is not None:
            current = await self._people.look_up(trial.name, trial.deadline)
        # The name may have passed to someone else meanwhile: then this is nobody's login.
        if current.person.account.unique_id != trial.key:
            return Refusal.WRONG_CREDENTIALS
        if current.person.state is not None:
            return current.person.state
        self._passwords.proved(trial.key, trial.mark)
        return current
