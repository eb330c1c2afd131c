"""Who is meant by a name, what groups they are in, and what is remembered of both."""

import time
from collections.abc import Callable
from functools import lru_cache

from ldap_token_bridge.cache import ExpiringCache, Flight, Patience, Relay, SingleFlight
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import DirectoryDown
from ldap_token_bridge.values import dataclass

from .directory import Directory
from .login_name import LoginName
from .outcome import CacheTimes
from .person import Person
from .replicas import Replicas
from .seen import Seen

Lookup = Callable[[str, bool], None]
# Groups that many people are in stand in memory once: each is a few hundred octets, and people are in dozens.
_once = lru_cache(65_536)(lambda group: group)
_LONGEST_SHARED = 1024  # characters of the names; longer ones are not kept, for a hostile directory could send many


@dataclass(slots=True, eq=False)
class Known:
    """A person as a search found it, and the groups once they were read. Both are forgotten together.

    Groups may stand in the person's own entry: kept apart, they could be read from an entry that is old already.
    """

    person: Person
    groups: tuple[Group, ...] | None = None
    is_nobody: bool = False
    look_again: float = 0.0  # a nobody: from when on a search is to tell whether there is someone by now
    login: str = ""  # how other bridges find the same person; empty: not at all
    looked_at: float = 0.0
    is_new: bool = False  # a search was made for this name, and nobody has answered for it yet


