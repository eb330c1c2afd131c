"""How the budgets bear on logins: which bind counts, who is refused without one, and what still works meanwhile."""

import asyncio
from ipaddress import IPv4Address

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Authenticator, CacheTimes, Login, Refused
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.guard import Block, Budget, Budgets
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from ldap_token_bridge.ldap import BindResult
from tests.support.budgets import in_memory
from tests.support.counting_directory import TIMES, CountingDirectory

HERE = IPv4Address("192.0.2.1")
ACCOUNT, ADDRESS = Budget(3, 900), Budget(100, 60)
WRONG, BLOCKED = Refusal.WRONG_CREDENTIALS, Refusal.TOO_MANY_ATTEMPTS


class World:
    """A directory that counts what it is asked, with budgets before it."""

    def __init__(
        self, account: Budget | None = ACCOUNT, address: Budget | None = ADDRESS, times: CacheTimes = TIMES
    ) -> None:
        self.directory = CountingDirectory()
        self.clock = self.directory.clock
        budgets = in_memory(account, address, 100, self.clock)
        self.authenticator = Authenticator(self.directory, times, clock=self.clock, budgets=budgets)

    async def login(
        self, password: bytes | str = b"right", name: str = "alice", address: IPv4Address = HERE, *, anew: bool = False
    ) -> Login:
        credentials = Credentials(name, Secret(password.encode() if isinstance(password, str) else password))
        return await self.authenticator.login(credentials, Deadline.after(5), address, anew=anew)

    async def reason(self, password: bytes | str, name: str = "alice", address: IPv4Address = HERE) -> str:
        login = await self.login(password, name, address)
        return login.reason if isinstance(login, Refused) else "in"

    @property
    def binds(self) -> int:
        """How many there were since the last look."""
        return self.directory.asked.pop("bind", 0)

    def minutes(self, number: float) -> None:
        """Time goes by."""
        self.clock.now += number * 60


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_after_three_wrong_passwords_none_is_sent(name: str) -> None:
    """For a name that is nobody's just so, to the second; another account is not concerned."""
    world = World()
    for number in range(3):
        world.clock.now += 10
        assert await world.reason(f"wrong-{number}", name) == WRONG
    assert world.binds == 3
    world.clock.now += 10.5
    login = await world.login("wrong-3", name)
    assert isinstance(login, Refused) and login.block == Block("account", 890)
    assert await world.reason("right", name) == BLOCKED  # the price: nobody asks whether it is
    assert world.binds == 0
    assert await world.reason("wrong", "somebody-else") == WRONG


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_a_name_does_not_tell_whether_it_exists(name: str) -> None:
    """A long series of old and new passwords: the same answers, times to wait and binds for both."""

    async def told(name: str) -> list[object]:
        world, seen = World(), list[object]()
        for number in (0, 1, 0, 1, 2, 3, 0, 3, 4, 4, 5, 6, 0, 7):
            login = await world.login(f"wrong-{number}", name)
            assert isinstance(login, Refused)
            seen.append((login.reason, login.block, login.cache, world.binds))
            world.minutes(4)
        return seen

    assert await told(name) == await told("alice")


async def test_the_right_password_in_memory_works_during_a_block() -> None:
    """Also where it would be checked anew: it is not, and the answer says so."""
    world = World()
    assert await world.reason("right") == "in"
    for number in range(4):
        await world.login(f"wrong-{number}")
    assert await world.reason("wrong-4") == BLOCKED
    assert await world.reason("right") == "in"
    again = await world.login(anew=True)
    assert isinstance(again, Authenticated) and again.cache == "hit"
    world.minutes(2)
    assert await world.reason("right") == BLOCKED


async def test_a_block_ends_when_it_said() -> None:
    """Then the right password is let in, and the budget is whole again."""
    world = World()
    for number in range(3):
        await world.login(f"wrong-{number}")
    login = await world.login()
    assert isinstance(login, Refused) and login.block
    world.clock.now += login.block.retry_after
    assert await world.reason("right") == "in"
    assert [await world.reason(f"again-{number}") for number in range(4)] == [WRONG] * 3 + [BLOCKED]


async def test_one_old_password_everywhere_blocks_nobody() -> None:
    """It is sent once, and again after half an hour; the owner logs in with the new one all the while."""
    world = World()
    binds = 0
    for minute in range(60):
        assert await world.reason("old") == WRONG
        binds += world.binds
        if minute % 7 == 3:
            assert await world.reason("right") == "in"
            assert world.binds == 1
        world.minutes(1)
    assert binds == 2


