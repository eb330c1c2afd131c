"""What a login that is refused costs, tells and leaves behind; a stranger's like anyone's."""

import asyncio

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, CacheTimes, Refused
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from tests.support.counting_directory import TIMES, World


@pytest.fixture
def world() -> World:
    """With the default times."""
    return World()


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
    assert max(len(world.authenticator._people._nobodies), len(world.authenticator._passwords.rejected._refusals)) <= 10


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
        world.clock.now += seconds + 1e-5
        waited.append(seconds)

    world.directory.bind_takes = 0.25
    await world.login(password=b"wrong")
    world.directory.bind_takes = 0.05
    monkeypatch.setattr("ldap_token_bridge.directory.pace.asyncio.sleep", sleep)
    world.directory.slow = None
    begin = world.clock.now
    await world.login("nobody", b"wrong")
    assert world.clock.now - begin == pytest.approx(0.25, abs=1e-4)
    assert waited[0] > 0.19, "and not in turns of the loop"
    waited.clear()
    world.clock.now += 601
    await world.login("nobody else", b"wrong")
    assert waited == [], "an old sample no longer counts"


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
