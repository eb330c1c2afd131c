"""What is remembered of a login, with a clock in the test's hand and a directory that counts.

The real directories stand behind tests/conformance and tests/journeys; here time has to pass at will.
"""

import asyncio
from collections import Counter

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Authenticator, CacheTimes, Directory, LoginName, Person, Refused
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Account, Credentials, Group, Refusal, Secret
from ldap_token_bridge.ldap import BindResult, DirectoryDown, SearchFailed

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

    async def _ask(self, what: str) -> None:
        self.asked[what] += 1
        if self.slow is not None:
            await asyncio.sleep(self.slow)
        if what == "bind":
            self.clock.now += self.bind_takes
        if self.down:
            raise Unavailable("down")

    async def find(self, login: LoginName, deadline: Deadline) -> Person | None:
        del deadline
        await self._ask("find")
        return Person(self.account, self.state, (), True, "") if self.there and login.name.lower() == "alice" else None

    async def verify(self, person: Person, password: Secret, deadline: Deadline) -> BindResult:
        del person, deadline
        await self._ask("bind")
        if self.in_doubt:
            raise DirectoryDown(in_doubt=True)
        return self.answer or BindResult(0 if password.reveal() == self.password else 49, "")

    def nobody(self, login: LoginName) -> Person:
        return Person(Account("", f"CN=nobody-{login.name},DC=x", f"?{login.name.lower()}"), None, (), True, "")

    async def decoy(self, nobody: Person, password: Secret, deadline: Deadline) -> None:
        del password, deadline
        assert nobody.account.dn.startswith("CN=nobody-")
        await self._ask("bind")

    async def groups_of(self, person: Person, deadline: Deadline) -> tuple[Group, ...]:
        del deadline
        await self._ask("groups")
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


@pytest.fixture
def world() -> World:
    """With the default times."""
    return World()


async def test_a_second_login_asks_nothing(world: World) -> None:
    """Within their time, name, password and groups come from memory."""
    first = await world.login()
    assert isinstance(first, Authenticated)
    assert first.cache == "miss"
    assert world.asked == {"find": 1, "bind": 1, "groups": 1}
    second = await world.login()
    assert isinstance(second, Authenticated)
    assert (second.cache, second.account, second.groups) == ("hit", ALICE, first.groups)
    assert world.asked == {}


async def test_each_thing_is_remembered_for_its_own_time(world: World) -> None:
    """After a minute the password is asked for again, after five the groups and the account."""
    await world.login()
    world.clock.now += 61
    assert world.asked
    await world.login()
    assert world.asked == {"bind": 1}
    world.clock.now += 240
    await world.login()
    assert world.asked == {"find": 1, "bind": 1, "groups": 1}


async def test_a_wrong_password_costs_one_bind_a_minute(world: World) -> None:
    """Whatever spelling of the name it comes with."""
    for name in ("alice", "ALICE", "Alice", "alice"):
        refused = await world.login(name, b"stale")
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.WRONG_CREDENTIALS
    assert world.asked["bind"] == 1
    world.clock.now += 61
    await world.login(password=b"stale")
    assert world.asked["bind"] == 1


async def test_a_wrong_password_does_not_shut_out_the_right_one(world: World) -> None:
    """Nor does it take from memory what was proved."""
    await world.login()
    await world.login(password=b"wrong")
    assert world.asked["bind"] == 2
    assert isinstance(await world.login(), Authenticated)
    assert world.asked == {}


async def test_all_at_once_share_one_bind(world: World) -> None:
    """A hundred pipelines, one stale password, several spellings."""
    world.directory.slow = 0.01
    results = await asyncio.gather(*(world.login(name, b"stale") for name in ("alice", "ALICE") * 50))
    assert all(isinstance(result, Refused) for result in results)
    assert world.asked["bind"] == 1


async def test_different_passwords_do_not_share(world: World) -> None:
    """Who is right is let in while a hundred others are wrong."""
    world.directory.slow = 0.01
    results = await asyncio.gather(*(world.login(password=password) for password in (b"wrong", b"right", b"wrong")))
    assert [type(result) for result in results] == [Refused, Authenticated, Refused]
    assert world.asked["bind"] == 2


async def test_an_outage_is_not_remembered(world: World) -> None:
    """It is an error, and the next login asks again."""
    world.directory.down = True
    with pytest.raises(Unavailable):
        await world.login()
    world.directory.down = False
    assert isinstance(await world.login(), Authenticated)


async def test_a_result_that_does_not_concern_the_account_is_an_outage(world: World) -> None:
    """Result code 80 is neither a wrong password nor remembered as one."""
    world.directory.answer = BindResult(80, "")
    with pytest.raises(Unavailable):
        await world.login()
    world.directory.answer = None
    assert isinstance(await world.login(), Authenticated)


