r"""A login from end to end, with what may be remembered of it.

Remembered are, each for its own time: whom a name stands for and that person's groups (`groups`), which password was
proved (`credentials`), which one was refused and which name is nobody's (`rejected`). A wrong password is remembered
for longer, with the date of the right one: until that changes it is not sent again. Who comes without a password
(`recall`) is remembered for the shorter of the first two, so that a disabled account is out as soon. Keys are the
directory's immutable id, so that `ALICE`, `CORP\alice` and `alice@corp.example.com` share their entries. Only answers
are remembered, never an outage or a time-out. Other bridges' memory (`replicas`) is asked where this one's
has nothing, before the directory is.

A name that is nobody's goes through the same steps as a wrong password, with a person who does not exist in place of
the real one: the same look-ups, in the same order, remembered under the same rules.
"""

import asyncio
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from ldap_token_bridge.cache import (
    PasswordProofs,
    Patience,
    RejectedPasswords,
    SharedStore,
    SingleFlight,
)
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.guard import Attempt, Block, Budgets
from ldap_token_bridge.identity import Credentials, Group, Refusal, Secret
from ldap_token_bridge.ldap import BindResult, DirectoryDown

from .directory import Directory
from .doubts import Doubts
from .login_name import LoginName, is_possible_password, parse_login_name
from .outcome import Authenticated, CacheState, CacheTimes, Login, Refused, Spent
from .pace import Pace
from .people import Known, Lookup, People
from .replicas import Replicas
from .shared_check import SharedCheck, Told

_INVALID_CREDENTIALS = 49

_Address = IPv4Address | IPv6Address | None


