"""Who goes on, and who does not, while no directory answers (`cache.stale_if_down`); time passes at will."""

from dataclasses import replace

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Refused, StaleIfDown
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Account, Credentials, Group, Refusal, Secret
from ldap_token_bridge.ldap import DirectoryDown, Overloaded, ServiceAccountRefused
from tests.support.counting_directory import ALICE, TIMES, World

_GRACE = 3600


@pytest.fixture
def world() -> World:
    """With an hour's grace, and alice logged in once."""
    world = World()
    world.authenticator = StaleIfDown(world.directory, replace(TIMES, stale_if_down=_GRACE), clock=world.clock)
    return world


async def _down(world: World, seconds: float = 400) -> None:
    """Alice has logged in; so much later, beyond every cache's time, nobody answers."""
    assert isinstance(await world.login(), Authenticated)
    world.clock.now += seconds
    world.directory.down = True


async def _is_out(world: World, name: str = "alice", password: bytes = b"right") -> bool:
    try:
        return not isinstance(await world.login(name, password), Authenticated)
    except DirectoryDown:
        return True


async def test_who_was_known_goes_on(world: World) -> None:
    """With the groups of then, and said to be stale for so long."""
    await _down(world)
    login = await world.login()
    assert isinstance(login, Authenticated)
    assert (login.account, login.groups, login.cache, login.stale_seconds) == (
        ALICE,
        world.directory.group_list,
        "hit",
        400,
    )


async def test_a_fresh_login_is_not_stale(world: World) -> None:
    """Neither from the directory, nor from the ordinary memory while that lasts."""
    for _ in range(2):
        login = await world.login()
        assert isinstance(login, Authenticated)
        assert login.stale_seconds == 0


async def test_the_directory_is_asked_each_time(world: World) -> None:
    """Nothing stale is taken for fresh: when the directory is back, its word counts at once."""
    await _down(world)
    await world.login()
    world.directory.down, world.directory.password = False, b"new"
    assert isinstance(await world.login(), Refused)
    assert isinstance(await world.login(password=b"new"), Authenticated)


async def test_the_grace_ends(world: World) -> None:
    """Counted from when the directory confirmed it last; stale logins do not prolong it."""
    await _down(world, _GRACE - 1)
    assert not await _is_out(world)
    world.clock.now += 1
    assert await _is_out(world)


async def test_a_login_from_memory_does_not_prolong_it(world: World) -> None:
    """The directory was not asked then."""
    await world.login()
    world.clock.now += 50
    hit = await world.login()
    assert isinstance(hit, Authenticated) and hit.cache == "hit"
    world.directory.down = True
    world.clock.now += _GRACE - 50
    assert await _is_out(world)


async def test_strangers_and_wrong_passwords_are_told_nothing(world: World) -> None:
    """Both get the error that they would get without it."""
    await _down(world)
    for name, password in (("nobody", b"right"), ("alice", b"wrong"), ("bob", b"x")):
        with pytest.raises(DirectoryDown):
            await world.login(name, password)


async def test_without_a_grace_nothing_is_kept(world: World) -> None:
    """`off`: as if it were not there."""
    world.authenticator = StaleIfDown(world.directory, TIMES, clock=world.clock)
    await _down(world)
    assert await _is_out(world)
    assert world.authenticator.sizes()["last_known"] == 0


