"""How long what has changed in the directory can go unnoticed: never beyond `cache.groups`."""

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, CacheTimes, Refused
from ldap_token_bridge.identity import Account, Group, Refusal
from tests.support.counting_directory import CountingDirectory, World

_GROUPS = 300
# A password is remembered for longer than the account itself: the worst that can be set.
_LONG = CacheTimes(credentials=86_400, groups=_GROUPS, rejected=60, max_accounts=100)


@pytest.fixture
def world() -> World:
    """Where the password is remembered for a day."""
    return World(_LONG)


def _disable(directory: CountingDirectory) -> None:
    directory.state = Refusal.ACCOUNT_DISABLED


def _delete(directory: CountingDirectory) -> None:
    directory.there = False


def _replace(directory: CountingDirectory) -> None:
    directory.account = Account("alice", "CN=alice2,DC=x", "id-other")
    directory.password = b"another"


@pytest.mark.parametrize("change", [_disable, _delete, _replace])
async def test_an_account_that_ended_is_out(world: World, change: object) -> None:
    """However often it logs in meanwhile: use prolongs nothing."""
    assert callable(change)
    await world.login()
    change(world.directory)
    for _ in range(10):
        world.clock.now += _GROUPS / 10
        login = await world.login()
    assert isinstance(login, Refused)


async def test_a_group_that_was_left_is_gone(world: World) -> None:
    """With the next reading, at the same time."""
    await world.login()
    world.directory.group_list = (Group("CN=left,DC=x"),)
    world.clock.now += _GROUPS
    login = await world.login()
    assert isinstance(login, Authenticated)
    assert login.groups == world.directory.group_list


async def test_who_comes_with_a_refresh_token_is_out_as_soon(world: World) -> None:
    """Its account is remembered for no longer."""
    assert isinstance(await world.authenticator.recall("alice", "id-alice", Deadline.after(5)), Authenticated)
    _disable(world.directory)
    world.clock.now += _GROUPS
    assert isinstance(await world.authenticator.recall("alice", "id-alice", Deadline.after(5)), Refused)


async def test_what_is_forgotten_is_asked_anew(world: World) -> None:
    """A flush makes the next login heed what has changed."""
    await world.login()
    _disable(world.directory)
    assert isinstance(await world.login(), Authenticated)
    world.authenticator.forget("id-alice")
    assert isinstance(await world.login(), Refused)