class Authenticator:
    """Answers logins, from memory where it may and from the directory otherwise."""

    def __init__(
        self,
        directory: Directory,
        times: CacheTimes,
        on_lookup: Lookup = lambda _cache, _hit: None,
        clock: Callable[[], float] = time.monotonic,
        budgets: Budgets | None = None,
        store: SharedStore | None = None,
    ) -> None:
        """`on_lookup` hears of every look-up in a cache; `clock` gives seconds and never goes back.

        `budgets` say how many wrong passwords reach the directory; without them, all do. Replicas share `store`.
        """
        self._directory = directory
        self._on_lookup = on_lookup
        self._clock = clock
        self._replicas = Replicas(store, times)
        self._people = People(directory, times, self._replicas, on_lookup, clock)
        size = times.max_accounts
        self._proofs = PasswordProofs(size, times.credentials, clock)
        self._rejected = RejectedPasswords[Refusal](size, times.rejected, clock)
        self._budgets = budgets or Budgets()
        self._wrong = RejectedPasswords[str](size, self._budgets.memory, clock)
        self._doubts = Doubts(size, clock)
        self._pace = Pace(clock)
        self._verifying = SingleFlight[bytes, Known | Refusal | Block]()

    async def login(
        self, credentials: Credentials, deadline: Deadline, address: _Address = None, *, anew: bool = False
    ) -> Login:
        """Whether the credentials are right, and whose. Raises Unavailable if the directory cannot say.

        `address` is where they come from. `anew`: the person is looked up and then the password is checked, whatever
        is remembered of either; only a refusal is remembered as ever, and a right password where none may be checked.
        """
        name = parse_login_name(credentials.username)
        if name is None or not is_possible_password(credentials.password):
            return Refused(Refusal.WRONG_CREDENTIALS)
        known = self._people.remembered(name)
        try:
            if known is None:
                if block := await self._budgets.blocked(address):
                    return Refused(Refusal.TOO_MANY_ATTEMPTS, block=block)  # no search for each name that is made up
                known = self._people.remembered(name)  # others may have found them meanwhile
            return await self._login(name, None if anew else known, credentials.password, deadline, address, anew=anew)
        except TimeoutError:
            raise Unavailable("the directory did not answer in time") from None

    def recollect(self, credentials: Credentials) -> Login | None:
        """What `login` would answer if this bridge's memory is all that it needs; None if others are to be asked."""
        name = parse_login_name(credentials.username)
        known = self._people.remembered(name) if name and is_possible_password(credentials.password) else None
        if known is None:
            return None
        answer = self._recollect(known, credentials.password, Spent(), only_refusals=False)
        if answer is not None:
            self._on_lookup("people", True)
        return answer

    async def recall(self, name: str, unique_id: str, deadline: Deadline) -> Login | None:
        """An account that logged in before, by its name in the directory and its id; no password is asked for.

        None if there is no such account any more: another one of the same name is not taken for it. Raises Unavailable
        if the directory cannot say.
        """
        spent = Spent()
        try:
            with spent.waiting("search"):
                known, is_remembered = await self._people.recall(name, unique_id, deadline)
            if known is None:
                return None
            cache: CacheState = "hit" if is_remembered else "miss"
            if known.person.state is not None:
                return Refused(known.person.state, known.person.account, cache, spent)
            with spent.waiting("groups"):
                groups = await self._people.groups_of(known, deadline)
        except TimeoutError:
            raise Unavailable("the directory did not answer in time") from None
        return Authenticated(known.person.account, groups, cache, spent, known.person.password_date)

    def forget(self, account: str | None) -> None:
        """Remember nothing more of an account, by its immutable id, or of anybody; budgets go on."""
        self._people.forget(account)
        for remembered in (self._proofs, self._rejected, self._wrong):
            if account is None:
                remembered.clear()
            else:
                remembered.forget(account)

    def ids_named(self, name: LoginName) -> frozenset[str]:
        """The ids of all accounts that are remembered under this name, whatever was typed for it."""
        return self._people.ids_named(name)

    def sizes(self) -> dict[str, int]:
        """How much of each kind is remembered now."""
        rejected = len(self._rejected) + len(self._wrong)
        return {"people": len(self._people), "credentials": len(self._proofs), "rejected": rejected}

    async def close(self) -> None:
        """Give up what is under way."""
        await self._people.close()
        await self._verifying.close()

    async def _login(
        self,
        name: LoginName,
        known: Known | None,
        password: Secret,
        deadline: Deadline,
        address: _Address,
        *,
        anew: bool,
    ) -> Login:
        """As `login`; `known` is whom this bridge remembers under the name."""
        spent, patience, is_fresh = Spent(), self._replicas.patience(), False
        self._on_lookup("people", known is not None)
        if known is None:
            with spent.waiting("search"):
                known, is_fresh = await self._people.find(name, deadline, patience, anew=anew)
        answer = self._recollect(known, password, spent, only_refusals=anew)
        if answer is not None:
            return answer
        key = known.person.account.unique_id
        account = None if known.is_nobody else known.person.account
        proved = self._proofs.holds(key, password) and known.person.state is None
        self._on_lookup("rejected", False)
        self._on_lookup("credentials", proved and not anew)
        if proved and not anew:
            return await self._from_memory(known, spent, deadline)
        date = known.person.password_date
        if date and self._wrong.get(key, password) == date:
            if not is_fresh:
                return await self._login(name, None, password, deadline, address, anew=True)
            self._rejected.put(key, password, Refusal.WRONG_CREDENTIALS)
            return Refused(Refusal.WRONG_CREDENTIALS, account, "hit", spent)
        # The groups are read while the bind is under way; if the password is wrong they wait for the right one.
        ahead = asyncio.ensure_future(self._people.groups_of(known, deadline))
        again = None if is_fresh else self._people.look_again(name, known, deadline)
        try:
            with spent.waiting("bind"):
                flight = self._rejected.flight_key(key, password)
                # A bind that began before another date was read says nothing about the password of that date.
                # What another bridge has remembered is no answer for who wants to have it checked.
                kind = date.encode() + (b" anew" if anew and self._replicas.exist else b"")
                outcome: Known | Refusal | Block = await self._budgets.joined(
                    address,
                    lambda: self._verifying.run(
                        flight + kind,
                        lambda: self._verify(name, known, flight, password, deadline, address, patience, anew=anew),
                        deadline,
                    ),
                )
                if again and not (await again).is_nobody:
                    found = None if anew else self._people.remembered(name)
                    return await self._login(name, found, password, deadline, address, anew=anew)
            return await self._login_of(outcome, known, ahead, spent, deadline, proved=proved)
        finally:
            _let_go(ahead)
            if again:
                _let_go(again)

    def _recollect(self, known: Known, password: Secret, spent: Spent, *, only_refusals: bool) -> Login | None:
        """What is remembered of this password, if that decides."""
        key = known.person.account.unique_id
        rejected = self._rejected.get(key, password)
        if rejected is not None:
            self._on_lookup("rejected", True)
            return Refused(rejected, None if known.is_nobody else known.person.account, "hit", spent)
        proved = self._proofs.holds(key, password)  # asked for everybody, so that the time tells nothing
        if not proved or only_refusals or known.person.state is not None:
            return None
        groups = self._people.remembered_groups(known)
        if groups is None:
            return None
        self._on_lookup("rejected", False)
        self._on_lookup("credentials", True)
        return Authenticated(known.person.account, groups, "hit", spent, known.person.password_date)

    async def _login_of(
        self,
        outcome: Known | Refusal | Block,
        known: Known,
        ahead: "asyncio.Future[tuple[Group, ...]]",
        spent: Spent,
        deadline: Deadline,
        *,
        proved: bool,
    ) -> Login:
        """What a check of the password comes to; `ahead` are the groups of `known`, `proved` is what memory knows."""
        account = None if known.is_nobody else known.person.account
        if isinstance(outcome, Block) and proved:
            return await self._from_memory(known, spent, deadline)
        if isinstance(outcome, Block):
            return Refused(Refusal.TOO_MANY_ATTEMPTS, account, "miss", spent, outcome)
        if isinstance(outcome, Refusal):
            return Refused(outcome, account, "miss", spent)
        with spent.waiting("groups"):
            groups = await (ahead if outcome is known else self._people.groups_of(outcome, deadline))
        return Authenticated(outcome.person.account, groups, "miss", spent, known.person.password_date)

    async def _from_memory(self, known: Known, spent: Spent, deadline: Deadline) -> Authenticated:
        with spent.waiting("groups"):
            groups = await self._people.groups_of(known, deadline)
        return Authenticated(known.person.account, groups, "hit", spent, known.person.password_date)

    async def _verify(
        self,
        name: LoginName,
        known: Known,
        flight: bytes,
        password: Secret,
        deadline: Deadline,
        address: _Address,
        patience: Patience,
        *,
        anew: bool,
    ) -> Known | Refusal | Block:
        """Ask the other bridges, then the directory once, and remember the answer. Gives the person if it is good."""
        self._doubts.refuse_for_now(flight)
        key = known.person.account.unique_id
        check = self._replicas.check(key, password)
        try:
            told = await check.told(patience, deadline, only_refusals=anew or known.person.state is not None)
            if told:
                return self._heed(told, known, key, password)
            async with self._budgets.turn(address, deadline) as block:
                return block or await self._ask(name, known, flight, password, deadline, address, check)
        finally:
            check.close()

    def _heed(self, told: Told, known: Known, key: str, password: Secret) -> Known | Refusal:
        """As if it had been remembered here, and for no longer than there."""
        if told.refusal is None:
            self._proofs.remember(key, password, told.age)
            return known
        self._rejected.put(key, password, told.refusal, told.age)
        if told.refusal is Refusal.WRONG_CREDENTIALS:
            self._wrong.put(key, password, told.password_date, told.age)
        return told.refusal

    async def _ask(
        self,
        name: LoginName,
        known: Known,
        flight: bytes,
        password: Secret,
        deadline: Deadline,
        address: _Address,
        check: SharedCheck,
    ) -> Known | Refusal | Block:
        """The directory's own answer, where the budget allows to ask."""
        key = known.person.account.unique_id
        attempt = await self._budgets.attempt(key, is_nobody=known.is_nobody)
        if isinstance(attempt, Block):
            # Who knows that it was wrong learns that, and not when to send it again.
            return attempt if self._wrong.get(key, password) is None else Refusal.WRONG_CREDENTIALS
        start = self._clock()
        async with attempt:
            result = await self._bind(known, flight, password, deadline, attempt)
            refusal = Refusal.WRONG_CREDENTIALS if known.is_nobody else self._directory.refusal_of(known.person, result)
            if result.code == _INVALID_CREDENTIALS and refusal is not Refusal.WRONG_CREDENTIALS:
                attempt.not_counted()
        if refusal is None:
            accepted = await self._accept(name, known, key, password, deadline)
            if isinstance(accepted, Known):
                check.proved()
            return accepted
        if refusal is not Refusal.WRONG_CREDENTIALS:
            self._proofs.forget(key)  # a disabled or locked account is out at once, not when its time is over
            check.account_refused()
        elif known.is_nobody:
            await asyncio.sleep(min(self._pace.missing(self._clock() - start), deadline.remaining() / 2))
        else:
            self._pace.add(self._clock() - start)
        if result.code == _INVALID_CREDENTIALS:
            self._rejected.put(key, password, refusal)
            check.refused(refusal, known.person.password_date)
        if refusal is Refusal.WRONG_CREDENTIALS:
            self._wrong.put(key, password, known.person.password_date)
            await self._budgets.failed(address)
        return refusal

    async def _bind(
        self, known: Known, flight: bytes, password: Secret, deadline: Deadline, attempt: Attempt
    ) -> BindResult:
        """The directory's answer; only 49, or none after the password was sent, may be a wrong password to it."""
        try:
            if known.is_nobody:
                await self._directory.decoy(known.person, password, deadline)
                return BindResult(_INVALID_CREDENTIALS, "")
            result = await self._directory.verify(known.person, password, deadline)
        except DirectoryDown as error:
            if error.in_doubt:
                self._doubts.add(flight)
            else:
                attempt.not_counted()
            raise
        if result.ok:
            attempt.passed()
        elif result.code != _INVALID_CREDENTIALS:
            attempt.not_counted()
        return result

    async def _accept(
        self, name: LoginName, known: Known, key: str, password: Secret, deadline: Deadline
    ) -> Known | Refusal:
        """The directory took the password; the entry's own state counts, too."""
        # What was read before the bind may be over: a lock that ran out, a password just changed.
        current = known if known.person.state is None else await self._people.look_up(name, deadline)
        # The name may have passed to someone else meanwhile: then this is nobody's login.
        if current.person.account.unique_id != key:
            return Refusal.WRONG_CREDENTIALS
        if current.person.state is not None:
            return current.person.state
        self._proofs.remember(key, password)
        return current


def _let_go(task: "asyncio.Future[Any]") -> None:
    """Cancels what is no longer needed; an error that came of it matters to nobody, and asyncio shall not complain."""
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()