async def test_only_result_49_is_remembered(world: World) -> None:
    """OpenLDAP's success that is good for changing the password only is a refusal, and asked again the next time."""
    world.directory.answer = BindResult(0, "", policy_error=2)
    for _ in range(2):
        refused = await world.login()
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.MUST_CHANGE_PASSWORD
    assert world.asked["bind"] == 2


async def test_a_name_that_passed_to_someone_else(world: World) -> None:
    """Between two look-ups of one login: neither the one's account with the other's groups, nor any login."""
    world.directory.state = Refusal.ACCOUNT_DISABLED
    assert isinstance(await world.login(), Refused)
    world.clock.now += 61
    world.directory.state = None
    world.directory.account = Account("alice", "CN=someone else,DC=x", "id-other")
    refused = await world.login()
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.WRONG_CREDENTIALS


async def test_a_password_that_was_not_answered_is_held_back(world: World) -> None:
    """A slow directory may have counted it; clients that try again at once must not lock the account."""
    world.directory.in_doubt = True
    for seconds in (0, 1, 5):
        world.clock.now += seconds
        with pytest.raises(Unavailable):
            await world.login(password=b"stale")
    assert world.asked["bind"] == 1
    world.directory.in_doubt = False
    assert isinstance(await world.login(), Authenticated), "another password is not held back"
    world.clock.now += 5
    assert isinstance(await world.login(password=b"stale"), Refused)
    world.directory.in_doubt = True
    world.clock.now += 61
    binds = 0
    for _ in range(300):
        world.clock.now += 1
        with pytest.raises(Unavailable):
            await world.login(password=b"stale")
    binds += world.asked["bind"]
    assert binds - 2 <= 4, "tries in five minutes stay below a threshold of five"


async def test_a_disabled_account_is_out_within_the_groups_time(world: World) -> None:
    """Though its password was proved a moment ago."""
    world = World(CacheTimes(credentials=3600, groups=300, rejected=60, max_accounts=100))
    await world.login()
    world.directory.state = Refusal.ACCOUNT_DISABLED
    assert isinstance(await world.login(), Authenticated)
    world.clock.now += 301
    refused = await world.login()
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.ACCOUNT_DISABLED


async def test_a_deleted_account_is_out_within_the_groups_time() -> None:
    """It is then a name that is nobody's."""
    world = World(CacheTimes(credentials=3600, groups=300, rejected=60, max_accounts=100))
    await world.login()
    world.directory.there = False
    world.clock.now += 301
    refused = await world.login()
    assert isinstance(refused, Refused)
    assert refused.account is None


async def test_the_directorys_refusal_takes_back_what_was_proved(world: World) -> None:
    """Someone tries a wrong password on an account that was locked: the right one is out at once."""
    await world.login()
    world.directory.answer = BindResult(49, "data 775, v2580")
    await world.login(password=b"wrong")
    refused = await world.login()
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.ACCOUNT_LOCKED


async def test_the_entrys_state_counts_beside_the_bind(world: World) -> None:
    """A directory that lets a disabled account bind does not let it in."""
    world.directory.state = Refusal.ACCOUNT_DISABLED
    refused = await world.login()
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.ACCOUNT_DISABLED


async def test_a_state_that_is_over_does_not_shut_out(world: World) -> None:
    """A state in memory is read again after a bind that succeeded."""
    world.directory.state = Refusal.MUST_CHANGE_PASSWORD
    assert isinstance(await world.login(), Refused)
    world.directory.state = None
    assert isinstance(await world.login(), Authenticated)


async def test_another_spelling_after_an_unlock(world: World) -> None:
    """Neither spelling stays shut out by what was read while the account was locked."""
    world.directory.state = Refusal.ACCOUNT_LOCKED
    assert isinstance(await world.login("alice"), Refused)
    assert isinstance(await world.login("ALICE@corp", b"right"), Refused)
    world.directory.state = None
    assert isinstance(await world.login("alice"), Authenticated)
    assert isinstance(await world.login("Alice"), Authenticated)


async def test_groups_are_never_older_than_their_time() -> None:
    """Also where they stand in the person's own entry: entry and groups are read anew together."""
    world = World(CacheTimes(credentials=3600, groups=300, rejected=60, max_accounts=100))
    await world.login()
    world.clock.now += 299
    await world.login()
    world.directory.group_list = ()
    world.clock.now += 2
    answer = await world.login()
    assert isinstance(answer, Authenticated)
    assert answer.groups == ()
    assert world.asked == {"find": 2, "bind": 1, "groups": 2}


WRONG = (
    # name as typed, password, seconds that passed before
    ("{}", b"one", 0),
    ("{}", b"one", 1),
    ("{}", b"two", 1),
    ("{}", b"one", 70),
    ("{}", b"three", 1),
    ("{}", b"four", 240),
    ("{}", b"four", 1),
)