class People:
    """Memory first, then other bridges, then the directory. `on_found` hears of every look-up, None is a nobody."""

    def __init__(
        self,
        directory: Directory,
        times: CacheTimes,
        replicas: Replicas,
        on_lookup: Lookup = lambda _cache, _hit: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_lookup` hears of every look-up in a cache; `clock` gives seconds and never goes back."""
        self.on_found: Callable[[str, Person | None], None] = lambda _login, _person: None
        self._directory = directory
        self._replicas = replicas
        self._on_lookup = on_lookup
        self._clock = clock
        self._recheck = times.rejected
        size = times.max_accounts
        self._people = ExpiringCache[str, Known](size, times.groups, clock)
        # Apart from people, whom a flood of made-up names must not push out.
        self._nobodies = ExpiringCache[str, Known](size, times.groups, clock)
        self._recalled = ExpiringCache[str, Known](size, min(times.credentials, times.groups), clock)
        self._finding = Relay[str, Known]()
        self._looking_again = SingleFlight[str, Known]()
        self._recollecting = SingleFlight[str, Known | None]()
        self._recalling = SingleFlight[str, Known | None]()
        self._reading_groups = SingleFlight[Known, tuple[Group, ...]]()

    def forget(self, account: str | None) -> None:
        """Remember nothing more of an account, by its immutable id, or of anybody."""
        for cache in (self._people, self._nobodies, self._recalled):
            if account is None:
                cache.clear()
            else:
                cache.discard_if(lambda _, known: known.person.account.unique_id == account)

    def ids_named(self, name: LoginName) -> frozenset[str]:
        """The ids of all accounts that are remembered under this name, whatever was typed for it."""
        return frozenset(
            known.person.account.unique_id
            for memory in (self._people, self._nobodies, self._recalled)
            for typed, known in memory.items()
            if typed == name.key or known.person.account.name.lower() == name.name.lower()
        )

    async def close(self) -> None:
        """Give up what is under way."""
        for flight in (self._looking_again, self._recollecting, self._recalling, self._reading_groups):
            await flight.close()

    def __len__(self) -> int:
        return len(self._people) + len(self._nobodies) + len(self._recalled)

    async def recall(self, name: str, unique_id: str, deadline: Deadline) -> tuple[Known | None, bool]:
        """The account of that name, and whether it was remembered; None if there is none with that id any more."""
        known = self._recalled.get(unique_id)
        is_remembered = known is not None
        self._on_lookup("recalled", is_remembered)
        if known is None or known.person.account.name != name:
            known = await self._recalling.run(
                f"{unique_id}\0{name}", lambda: self._look_up_account(name, deadline), deadline
            )
        return (None if known is None or known.person.account.unique_id != unique_id else known), is_remembered

    def remembered(self, name: LoginName) -> Known | None:
        """Whom this bridge remembers under the name."""
        key = name.key
        return self._people.get(key) or self._nobodies.get(key)

    def answer_for(self, name: LoginName) -> bool:
        """Whether a search for this name is still to be counted: true once for each, though many waited for it."""
        known = self.remembered(name)
        is_new = known is not None and known.is_new
        if known is not None:
            known.is_new = False
        return is_new

    async def find(self, name: LoginName, deadline: Deadline, patience: Patience, *, anew: bool) -> tuple[Known, bool]:
        """Who it is, or a nobody, where this bridge remembers nobody; and whether that was looked up just now."""
        known = None
        if not anew and self._replicas.exist:
            known = await self._recollecting.run(name.key, lambda: self._recollect(name, patience), deadline)
        if known is not None:
            return known, False
        return await self._finding.run(name.key, lambda: self.look_up(name, deadline), deadline), True

    async def _recollect(self, name: LoginName, patience: Patience) -> Known | None:
        """Whom another bridge has found under this name."""
        seen = await self._replicas.person(name.key, patience)
        if seen is None:
            return None
        now = self._clock()
        known = Known(seen.person, _shared(seen.groups), seen.is_nobody, looked_at=now - seen.age)
        known.look_again = known.looked_at + self._recheck
        if self.remembered(name) is None:
            (self._nobodies if seen.is_nobody else self._people).put(name.key, known, seen.age)
        return known

    def look_again(self, name: LoginName, known: Known, deadline: Deadline) -> Flight[Known] | None:
        """Whether there is someone by now, asked beside the bind: one who waits cannot tell that it is asked."""
        if not known.is_nobody or self._clock() < known.look_again:
            return None
        return self._looking_again.begin(name.key, lambda: self.look_up(name, deadline))

    async def look_up(self, name: LoginName, deadline: Deadline) -> Known:
        """Whom the directory has under the name now."""
        person, key = await self._directory.find(name, deadline), name.key
        if person is None:
            self._people.discard(key)
            nobody = self._nobodies.get(key)
            if nobody is None:
                nobody = Known(
                    self._directory.nobody(name), is_nobody=True, login=key, looked_at=self._clock(), is_new=True
                )
                self._nobodies.put(key, nobody)
            nobody.look_again = self._clock() + self._recheck
            self.on_found(key, None)
            return nobody
        known = Known(person, login=key, looked_at=self._clock(), is_new=True)
        self._nobodies.discard(key)
        self._people.put(key, known)
        self.on_found(key, person)
        return known

    async def _look_up_account(self, name: str, deadline: Deadline) -> Known | None:
        person = await self._directory.find_account(name, deadline)
        if person is None:
            return None
        known = Known(person)
        self._recalled.put(person.account.unique_id, known)
        return known

    def remembered_groups(self, known: Known) -> tuple[Group, ...] | None:
        """All groups of a person, if they were read since the person was looked up."""
        if known.groups is not None:
            self._on_lookup("groups", True)
        return known.groups

    async def groups_of(self, known: Known, deadline: Deadline) -> tuple[Group, ...]:
        """All groups of a person, of the time of the look-up."""
        groups = self.begin_groups(known, deadline)
        return await groups.outcome(deadline) if isinstance(groups, Flight) else groups

    def begin_groups(self, known: Known, deadline: Deadline) -> tuple[Group, ...] | Flight[tuple[Group, ...]]:
        """The same, if nobody need be asked; else the reading of them, which has begun."""
        groups = self.remembered_groups(known)
        if groups is not None:
            return groups
        self._on_lookup("groups", False)
        try:
            groups = self._directory.groups_at_once(known.person)
        except Unavailable:
            groups = None  # it is told to who waits for groups, and that is nobody whose password is wrong
        if groups is not None:
            return self._keep_groups(known, groups)
        return self._reading_groups.begin(known, lambda: self._read_groups(known, deadline))

    async def _read_groups(self, known: Known, deadline: Deadline) -> tuple[Group, ...]:
        """Kept even if whoever asked has gone: the next one need not ask again."""
        if known.groups is not None:
            return known.groups  # told at once to somebody else before this began: `person` leads to none any more
        try:
            groups = _shared(await self._directory.groups_of(known.person, deadline))
        except Unavailable as error:
            if not known.is_nobody or isinstance(error, DirectoryDown):
                raise
            groups = ()  # there is no such entry, as was to be expected
        return self._keep_groups(known, groups)

    def _keep_groups(self, known: Known, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        known.groups = groups
        known.person = known.person.without_groups()
        if known.login and self._replicas.exist:
            age = self._clock() - known.looked_at
            self._replicas.keep_person(known.login, Seen(known.person, groups, known.is_nobody, age))
        return groups


def _shared(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    return tuple([_once(group) if len(group.dn) + len(group.via) <= _LONGEST_SHARED else group for group in groups])
