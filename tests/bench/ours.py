"""Logins through LdapClient: one process, one thread, many tasks, the connections of the default settings."""

import asyncio
import random
import time
from functools import cache
from types import TracebackType
from typing import NamedTuple, Self

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory.person import attributes
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import FilterTemplate, SearchRequest, SearchScope
from tests.support import many_people

from .place import Place

TASKS = 32
BLOCK_SECONDS = 0.8
FILTER = "(&(objectClass=inetOrgPerson)(|(uid={login})(mail={login})))"

_DEADLINE_SECONDS = 8.0


class Known(NamedTuple):
    """What somebody types, and the DN that must be found."""

    login: str
    password: bytes
    dn: str


@cache
def everyone() -> tuple[Known, ...]:
    """All people, made before anything is measured."""
    return tuple(
        Known(many_people.login(number), many_people.password(number).encode(), many_people.person_dn(number))
        for number in range(many_people.PEOPLE)
    )


class Ours:
    """A client that lives through all rounds, as in the bridge. A context manager."""

    def __init__(self, place: Place, *, tls: bool) -> None:
        self._runner = asyncio.Runner()
        self._runner.get_loop()
        self._parts = place.parts(tls=tls)
        self._client = self._parts.client
        self._base = place.slapd.base
        self._by_login = FilterTemplate.compile(FILTER)
        self.attributes = attributes(self._parts.settings.directory.options)
        self._chance = random.Random(1)  # noqa: S311 -- picks people, guards nothing
        self.cpu_microseconds = 0.0
        """Of the whole process, for each login of the last block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._parts.close())
        self._runner.close()

    def block(self) -> float:
        """Logins a second, over a fixed time."""
        return self._runner.run(self._logins())

    async def _logins(self) -> float:
        start, cpu = time.perf_counter(), time.process_time()
        counts = await asyncio.gather(*(self._one_after_the_other(start + BLOCK_SECONDS) for _ in range(TASKS)))
        done = sum(counts)
        self.cpu_microseconds = (time.process_time() - cpu) / done * 1e6
        return done / (time.perf_counter() - start)

    async def _one_after_the_other(self, end: float) -> int:
        done, people = 0, everyone()
        while time.perf_counter() < end:
            await self._login(self._chance.choice(people))
            done += 1
        return done

    async def _login(self, person: Known) -> None:
        deadline = Deadline.after(_DEADLINE_SECONDS)
        filter_ = self._by_login.fill(login=person.login.encode())
        request = SearchRequest(self._base, SearchScope.SUBTREE, filter_, self.attributes, size_limit=2)
        (entry,) = await self._client.search(request, deadline)
        groups = entry.texts("memberOf")
        result = await self._client.bind(entry.dn, Secret(person.password), deadline)
        if not result.ok or entry.dn != person.dn or len(groups) != many_people.GROUPS_EACH:
            raise RuntimeError(f"a login of {entry.dn} went wrong")