async def test_a_password_that_was_wrong_and_is_right_now() -> None:
    """The directory tells that the password was changed, so it is asked again."""
    world = World()
    assert await world.reason("next") == WRONG
    world.directory.password, world.directory.password_date = b"next", "134"
    world.minutes(1.5)
    assert await world.reason("next") == "in"


async def test_where_no_date_is_told_a_wrong_password_is_sent_again() -> None:
    """As far as the budget goes; then it is known to be wrong, and others are told to wait."""
    world = World()
    world.directory.password_date = ""
    for _ in range(3):
        assert await world.reason("old") == WRONG
        world.minutes(1.5)
    assert world.binds == 3
    assert await world.reason("old") == WRONG
    assert await world.reason("new") == BLOCKED
    assert world.binds == 0


async def test_fifty_different_passwords_at_once() -> None:
    """No more binds than the budget has; the others are told to wait."""
    world = World()
    reasons = await asyncio.gather(*(world.reason(f"wrong-{number}") for number in range(50)))
    assert (reasons.count(WRONG), reasons.count(BLOCKED)) == (3, 47)
    assert world.binds == 3


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_an_outage_costs_nothing(name: str) -> None:
    """Nothing was sent, so nothing was counted."""
    world = World()
    await world.login("wrong", name)
    world.directory.down = True
    for number in range(5):
        with pytest.raises(Unavailable):
            await world.login(f"right-{number}", name)
    world.directory.down = False
    assert [await world.reason(f"wrong-{number}", name) for number in range(3)] == [WRONG, WRONG, BLOCKED]


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_a_bind_that_was_cancelled_counts_and_is_held_back(name: str) -> None:
    """The directory may have counted it; whoever waits for the same password does not send it again."""
    world = World()
    world.directory.slow = 0.5
    for number in range(3):
        asking = [asyncio.create_task(world.login(f"password-{number}", name)) for _ in range(2)]
        async with asyncio.timeout(5):
            while world.directory.asked["bind"] == number:  # noqa: ASYNC110 -- it is the directory's doing
                await asyncio.sleep(0.01)
        asking[0].cancel()
        await asyncio.wait(asking)
        assert asking[0].cancelled() and isinstance(asking[1].exception(), Unavailable)
    world.directory.slow = 0.0
    assert world.binds == 3
    assert await world.reason("right", name) == BLOCKED


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_a_bind_that_was_cancelled_in_line_does_not_count(name: str) -> None:
    """Nothing was sent: whoever waits for the same password has it sent now."""
    world = World()
    world.directory.slow, world.directory.is_sent = 0.2, False
    for number in range(4):
        password = "right" if name == "alice" else f"password-{number}"
        asking = [asyncio.create_task(world.login(password, name)) for _ in range(2)]
        async with asyncio.timeout(5):
            while world.directory.asked["bind"] <= 2 * number:  # noqa: ASYNC110 -- it is the directory's doing
                await asyncio.sleep(0.01)
        asking[0].cancel()
        await asyncio.wait(asking)
        assert asking[0].cancelled()
        assert asking[1].exception() is None
        world.clock.now += 1000
    assert world.binds == 8


async def test_an_answer_that_never_came_counts() -> None:
    """The directory may have counted it."""
    world = World()
    world.directory.in_doubt = True
    for number in range(3):
        with pytest.raises(Unavailable):
            await world.login(f"password-{number}")
    world.directory.in_doubt = False
    assert await world.reason("right") == BLOCKED


@pytest.mark.parametrize(
    "answer",
    [
        BindResult(49, "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 775, v4563"),
        BindResult(49, "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 532, v4563"),
        BindResult(49, "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 773, v4563"),
        BindResult(49, "", policy_error=0),
    ],
)
async def test_a_refusal_that_is_no_wrong_password_costs_nothing(answer: BindResult) -> None:
    """Locked, expired, to be changed: no directory counts it, and people need the answer."""
    world = World(times=CacheTimes(credentials=60, groups=300, rejected=0, max_accounts=100))
    world.directory.answer = answer
    reasons = [await world.reason("right") for _ in range(6)]
    assert set(reasons) & {WRONG, BLOCKED} == set()


async def test_an_answer_that_concerns_no_account_costs_nothing() -> None:
    """A server that is busy has held the password against nothing: when it is not, the account's owner is let in."""
    world = World()
    world.directory.answer = BindResult(51, "busy")
    for number in range(5):
        with pytest.raises(Unavailable):
            await world.login(f"password-{number}")
    world.directory.answer = None
    assert world.binds == 5
    assert await world.reason("right") == "in"


