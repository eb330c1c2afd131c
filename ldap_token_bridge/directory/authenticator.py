r"""A login from end to end, with what may be remembered of it.

Remembered are, each for its own time: whom a name stands for and that person's groups (`groups`), which password was
proved (`credentials`), which one was refused and which name is nobody's (`rejected`). Keys are the directory's
immutable id, so that `ALICE`, `CORP\alice` and `alice@corp.example.com` share their entries. Only answers are
remembered, never an outage or a time-out.
"""

import asyncio
import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from ldap_token_bridge.cache import ExpiringCache, PasswordProofs, RejectedPasswords, SingleFlight
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Account, Credentials, Group, Refusal, Secret
from ldap_token_bridge.ldap import DirectoryDown

from .directory import Directory
from .doubts import Doubts
from .login_name import LoginName, parse_login_name
from .person import Person

# slapd drops the connection on a password of a megabyte; no directory holds one of a kilobyte.
MAX_PASSWORD_BYTES = 1024
_INVALID_CREDENTIALS = 49

CacheState = Literal["hit", "miss"]
Lookup = Callable[[str, bool], None]


@dataclass(frozen=True, slots=True)
class CacheTimes:
    """How long things are remembered, in seconds; 0 means not at all."""

    credentials: float
    groups: float
    rejected: float
    max_accounts: int


@dataclass(slots=True)
class Spent:
    """Milliseconds that a login waited in each stage; 0 where memory answered."""

    search: float = 0.0
    bind: float = 0.0
    groups: float = 0.0

    @contextmanager
    def waiting(self, stage: Literal["search", "bind", "groups"]) -> Iterator[None]:
        """Add the time within the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            setattr(self, stage, getattr(self, stage) + (time.perf_counter() - start) * 1000)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The password was right and nothing speaks against the account."""

    account: Account
    groups: tuple[Group, ...]
    cache: CacheState
    spent: Spent


@dataclass(frozen=True, slots=True)
class Refused:
    """The login is refused; `account` is None if the name is nobody's."""

    reason: Refusal
    account: Account | None = None
    cache: CacheState = "miss"
    spent: Spent = field(default_factory=Spent)


Login = Authenticated | Refused


