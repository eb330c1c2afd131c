r"""A login from end to end, with what may be remembered of it.

Remembered are, each for its own time: whom a name stands for and that person's groups (`groups`), which password was
proved (`credentials`), which one was refused and which name is nobody's (`rejected`). Keys are the directory's
immutable id, so that `ALICE`, `CORP\alice` and `alice@corp.example.com` share their entries. Only answers are
remembered, never an outage or a time-out.

A name that is nobody's goes through the same steps as a wrong password, with a person who does not exist in place of
the real one: the same look-ups, in the same order, remembered under the same rules.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ldap_token_bridge.cache import ExpiringCache, PasswordProofs, RejectedPasswords, SingleFlight
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Credentials, Group, Refusal, Secret
from ldap_token_bridge.ldap import DirectoryDown

from .directory import Directory
from .doubts import Doubts
from .login_name import LoginName, is_possible_password, parse_login_name
from .outcome import Authenticated, CacheTimes, Login, Refused, Spent
from .pace import Pace
from .person import Person

_INVALID_CREDENTIALS = 49

Lookup = Callable[[str, bool], None]


@dataclass(slots=True, eq=False)
class _Known:
    """A person as a search found it, and the groups once they were read. Both are forgotten together.

    Groups may stand in the person's own entry: kept apart, they could be read from an entry that is old already.
    """

    person: Person
    groups: tuple[Group, ...] | None = None
    is_nobody: bool = False
    look_again: float = 0.0  # a nobody: from when on a search is to tell whether there is someone by now


class Authenticator:
    """Answers logins, from memory where it may and from the directory otherwise."""

    def __init__(
        self,
        directory: Directory,
        times: CacheTimes,
        on_lookup: Lookup = lambda _cache, _hit: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_lookup` hears of every look-up in a cache; `clock` gives seconds and never goes back."""
        self._directory = directory
        self._on_lookup = on_lookup
        self._clock = clock
        self._recheck = times.rejected
        size = times.max_accounts
        self._people = ExpiringCache[str, _Known](size, times.groups, clock)
        # Apart from people, whom a flood of made-up names must not push out.
        self._nobodies = ExpiringCache[str, _Known](size, times.groups, clock)
        self._proofs = PasswordProofs(size, times.credentials, clock)
        self._rejected = RejectedPasswords[Refusal](size, times.rejected, clock)
        self._doubts = Doubts(size, clock)
        self._pace = Pace(clock)
        self._finding = SingleFlight[str, _Known]()
        self._verifying = SingleFlight[bytes, _Known | Refusal]()
        self._reading_groups = SingleFlight[_Known, tuple[Group, ...]]()

    async def login(self, credentials: Credentials, deadline: Deadline) -> Login:
        """Whether the credentials are right, and whose. Raises Unavailable if the directory cannot say."""
        name = parse_login_name(credentials.username)
        if name is None or not is_possible_password(credentials.password):
            return Refused(Refusal.WRONG_CREDENTIALS)
        try:
            return await self._login(name, credentials.password, deadline)
        except TimeoutError:
            raise Unavailable("the directory did not answer in time") from None

    async def close(self) -> None:
        """Give up what is under way."""
        for flight in (self._finding, self._verifying, self._reading_groups):
            await flight.close()

    async def _login(self, name: LoginName, password: Secret, deadline: Deadline) -> Login:
        spent = Spent()
        with spent.waiting("search"):
            known, is_fresh = await self._find(name, deadline)
        key = known.person.account.unique_id
        account = None if known.is_nobody else known.person.account
        rejected = self._rejected.get(key, password)
        self._on_lookup("rejected", rejected is not None)
        if rejected is not None:
            return Refused(rejected, account, "hit", spent)
        proved = self._proofs.holds(key, password) and known.person.state is None
        self._on_lookup("credentials", proved)
        if proved:
            with spent.waiting("groups"):
                groups = await self._groups_of(known, deadline)
            return Authenticated(known.person.account, groups, "hit", spent)
        # The groups are read while the bind is under way; if the password is wrong they wait for the right one.
        ahead = asyncio.ensure_future(self._groups_of(known, deadline))
        again = None if is_fresh else self._look_again(name, known, deadline)
        try:
            with spent.waiting("bind"):
                flight = self._rejected.flight_key(key, password)
                outcome = await self._verifying.run(
                    flight, lambda: self._verify(name, known, flight, password, deadline), deadline
                )
                if again and not (await again).is_nobody:
                    return await self._login(name, password, deadline)
            if isinstance(outcome, Refusal):
                return Refused(outcome, account, "miss", spent)
            with spent.waiting("groups"):
                groups = await (ahead if outcome is known else self._groups_of(outcome, deadline))
            return Authenticated(outcome.person.account, groups, "miss", spent)
        finally:
            _let_go(ahead)
            if again:
                _let_go(again)

    async def _find(self, name: LoginName, deadline: Deadline) -> tuple[_Known, bool]:
        """Who it is, or a nobody; and whether that was looked up just now."""
        known = self._people.get(name.key) or self._nobodies.get(name.key)
        self._on_lookup("people", known is not None)
        if known is not None:
            return known, False
        return await self._finding.run(name.key, lambda: self._look_up(name, deadline), deadline), True

    def _look_again(self, name: LoginName, known: _Known, deadline: Deadline) -> "asyncio.Future[_Known] | None":
        """Whether there is someone by now, asked beside the bind: one who waits cannot tell that it is asked."""
        if not known.is_nobody or self._clock() < known.look_again:
            return None
        return asyncio.ensure_future(self._finding.run(name.key, lambda: self._look_up(name, deadline), deadline))

    async def _look_up(self, name: LoginName, deadline: Deadline) -> _Known:
        person = await self._directory.find(name, deadline)
        if person is None:
            self._people.discard(name.key)
            nobody = self._nobodies.get(name.key)
            if nobody is None:
                nobody = _Known(self._directory.nobody(name), is_nobody=True)
                self._nobodies.put(name.key, nobody)
            nobody.look_again = self._clock() + self._recheck
            return nobody
        known = _Known(person)
        self._nobodies.discard(name.key)
        self._people.put(name.key, known)
        return known

    async def _verify(
        self, name: LoginName, known: _Known, flight: bytes, password: Secret, deadline: Deadline
    ) -> _Known | Refusal:
        """Ask the directory once, and remember its answer. Gives the person if the login is good."""
        self._doubts.refuse_for_now(flight)
        key = known.person.account.unique_id
        start = self._clock()
        try:
            if known.is_nobody:
                await self._directory.decoy(known.person, password, deadline)
                await asyncio.sleep(min(self._pace.missing(self._clock() - start), deadline.remaining() / 2))
                self._rejected.put(key, password, Refusal.WRONG_CREDENTIALS)
                return Refusal.WRONG_CREDENTIALS
            result = await self._directory.verify(known.person, password, deadline)
        except DirectoryDown as error:
            if error.in_doubt:
                self._doubts.add(flight)
            raise
        refusal = self._directory.refusal_of(known.person, result)
        if refusal is None:
            return await self._accept(name, known, key, password, deadline)
        if refusal is Refusal.WRONG_CREDENTIALS:
            self._pace.add(self._clock() - start)
        else:
            self._proofs.forget(key)  # a disabled or locked account is out at once, not when its time is over
        if result.code == _INVALID_CREDENTIALS:
            self._rejected.put(key, password, refusal)
        return refusal

    async def _accept(
        self, name: LoginName, known: _Known, key: str, password: Secret, deadline: Deadline
    ) -> _Known | Refusal:
        """The directory took the password; the entry's own state counts, too."""
        # What was read before the bind may be over: a lock that ran out, a password just changed.
        current = known if known.person.state is None else await self._look_up(name, deadline)
        # The name may have passed to someone else meanwhile: then this is nobody's login.
        if current.person.account.unique_id != key:
            return Refusal.WRONG_CREDENTIALS
        if current.person.state is not None:
            return current.person.state
        self._proofs.remember(key, password)
        return current

    async def _groups_of(self, known: _Known, deadline: Deadline) -> tuple[Group, ...]:
        self._on_lookup("groups", known.groups is not None)
        if known.groups is not None:
            return known.groups
        return await self._reading_groups.run(known, lambda: self._read_groups(known, deadline), deadline)

    async def _read_groups(self, known: _Known, deadline: Deadline) -> tuple[Group, ...]:
        """Kept even if whoever asked has gone: the next one need not ask again."""
        try:
            known.groups = await self._directory.groups_of(known.person, deadline)
        except Unavailable as error:
            if not known.is_nobody or isinstance(error, DirectoryDown):
                raise
            known.groups = ()  # there is no such entry, as was to be expected
        return known.groups


def _let_go(task: "asyncio.Future[Any]") -> None:
    """Cancels what is no longer needed; an error that came of it matters to nobody, and asyncio shall not complain."""
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()