async def test_a_flood_of_strange_names_ends_no_block() -> None:
    """They are counted apart: who makes up names does not push an account's failures out of memory."""
    world = World(address=None)
    for number in range(3):
        assert await world.reason(f"wrong-{number}") == WRONG
    for number in range(101):  # one more than are counted of either
        assert await world.reason("wrong", f"nobody-{number}") == WRONG
    assert await world.reason("right") == BLOCKED


async def test_a_name_that_is_nobodys_has_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the directory says of the DN that was made up for it: who typed the name learns nothing by that."""
    world = World()
    monkeypatch.setattr(world.directory, "refusal_of", lambda _person, _result: Refusal.ACCOUNT_LOCKED)
    assert await world.reason("wrong") == Refusal.ACCOUNT_LOCKED
    assert await world.reason("wrong", "nobody") == WRONG


async def test_no_date_of_another_account_is_taken() -> None:
    """What one account was refused with says nothing about another."""
    world = World()
    await world.login("right", "nobody")
    assert await world.reason("right", "alice") == "in"


async def test_spraying_from_one_address() -> None:
    """Ten thousand passwords over a thousand accounts in a minute: a hundred binds, and hardly a search more."""
    world = World()
    for number in range(10_000):
        world.clock.now += 59 / 10_000
        reason = await world.reason(f"wrong-{number}", f"user-{number % 1000}")
        assert reason == (WRONG if number < 100 else BLOCKED)
    assert world.binds == 100
    assert world.directory.asked["find"] == 100


async def test_others_are_served_while_an_address_is_blocked() -> None:
    """From elsewhere at once; from there, what memory knows to be right."""
    world = World(address=Budget(2, 60))
    assert await world.reason("right") == "in"
    for name in ("x", "y"):
        await world.login("wrong", name)
    login = await world.login("wrong-2")
    assert isinstance(login, Refused) and login.block == Block("address", 60)
    assert await world.reason("right") == "in"
    assert await world.reason("wrong-3", address=IPv4Address("192.0.2.2")) == WRONG


async def test_one_wrong_password_many_times_is_one_failure_of_the_address() -> None:
    """A hundred pipelines behind one address with one old password shut nobody out there."""
    world = World(address=Budget(2, 60))
    reasons = await asyncio.gather(*(world.reason("old") for _ in range(100)))
    assert set(reasons) == {WRONG}
    for _ in range(30):
        assert await world.reason("old") == WRONG
        world.clock.now += 10
    assert await world.reason("right") == "in"


async def test_the_block_of_another_address_is_none_of_this_one() -> None:
    """Though both send the same password at the same moment, and share one bind."""
    world = World(address=Budget(1, 60))
    await world.login("wrong", "somebody")
    await world.login("wrong", address=IPv4Address("192.0.2.3"))  # alice is known, and the search over
    here, there = await asyncio.gather(world.reason("right"), world.reason("right", address=IPv4Address("192.0.2.2")))
    assert (here, there) == (BLOCKED, "in")


async def test_who_was_found_while_the_budget_was_asked_is_not_looked_up_again() -> None:
    """The budget may be a store's, and answer some of a storm later than the directory has answered others."""
    world, go_on = World(), asyncio.Event()

    class SlowElsewhere(Budgets):
        async def blocked(self, address: object) -> Block | None:
            if address != HERE:
                await go_on.wait()
            return None

    world.authenticator = Authenticator(world.directory, TIMES, clock=world.clock, budgets=SlowElsewhere())
    waiting = asyncio.ensure_future(world.login(address=IPv4Address("192.0.2.2")))
    await asyncio.sleep(0)
    first = await world.login()
    go_on.set()
    second = await waiting
    assert isinstance(first, Authenticated)
    assert isinstance(second, Authenticated)
    assert second.cache == "hit"
    assert dict(world.directory.asked) == {"find": 1, "bind": 1, "groups": 1}


async def test_guessing_on_memory_ends() -> None:
    """An address that is blocked learns of few passwords whether they are remembered as right; the owner binds on."""
    world, elsewhere = World(address=Budget(2, 60)), IPv4Address("192.0.2.2")
    assert await world.reason("right", address=elsewhere) == "in"
    for name in ("x", "y"):
        await world.login("wrong", name)
    for number in range(50):
        assert await world.reason(f"guess-{number}") == BLOCKED
    assert await world.reason("right") == BLOCKED
    assert world.binds == 3
    for _ in range(2):  # not remembered, or the guesses went on
        assert await world.reason("right", address=elsewhere) == "in"
        assert await world.reason("right") == BLOCKED
        assert world.binds == 1
    world.minutes(61)
    assert await world.reason("right", address=elsewhere) == "in"
    assert await world.reason("right") == "in"
    assert world.binds == 1