async def _asked_by(world: World, name: str, times: CacheTimes) -> list[dict[str, int]]:
    """What each of the attempts in WRONG asked of the directory."""
    world = World(times)
    asked = []
    for form, password, seconds in WRONG:
        world.clock.now += seconds
        refused = await world.login(form.format(name), password)
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.WRONG_CREDENTIALS
        await asyncio.sleep(0)  # what goes on beside the bind
        asked.append(world.asked)
    return asked


@pytest.mark.parametrize("state", [None, Refusal.ACCOUNT_DISABLED])
async def test_a_strange_name_costs_what_a_wrong_password_costs(world: World, state: Refusal | None) -> None:
    """The same questions in every attempt, first and repeated, whatever the account's state; none where memory answers.

    But for one: beside the bind a search tells once a minute whether there is someone by that name by now.
    """
    world.directory.state = state
    known = await _asked_by(world, "alice", TIMES)
    strange = await _asked_by(world, "nobody", TIMES)
    assert strange[3].pop("find") == 1
    assert known == strange
    assert known == [
        {"find": 1, "bind": 1, "groups": 1},
        {},
        {"bind": 1},
        {"bind": 1},
        {"bind": 1},
        {"find": 1, "bind": 1, "groups": 1},
        {},
    ]


async def test_a_strange_name_costs_the_same_with_caches_off(world: World) -> None:
    """Everything is asked each time, for either."""
    times = CacheTimes(0, 0, 0, 100)
    assert await _asked_by(world, "alice", times) == await _asked_by(world, "nobody", times)


async def test_an_account_that_came_into_being_gets_in(world: World) -> None:
    """As soon as the time of refusals is over, in the very attempt that asks again."""
    world.directory.there = False
    assert isinstance(await world.login(), Refused)
    world.directory.there = True
    assert isinstance(await world.login(), Refused)
    world.clock.now += 61
    answer = await world.login()
    assert isinstance(answer, Authenticated)
    assert world.asked == {"find": 2, "bind": 3, "groups": 2}


async def test_a_flood_of_strange_names_pushes_nobody_out() -> None:
    """What is remembered of people and of made-up names is bounded apart."""
    world = World(CacheTimes(credentials=60, groups=300, rejected=60, max_accounts=10))
    await world.login()
    for number in range(100):
        await world.login(f"nobody-{number}", b"guess")
    world.directory.asked.clear()
    assert isinstance(await world.login(), Authenticated)
    assert world.asked == {}
    assert max(len(world.authenticator._nobodies), len(world.authenticator._rejected._refusals)) <= 10


async def test_groups_read_ahead_are_kept_though_the_password_was_wrong(world: World) -> None:
    """They come after the answer: the next attempt need not read them again."""
    world.directory.slow_groups = 0.02
    await world.login(password=b"wrong")
    await asyncio.sleep(0.05)
    assert isinstance(await world.login(), Authenticated)
    assert world.asked == {"find": 1, "bind": 2, "groups": 1}


async def test_a_refusal_of_nobody_takes_as_long_as_one_of_somebody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the bind of a wrong password took, by the clock, is waited for before a made-up name is refused."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    world.directory.bind_takes = 0.25
    await world.login(password=b"wrong")
    world.directory.bind_takes = 0.05
    monkeypatch.setattr("ldap_token_bridge.directory.authenticator.asyncio.sleep", sleep)
    world.directory.slow = None
    await world.login("nobody", b"wrong")
    assert waited == [pytest.approx(0.2)]
    world.clock.now += 601
    await world.login("nobody else", b"wrong")
    assert waited[1:] == [0], "an old sample no longer counts"


@pytest.mark.parametrize("password", [b"", b"with\0nul", b"x" * 1025])
async def test_an_impossible_password_reaches_nobody(world: World, password: bytes) -> None:
    """Empty, with NUL, beyond a kilobyte: refused before anything is asked."""
    assert isinstance(await world.login(password=password), Refused)
    assert world.asked == {}


async def test_a_hung_directory_is_an_outage_at_the_deadline(world: World) -> None:
    """Each waiter ends at its own deadline."""
    world.directory.slow = 60
    with pytest.raises(Unavailable):
        await world.authenticator.login(Credentials("alice", Secret(b"right")), Deadline.after(0.05))
    await world.authenticator.close()


async def test_with_caches_off_everything_is_asked_each_time() -> None:
    """`off` means off."""
    world = World(CacheTimes(0, 0, 0, 100))
    await world.login()
    assert world.asked == {"find": 1, "bind": 1, "groups": 1}
    await world.login()
    assert world.asked == {"find": 1, "bind": 1, "groups": 1}


async def test_no_password_is_found_in_memory(world: World) -> None:
    """Neither in what is kept nor in what is returned."""
    answer = await world.login(password=b"right")
    wrong = await world.login(password=b"canary-in-memory")
    assert "canary" not in repr(wrong) + repr(answer) + repr(vars(world.authenticator))