@pytest.mark.parametrize("error", [Overloaded(), ServiceAccountRefused(49, "")])
async def test_only_an_outage_counts(world: World, error: DirectoryDown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a queue that somebody has filled, and not a directory that shuts the bridge out."""
    await _down(world)

    async def find(*_: object) -> None:
        raise error

    monkeypatch.setattr(world.directory, "find", find)
    assert await _is_out(world)


async def test_a_password_that_was_not_answered_is_an_outage(world: World) -> None:
    """The next try with it is held back, and goes on all the same."""
    await world.login()
    world.clock.now += 100
    world.directory.in_doubt = True
    for _ in range(3):
        login = await world.login()
        assert isinstance(login, Authenticated) and login.stale_seconds


async def test_a_disabled_account_is_out_at_once(world: World) -> None:
    """The directory said so before it went away, whether or not the login got that far."""
    await world.login()
    world.clock.now += 400
    world.directory.state = Refusal.ACCOUNT_DISABLED
    world.directory.in_doubt = True  # the look-up is answered, the bind is not
    assert await _is_out(world)
    world.directory.down = True
    world.clock.now += 400
    assert await _is_out(world)


async def test_a_refused_account_is_out_at_once(world: World) -> None:
    """As a bind tells it."""
    await world.login()
    world.clock.now += 400
    world.directory.state = Refusal.ACCOUNT_LOCKED
    assert isinstance(await world.login(), Refused)
    world.directory.down = True
    world.clock.now += 400
    assert await _is_out(world)


async def test_an_account_that_is_gone_is_out_at_once(world: World) -> None:
    """Deleted, renamed, or ambiguous by now."""
    await world.login()
    world.clock.now += 400
    world.directory.there = False
    assert isinstance(await world.login(), Refused)
    world.directory.down = True
    world.clock.now += 400
    assert await _is_out(world)


async def test_a_name_that_passed_to_somebody_else(world: World) -> None:
    """Whose it was before does not go on under it, whoever it stands for by now."""
    await world.login()
    world.clock.now += 400
    world.directory.account = Account("alice", "CN=alice2,DC=x", "id-other")
    assert isinstance(await world.login(password=b"wrong"), Refused)
    world.directory.down = True
    world.clock.now += 400
    assert await _is_out(world)


async def test_a_changed_password_ends_the_old_one(world: World) -> None:
    """From the moment that somebody has tried the old one."""
    await world.login()
    world.clock.now += 400
    world.directory.password = b"new"
    assert isinstance(await world.login(), Refused)
    world.directory.down = True
    world.clock.now += 400
    assert await _is_out(world)


async def test_another_wrong_password_ends_nothing(world: World) -> None:
    """Somebody who mistypes shuts nobody out."""
    await world.login()
    await world.login(password=b"wrong")
    world.clock.now += 400
    world.directory.down = True
    assert not await _is_out(world)


async def test_groups_that_were_left_are_not_brought_back(world: World) -> None:
    """What was read last counts, also where the password came from memory."""
    world.authenticator = StaleIfDown(
        world.directory, replace(TIMES, credentials=3000, stale_if_down=_GRACE), clock=world.clock
    )
    await world.login()
    world.directory.group_list = (Group("CN=other,DC=x"),)
    world.clock.now += 400
    await world.login()
    world.directory.down = True
    world.clock.now += 400
    login = await world.login()
    assert isinstance(login, Authenticated)
    assert (login.groups, login.stale_seconds) == (world.directory.group_list, 800)


async def test_guessing_ends(world: World) -> None:
    """Nobody locks the account meanwhile: after five different passwords it waits for the directory."""
    await _down(world)
    for _ in range(20):
        assert await _is_out(world, password=b"stale-pipeline")
    assert not await _is_out(world)
    for number in range(5):
        assert await _is_out(world, password=b"guess-%d" % number)
    assert await _is_out(world)
    world.directory.down = False
    assert not await _is_out(world)
    world.clock.now += 400
    world.directory.down = True
    assert not await _is_out(world)


async def test_who_wants_it_checked_anew_waits(world: World) -> None:
    """A refresh token is never issued from memory."""
    await _down(world)
    credentials = Credentials("alice", Secret(b"right"))
    with pytest.raises(DirectoryDown):
        await world.authenticator.login(credentials, Deadline.after(5), anew=True)


async def test_who_comes_with_a_refresh_token_goes_on(world: World) -> None:
    """By name and id, with the date of the password that was read last; another id does not."""
    first = await world.authenticator.recall("alice", "id-alice", Deadline.after(5))
    assert isinstance(first, Authenticated)
    world.clock.now += 400
    world.directory.down = True
    login = await world.authenticator.recall("alice", "id-alice", Deadline.after(5))
    assert isinstance(login, Authenticated)
    assert (login.stale_seconds, login.password_date) == (400, first.password_date)
    for name, unique_id in (("alice", "id-other"), ("bob", "id-alice")):
        with pytest.raises(Unavailable):
            await world.authenticator.recall(name, unique_id, Deadline.after(5))


@pytest.mark.parametrize("account", ["id-alice", None])
async def test_a_flush_ends_it(world: World, account: str | None) -> None:
    """Of the account, or of everyone."""
    await _down(world)
    world.authenticator.forget(account)
    assert world.authenticator.sizes()["last_known"] == 0
    assert await _is_out(world)


async def test_nothing_secret_is_shown(world: World) -> None:
    """Neither the password nor anything computed from it is in the text of what is kept."""
    await _down(world)
    login = await world.login()
    assert "right" not in repr((world.authenticator, vars(world.authenticator), login))