async def test_guessing_on_memory_ends_during_a_block_of_the_account() -> None:
    """Then its owner waits as everybody; one wrong password that is sent again and again is one guess."""
    world = World()
    assert await world.reason("right") == "in"
    for number in range(3):
        await world.login(f"wrong-{number}")
    for _ in range(50):
        assert await world.reason("the same") == BLOCKED
    assert await world.reason("right") == "in"
    for number in range(4):
        assert await world.reason(f"guess-{number}") == BLOCKED
    assert await world.reason("right") == BLOCKED


async def test_guessing_on_memory_ends_during_an_outage() -> None:
    """Who waits for the directory has used up a guess; once it has told that it was the right one, none."""
    world = World()
    assert await world.reason("right") == "in"
    world.directory.down = True
    for number in range(5):
        with pytest.raises(Unavailable):
            await world.login(f"guess-{number}")
    with pytest.raises(Unavailable):
        await world.login("right")
    world.directory.down = False
    assert await world.reason("right") == "in"


async def test_what_the_directory_judged_is_no_guess_on_memory() -> None:
    """Any number of wrong passwords that it refused leave the right one remembered."""
    world = World(account=None, address=None)
    assert await world.reason("right") == "in"
    reasons = await asyncio.gather(*(world.reason(f"wrong-{number}") for number in range(20)))
    assert set(reasons) == {WRONG}
    assert await world.reason("right") == "in"
    assert world.binds == 22
    assert await world.reason("right") == "in"
    assert world.binds == 0


async def test_who_guesses_on_memory_gains_no_tries_at_the_directory() -> None:
    """Each login of the owner is a bind then, and does not begin the budget of the account anew."""
    world, elsewhere = World(address=Budget(3, 60)), IPv4Address("192.0.2.2")
    assert await world.reason("right") == "in"
    for name in ("x", "y", "z"):
        await world.login("wrong", name)
    for number in range(5):
        assert await world.reason(f"guess-{number}") == BLOCKED
    for number in range(3):
        assert await world.reason("right", address=IPv4Address("192.0.2.3")) == "in"
        assert await world.reason(f"wrong-{number}", address=elsewhere) == WRONG
    assert await world.reason("wrong-3", address=IPv4Address("192.0.2.4")) == BLOCKED


async def test_the_right_password_is_none_of_the_five() -> None:
    """After four others it is remembered still, and begins the budget of the account anew."""
    world, elsewhere = World(address=Budget(2, 200)), IPv4Address("192.0.2.2")
    assert await world.reason("right") == "in"
    for name in ("x", "y"):
        await world.login("wrong", name)
    for number in range(4):
        assert await world.reason(f"guess-{number}") == BLOCKED
    world.minutes(1.1)
    assert await world.reason("wrong-0", address=elsewhere) == WRONG
    assert await world.reason("wrong-1", address=elsewhere) == WRONG
    assert world.binds == 5
    assert [await world.reason("right", address=IPv4Address("192.0.2.3")) for _ in range(2)] == ["in", "in"]
    assert world.binds == 1
    assert [await world.reason(f"again-{n}", address=IPv4Address(f"198.51.100.{n}")) for n in range(4)] == [
        WRONG,
        WRONG,
        WRONG,
        BLOCKED,
    ]


async def test_the_hour_after_guesses_ends_while_the_owner_logs_in() -> None:
    """An account that is never idle is remembered again, too; and guesses of other hours do not add up."""
    world, elsewhere = World(address=Budget(2, 20_000)), IPv4Address("192.0.2.2")
    assert await world.reason("right") == "in"
    for name in ("x", "y"):
        await world.login("wrong", name)
    for guesses in (5, 3, 3):
        for number in range(guesses):
            assert await world.reason(f"guess-{number}-of-{guesses}") == BLOCKED
        for _ in range(61):
            world.minutes(1.01)
            assert await world.reason("right", address=elsewhere) == "in"
        assert world.binds >= 61
        assert [await world.reason("right", address=elsewhere) for _ in range(3)] == ["in"] * 3
        assert world.binds == 0