@dataclass(slots=True, eq=False)
class _Known:
    """A person as a search found it, and the groups once they were read. Both are forgotten together.

    Groups may stand in the person's own entry: kept apart, they could be read from an entry that is old already.
    """

    person: Person
    groups: tuple[Group, ...] | None = None


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
        size = times.max_accounts
        self._people = ExpiringCache[str, _Known](size, times.groups, clock)
        self._strangers = ExpiringCache[str, bool](size, times.rejected, clock)
        self._proofs = PasswordProofs(size, times.credentials, clock)
        self._rejected = RejectedPasswords[Refusal](size, times.rejected, clock)
        self._doubts = Doubts(size, clock)
        self._finding = SingleFlight[str, _Known | None]()
        self._verifying = SingleFlight[bytes, _Known | Refusal]()
        self._reading_groups = SingleFlight[_Known, tuple[Group, ...]]()

    async def login(self, credentials: Credentials, deadline: Deadline) -> Login:
        """Whether the credentials are right, and whose. Raises Unavailable if the directory cannot say."""
        name = parse_login_name(credentials.username)
        if name is None or not _is_possible(credentials.password):
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
            known = await self._find(name, deadline)
        # A name that is nobody's goes the same way under a key of its own, so that nothing tells them apart.
        key = known.person.account.unique_id if known else f"?{name.key}"
        account = known.person.account if known else None
        rejected = self._rejected.get(key, password)
        self._on_lookup("rejected", rejected is not None)
        if rejected is not None:
            return Refused(rejected, account, "hit", spent)
        proved = known is not None and known.person.state is None and self._proofs.holds(key, password)
        self._on_lookup("credentials", proved)
        if known and proved:
            with spent.waiting("groups"):
                groups = await self._groups_of(known, deadline)
            return Authenticated(known.person.account, groups, "hit", spent)
        # The groups are read while the bind is under way; if the password is wrong they wait for the right one.
        ahead = asyncio.ensure_future(self._groups_of(known, deadline)) if known and not known.person.state else None
        try:
            with spent.waiting("bind"):
                flight = self._rejected.flight_key(key, password)
                outcome = await self._verifying.run(
                    flight, lambda: self._verify(name, known, flight, password, deadline), deadline
                )
            if isinstance(outcome, Refusal):
                return Refused(outcome, account, "miss", spent)
            with spent.waiting("groups"):
                groups = await (ahead or self._groups_of(outcome, deadline))
            return Authenticated(outcome.person.account, groups, "miss", spent)
        finally:
            if ahead and not ahead.done():
                ahead.cancel()
            elif ahead and not ahead.cancelled():
                ahead.exception()  # taken up, so that asyncio does not complain of an error that no longer matters

    async def _find(self, name: LoginName, deadline: Deadline) -> _Known | None:
        known = self._people.get(name.key)
        stranger = known is None and self._strangers.get(name.key) is not None
        self._on_lookup("people", known is not None or stranger)
        if known is not None or stranger:
            return known
        return await self._finding.run(name.key, lambda: self._look_up(name, deadline), deadline)

    async def _look_up(self, name: LoginName, deadline: Deadline) -> _Known | None:
        person = await self._directory.find(name, deadline)
        if person is None:
            self._people.discard(name.key)
            self._strangers.put(name.key, True)
            return None
        known = _Known(person)
        self._people.put(name.key, known)
        return known

    async def _verify(
        self, name: LoginName, known: _Known | None, flight: bytes, password: Secret, deadline: Deadline
    ) -> _Known | Refusal:
        """Ask the directory once, and remember its answer. Gives the person if the login is good."""
        self._doubts.refuse_for_now(flight)
        try:
            if known is None:
                await self._directory.decoy(deadline)
                self._rejected.put(f"?{name.key}", password, Refusal.WRONG_CREDENTIALS)
                return Refusal.WRONG_CREDENTIALS
            result = await self._directory.verify(known.person, password, deadline)
        except DirectoryDown as error:
            if error.in_doubt:
                self._doubts.add(flight)
            raise
        key = known.person.account.unique_id
        refusal = self._directory.refusal_of(known.person, result)
        if refusal is None:
            return await self._accept(name, known, key, password, deadline)
        if refusal is not Refusal.WRONG_CREDENTIALS:
            self._proofs.forget(key)  # a disabled or locked account is out at once, not when its time is over
        if result.code == _INVALID_CREDENTIALS:
            self._rejected.put(key, password, refusal)
        return refusal

    async def _accept(
        self, name: LoginName, known: _Known, key: str, password: Secret, deadline: Deadline
    ) -> _Known | Refusal:
        """The directory took the password; the entry's own state counts, too."""
        current: _Known | None = known
        if known.person.state is not None:
            # What was read before the bind may be over: a lock that ran out, a password just changed.
            current = await self._look_up(name, deadline)
        # The name may have passed to someone else meanwhile: then this is nobody's login.
        if current is None or current.person.account.unique_id != key:
            return Refusal.WRONG_CREDENTIALS
        if current.person.state is not None:
            return current.person.state
        self._proofs.remember(key, password)
        return current

    async def _groups_of(self, known: _Known, deadline: Deadline) -> tuple[Group, ...]:
        self._on_lookup("groups", known.groups is not None)
        if known.groups is None:
            work = functools.partial(self._directory.groups_of, known.person, deadline)
            known.groups = await self._reading_groups.run(known, work, deadline)
        return known.groups


def _is_possible(password: Secret) -> bool:
    """An empty password would be an unauthenticated bind, which succeeds (RFC 4513 section 5.1.2)."""
    value = password.reveal()
    return 0 < len(value) <= MAX_PASSWORD_BYTES and b"\0" not in value
