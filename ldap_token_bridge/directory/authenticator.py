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

import time
from collections.abc import Callable

from ldap_token_bridge.cache import Flight, SharedStore
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.guard import Block, Budgets
from ldap_token_bridge.identity import Account, Credentials, Refusal, Secret

from .directory import Directory
from .login_name import LoginName, is_possible_password, parse_login_name
from .outcome import Authenticated, CacheState, CacheTimes, Login, Refused, Spent
from .password_memory import PasswordMemory
from .people import Known, Lookup, People
from .replicas import Replicas
from .verifier import Address, Trial, Verdict, Verifier


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
        self._on_lookup = on_lookup
        self._replicas = Replicas(store, times)
        self._people = People(directory, times, self._replicas, on_lookup, clock)
        self._budgets = budgets or Budgets()
        self._passwords = PasswordMemory(times, self._budgets.memory, clock)
        self._verifier = Verifier(
            directory, self._people, self._passwords, self._replicas, self._budgets, times.max_accounts, clock
        )

    async def login(
        self, credentials: Credentials, deadline: Deadline, address: Address = None, *, anew: bool = False
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
            elif anew and (refused := await self._refused_at_once(known, credentials.password, address)):
                return refused
            login = await self._login(name, None if anew else known, credentials.password, deadline, address, anew=anew)
            # One account has many spellings, and a search for each is no less work than for names that are made up. A
            # refusal from memory, or for a block, had no bind that would have counted for the address.
            is_refused = isinstance(login, Refused) and (login.cache == "hit" or login.block is not None)
            if known is None and is_refused and self._people.answer_for(name):
                await self._budgets.failed(address)
            return login  # noqa: TRY300 -- both may meet the deadline
        except TimeoutError:
            raise Unavailable("the directory did not answer in time") from None

    def recollect(self, credentials: Credentials) -> Login | None:
        """What `login` would answer if this bridge's memory is all that it needs; None if others are to be asked."""
        name = parse_login_name(credentials.username)
        known = self._people.remembered(name) if name and is_possible_password(credentials.password) else None
        if known is None:
            return None
        told = self._passwords.judge(known, self._passwords.mark(known, credentials.password))
        if isinstance(told, Refusal):
            return self._refused_again(known, told)
        groups = self._people.remembered_groups(known) if told else None
        if groups is None:
            return None
        for cache, is_hit in (("people", True), ("rejected", False), ("credentials", True)):
            self._on_lookup(cache, is_hit)
        return Authenticated(known.person.account, groups, "hit", Spent(), known.person.password_date)

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
        self._passwords.forget(account)

    def ids_named(self, name: LoginName) -> frozenset[str]:
        """The ids of all accounts that are remembered under this name, whatever was typed for it."""
        return self._people.ids_named(name)

    def sizes(self) -> dict[str, int]:
        """How much of each kind is remembered now."""
        return {"people": len(self._people), **self._passwords.sizes()}

    async def close(self) -> None:
        """Give up what is under way."""
        await self._people.close()
        await self._verifier.close()

    async def _login(
        self,
        name: LoginName,
        known: Known | None,
        password: Secret,
        deadline: Deadline,
        address: Address,
        *,
        anew: bool,
    ) -> Login:
        """As `login`; `known` is whom this bridge remembers under the name."""
        spent, patience, is_fresh = Spent(), self._replicas.patience(), False
        self._on_lookup("people", known is not None)
        if known is None:
            with spent.waiting("search"):
                known, is_fresh = await self._people.find(name, deadline, patience, anew=anew)
        mark = self._passwords.mark(known, password)
        proved = self._passwords.judge(known, mark)
        if isinstance(proved, Refusal):
            return self._refused(known, proved, spent)
        self._on_lookup("rejected", False)
        self._on_lookup("credentials", proved and not anew)
        if proved and not anew:
            return await self._from_memory(known, spent, deadline)
        person = known.person
        date, key = person.password_date, person.account.unique_id
        if date and self._passwords.wrong.get(key, mark) == date:
            if not is_fresh:
                return await self._login(name, None, password, deadline, address, anew=True)
            self._passwords.rejected.put(key, mark, Refusal.WRONG_CREDENTIALS)
            return Refused(Refusal.WRONG_CREDENTIALS, _account(known), "hit", spent)
        trial = Trial(name, known, password, mark, deadline, address, patience, anew)
        return await self._try(trial, spent, is_fresh=is_fresh, proved=proved)

    async def _try(self, trial: Trial, spent: Spent, *, is_fresh: bool, proved: bool) -> Login:
        """Have the password checked; `proved` is what memory knows, which counts where it may not be checked now."""
        known, deadline = trial.known, trial.deadline
        date = known.person.password_date
        # The groups are read while the bind is under way; if the password is wrong they wait for the right one.
        groups = self._people.begin_groups(known, deadline)
        again = None if is_fresh else self._people.look_again(trial.name, known, deadline)
        if not proved:
            self._passwords.tries(known, trial.mark)
        with spent.waiting("bind"):
            verdict: Verdict | None = None
            try:
                verdict = await self._verifier.verify(trial)
            finally:
                if not proved:
                    answered = verdict is not None and not isinstance(verdict, Block)
                    self._passwords.tried(known, trial.mark, answered=answered)
            if again and not (await again.outcome(deadline)).is_nobody:
                found = None if trial.anew else self._people.remembered(trial.name)
                return await self._login(trial.name, found, trial.password, deadline, trial.address, anew=trial.anew)
        if isinstance(verdict, Block) and proved:
            return await self._from_memory(known, spent, deadline)
        if isinstance(verdict, Block):
            return Refused(Refusal.TOO_MANY_ATTEMPTS, _account(known), "miss", spent, verdict)
        if isinstance(verdict, Refusal):
            return Refused(verdict, _account(known), "miss", spent)
        with spent.waiting("groups"):
            if verdict is not known:
                groups = self._people.begin_groups(verdict, deadline)
            whole = await groups.outcome(deadline) if isinstance(groups, Flight) else groups
        return Authenticated(verdict.person.account, whole, "miss", spent, date)

    async def _from_memory(self, known: Known, spent: Spent, deadline: Deadline) -> Authenticated:
        groups = self._people.remembered_groups(known)
        if groups is None:
            with spent.waiting("groups"):
                groups = await self._people.groups_of(known, deadline)
        return Authenticated(known.person.account, groups, "hit", spent, known.person.password_date)

    async def _refused_at_once(self, known: Known, password: Secret, address: Address) -> Refused | None:
        """No search for each time that an old password comes, nor for each password that is not to be sent now."""
        mark, key = self._passwords.mark(known, password), known.person.account.unique_id
        told = self._passwords.judge(known, mark)
        if isinstance(told, Refusal):
            return self._refused_again(known, told)
        if told or self._passwords.wrong.get(key, mark) is not None:
            return None
        block = await self._budgets.blocked(address) or self._budgets.is_used_up(key, is_nobody=known.is_nobody)
        if block is None:
            return None
        self._passwords.tries(known, mark)
        self._passwords.tried(known, mark, answered=False)
        return Refused(Refusal.TOO_MANY_ATTEMPTS, _account(known), "miss", Spent(), block)

    def _refused_again(self, known: Known, why: Refusal) -> Refused:
        """Without asking anybody."""
        self._on_lookup("people", True)
        return self._refused(known, why, Spent())

    def _refused(self, known: Known, why: Refusal, spent: Spent) -> Refused:
        """By what is remembered of this password."""
        self._on_lookup("rejected", True)
        return Refused(why, _account(known), "hit", spent)


def _account(known: Known) -> Account | None:
    return None if known.is_nobody else known.person.account