async def test_an_operator_ends_the_hour_after_guesses() -> None:
    """For one account by its name; forgetting everybody is no leave to guess anew."""
    world = World()
    for number in range(8):
        await world.login(f"wrong-{number}")
    world.minutes(31)
    assert world.binds == 3
    for forgotten, binds in ((None, 2), ("id-alice", 1)):
        world.authenticator.forget(forgotten)
        assert [await world.reason("right") for _ in range(2)] == ["in", "in"]
        assert world.binds == binds


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("is_blocked", [False, True])
async def test_spellings_of_one_account_are_no_way_to_search_without_end(is_blocked: bool, anew: bool) -> None:  # noqa: FBT001 -- cases
    """One wrong password under a thousand of them: no more searches than for as many names that are made up."""
    world = World()
    for number in range(3 if is_blocked else 1):
        assert await world.reason(f"wrong-{number}") == WRONG
    for number in range(1000):
        await world.login("new" if is_blocked else "wrong-0", rf"D{number}\alice", anew=anew)
    assert world.directory.asked["find"] <= 101


async def test_an_old_password_that_asks_for_a_refresh_token_is_a_search_a_minute() -> None:
    """As for who asks for none: a fleet that does so all the time blocks nobody and costs the directory nothing."""
    world = World(address=Budget(3, 60))
    for _ in range(4):
        logins = [await world.login("old", anew=True) for _ in range(50)]
        assert {login.reason for login in logins if isinstance(login, Refused)} == {WRONG}
        assert world.directory.asked.pop("find") == 1
        world.minutes(1.1)
    assert world.binds == 1
    assert isinstance(await world.login(anew=True), Authenticated)


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_a_refresh_token_during_a_block_costs_no_search(name: str) -> None:
    """However many passwords are tried; nor is it a way to guess on memory. An old password still hears that it is."""
    world = World()
    assert isinstance(await world.login(), Authenticated)
    for number in range(4):
        await world.login(f"wrong-{number}", name)
    world.directory.asked.clear()
    for number in range(100):
        login = await world.login(f"new-{number}", name, anew=True)
        assert isinstance(login, Refused) and login.block == Block("account", 900)
    assert not world.directory.asked
    assert await world.reason("wrong-0", name) == WRONG
    assert await world.reason("right") == (BLOCKED if name == "alice" else "in")


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_a_refresh_token_from_a_blocked_address_costs_no_search(name: str) -> None:
    """However many passwords are tried; it is a guess on memory there, too, and the right one is let in."""
    world = World(address=Budget(3, 20_000))
    assert await world.reason("right") == "in"
    for other in (name, "x", "y"):
        await world.login("wrong", other)
    world.directory.asked.clear()
    for number in range(4):
        login = await world.login(f"new-{number}", name, anew=True)
        assert isinstance(login, Refused) and login.block and login.block.budget == "address"
    assert not world.directory.asked
    assert isinstance(await world.login(anew=True), Authenticated)
    await world.login("new-4", name, anew=True)
    assert await world.reason("right") == (BLOCKED if name == "alice" else "in")


async def test_passwords_refused_without_a_search_count_for_an_hour_only() -> None:
    """Then the account is remembered again: none of them is under way for ever."""
    world = World()
    assert await world.reason("right") == "in"
    for number in range(4):
        await world.login(f"wrong-{number}")
    for number in range(5):
        login = await world.login(f"new-{number}", anew=True)
        assert isinstance(login, Refused) and login.reason == BLOCKED
    world.minutes(60.1)
    world.directory.asked.clear()
    assert [await world.reason("right") for _ in range(3)] == ["in"] * 3
    assert world.binds == 1


async def test_many_who_wait_for_one_search_are_one_failure_at_most() -> None:
    """A hundred pipelines with one old password, when their account is looked up again."""
    world = World(address=Budget(3, 60))
    await world.login("old")
    for _ in range(2):
        reasons = await asyncio.gather(*(world.reason("old", r"CORP\alice") for _ in range(100)))
        assert set(reasons) == {WRONG}
    assert await world.reason("right") == "in"


async def test_spellings_tell_no_name_that_exists() -> None:
    """They count for their address as much if they are nobody's: else what is left of its budget would tell."""

    async def left(name: str, wrong: int) -> int:
        world = World(address=Budget(20, 60))
        for number in range(wrong):
            assert await world.reason(f"wrong-{number}", name) == WRONG
        for spelling in (rf"CORP\{name}", rf"corp.example.com\{name}"):
            await world.login("wrong-0" if wrong == 1 else "new", spelling)
        for number in range(20):
            if await world.reason("wrong", f"made-up-{number}") == BLOCKED:
                return number
        return 20

    for wrong in (1, 3):
        assert await left("nobody", wrong) == await left("alice", wrong) == 18 - wrong
