"""A directory that counts what it is asked, and an authenticator before it, with the time in the test's hand."""

import asyncio
from collections import Counter

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Authenticator, CacheTimes, Directory, LoginName, Person, Refused
from ldap_token_bridge.identity import Account, Credentials, Group, Refusal, Secret
from ldap_token_bridge.ldap import BindGivenUp, BindResult, DirectoryDown, SearchFailed

ALICE = Account("alice", "CN=alice,DC=x", "id-alice")
TIMES = CacheTimes(credentials=60, groups=300, rejected=60, max_accounts=100)


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class CountingDirectory(Directory):
    """One account with a password, a state and groups; counts what it is asked. `down` makes it fail."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.password = b"right"
        self.password_date = "133"
        self.state: Refusal | None = None
        self.there = True
        self.down = False
        self.answer: BindResult | None = None
        self.group_list: tuple[Group, ...] = (Group("CN=g,DC=x"),)
        self.slow: float | None = 0.0  # None: not even a turn of the loop
        self.slow_groups = 0.0
        self.clock = Clock()
        self.bind_takes = 0.0
        self.account = ALICE
        self.in_doubt = False
        self.is_sent = True  # a bind that is cancelled

    async def _ask(self, what: str, deadline: Deadline) -> None:
        self.asked[what] += 1
        if self.slow is not None:
            try:
                async with asyncio.timeout_at(deadline.at):
                    await asyncio.sleep(self.slow)
            except TimeoutError:
                raise DirectoryDown(in_doubt=what == "bind") from None
            except asyncio.CancelledError:
                if what == "bind" and self.is_sent:
                    raise BindGivenUp from None
                raise
        if what == "bind":
            self.clock.now += self.bind_takes
        if self.down:
            raise DirectoryDown

    async def find(self, login: LoginName, deadline: Deadline) -> Person | None:
        await self._ask("find", deadline)
        return self._person() if self.there and login.name.lower() == "alice" else None

    async def find_account(self, name: str, deadline: Deadline) -> Person | None:
        await self._ask("find", deadline)
        return self._person() if self.there and name == self.account.name else None

    def _person(self) -> Person:
        return Person(self.account, self.state, (), True, "", password_date=self.password_date)

    async def verify(self, person: Person, password: Secret, deadline: Deadline) -> BindResult:
        del person
        await self._ask("bind", deadline)
        if self.in_doubt:
            raise DirectoryDown(in_doubt=True)
        return self.answer or BindResult(0 if password.reveal() == self.password else 49, "")

    def nobody(self, login: LoginName) -> Person:
        account = Account("", f"CN=nobody-{login.name},DC=x", f"?{login.name.lower()}")
        return Person(account, None, (), True, "", password_date="?")

    async def decoy(self, nobody: Person, password: Secret, deadline: Deadline) -> None:
        del password
        assert nobody.account.dn.startswith("CN=nobody-")
        await self._ask("bind", deadline)

    def groups_at_once(self, person: Person) -> None:
        del person

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        await self._ask("groups", deadline)
        if self.slow_groups:
            await asyncio.sleep(self.slow_groups)
        if not person.account.name:
            raise SearchFailed(32, "")
        return self.group_list


class World:
    """A directory, a clock, and an authenticator before them."""

    def __init__(self, times: CacheTimes = TIMES) -> None:
        self.directory = CountingDirectory()
        self.clock = self.directory.clock
        self.authenticator = Authenticator(self.directory, times, clock=self.clock)

    async def login(self, name: str = "alice", password: bytes = b"right") -> Authenticated | Refused:
        return await self.authenticator.login(Credentials(name, Secret(password)), Deadline.after(5))

    @property
    def asked(self) -> dict[str, int]:
        """What the directory was asked since the last look."""
        asked = dict(self.directory.asked)
        self.directory.asked.clear()
        return asked
