"""What is remembered of a login, with a clock in the test's hand and a directory that counts.

The real directories stand behind tests/conformance and tests/journeys; here time has to pass at will.
"""

import asyncio

import pytest

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, CacheTimes, Refused
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Account, Credentials, Refusal, Secret
from ldap_token_bridge.ldap import BindResult
from tests.support.counting_directory import ALICE, World


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


async def test_who_wants_it_checked_anew_is_not_answered_from_memory(world: World) -> None:
    """A refresh token is given for what the directory says now: a password that was changed since is refused."""
    credentials = Credentials("alice", Secret(b"right"))
    assert isinstance(await world.login(), Authenticated)
    assert world.asked
    again = await world.authenticator.login(credentials, Deadline.after(5), anew=True)
    assert isinstance(again, Authenticated)
    assert again.cache == "miss"
    assert world.asked == {"find": 1, "bind": 1, "groups": 1}
    world.directory.password = b"another"
    refused = await world.authenticator.login(credentials, Deadline.after(5), anew=True)
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.WRONG_CREDENTIALS
    assert world.asked == {"find": 1, "bind": 1, "groups": 1}


async def test_an_account_that_is_gone_is_recalled_as_nobody(world: World) -> None:
    """Nor is another one of the same name taken for it."""
    assert await world.authenticator.recall("alice", "another id", Deadline.after(5)) is None
    world.clock.now += 301
    world.directory.there = False
    assert await world.authenticator.recall("alice", ALICE.unique_id, Deadline.after(5)) is None


async def test_an_account_is_recalled_whole(world: World) -> None:
    """Account, groups and the date of its password; the second time from memory."""
    for cache in ("miss", "hit"):
        login = await world.authenticator.recall("alice", ALICE.unique_id, Deadline.after(5))
        assert isinstance(login, Authenticated)
        assert (login.account, login.groups, login.cache) == (ALICE, world.directory.group_list, cache)
        assert login.password_date == world.directory.password_date
