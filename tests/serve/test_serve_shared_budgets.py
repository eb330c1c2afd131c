"""Budgets over a store: what failed at one bridge counts at the others, and no store lets more through than none."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from ldap_token_bridge.cache import SharedStore
from ldap_token_bridge.cache.shared.key import StoreKey
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticator, Person, Refused
from ldap_token_bridge.guard import Attempt, Block, Budget, Budgets
from ldap_token_bridge.identity import Account, Credentials, Secret
from ldap_token_bridge.ldap import BindResult
from ldap_token_bridge.serve.shared_budgets import BudgetPlace, shared_budgets
from tests.support.counting_directory import TIMES, CountingDirectory
from tests.support.memory_store import MemoryBackend

ACCOUNT, ADDRESS = Budget(3, 900), Budget(5, 60)


class World:
    """Two bridges with budgets in one store."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.backend = MemoryBackend(lambda: self.now)
        vault = StoreKey(bytes(range(32))).vault("bridge.test")
        times: Any = {"clock": lambda: self.now, "now": lambda: self.now}
        self.stores = [SharedStore(self.backend, vault, **times) for _ in range(2)]
        self.one, self.two = (
            shared_budgets(ACCOUNT, ADDRESS, 100, BudgetPlace(store), now=self.tick) for store in self.stores
        )

    def tick(self) -> float:
        """No two moments are one."""
        self.now += 0.0001
        return self.now


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Both have found the store."""
    world = World()
    for store in world.stores:
        store.start()
    await settle()
    assert all(store.is_up for store in world.stores)
    yield world
    for store in world.stores:
        await store.close()


async def settle() -> None:
    """Lets what goes on in the background come to rest."""
    for _ in range(30):
        await asyncio.sleep(0)


async def fail(budgets: Budgets) -> bool:
    """One wrong password; whether it was let through."""
    attempt = await budgets.attempt("a")
    if isinstance(attempt, Block):
        return False
    async with attempt:
        return True


async def succeed(budgets: Budgets) -> None:
    """One right password."""
    attempt = await budgets.attempt("a")
    assert isinstance(attempt, Attempt)
    async with attempt:
        attempt.passed()


async def test_failures_add_up_over_bridges(world: World) -> None:
    """As if there were one bridge."""
    through = [await fail(budgets) for budgets in (world.one, world.two, world.one, world.two, world.one)]
    assert through == [True, True, True, False, False]


async def test_many_at_once_are_no_more(world: World) -> None:
    """A burst over both does not get past the budget."""
    through = await asyncio.gather(*(fail(budgets) for _ in range(10) for budgets in (world.one, world.two)))
    assert 1 <= sum(through) <= 3


async def test_a_success_at_one_ends_the_streak_at_all(world: World) -> None:
    """The directory has forgotten the failures, too."""
    assert [await fail(world.one) for _ in range(2)] == [True, True]
    await succeed(world.two)
    assert [await fail(world.one) for _ in range(4)] == [True, True, True, False]


async def test_what_was_not_counted_is_given_back(world: World) -> None:
    """At all bridges."""
    for _ in range(5):
        attempt = await world.one.attempt("a")
        assert isinstance(attempt, Attempt)
        async with attempt:
            attempt.not_counted()
    assert [await fail(world.two) for _ in range(4)] == [True, True, True, False]


async def test_what_is_told_in_several_steps_is_told_to_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever becomes of the request: else the directory would be asked, and would count, once more."""
    told, swap = asyncio.Event(), world.backend.swap
    told.set()

    async def slowly(*write: Any) -> bool:
        await told.wait()
        return await swap(*write)

    monkeypatch.setattr(world.backend, "swap", slowly)

    class Slow(CountingDirectory):
        async def verify(self, person: Person, password: Secret, deadline: Deadline) -> BindResult:
            result = await super().verify(person, password, deadline)
            told.clear()
            return result

    directory = Slow()
    directory.account = Account("alice", "CN=alice,DC=x", "a")
    authenticator = Authenticator(directory, TIMES, budgets=world.one, store=world.stores[0])
    wrong = Credentials("alice", Secret(b"wrong"))
    asking = asyncio.create_task(authenticator.login(wrong, Deadline.after(5)))
    async with asyncio.timeout(5):
        while told.is_set():  # noqa: ASYNC110 -- it is the directory's doing
            await asyncio.sleep(0.001)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    told.set()
    await settle()
    assert isinstance(await authenticator.login(wrong, Deadline.after(5)), Refused)
    assert directory.asked["bind"] == 1
    assert [await fail(world.two) for _ in range(3)] == [True, True, False]
    await authenticator.close()


@pytest.mark.parametrize("how", ["down", "emptied", "old"])
async def test_a_store_that_fails_lets_no_bridge_do_more_than_alone(world: World, how: str) -> None:
    """Down, without its data, or with those of yesterday: each bridge's own count goes on."""
    await succeed(world.two)
    old = dict(world.backend.entries)
    assert [await fail(world.one) for _ in range(3)] == [True, True, True]
    if how == "down":
        world.backend.down = True
    world.backend.entries = old if how == "old" else {}
    assert not any([await fail(world.one) for _ in range(5)])


async def test_addresses_add_up_over_bridges(world: World) -> None:
    """A moment later; and what the store lost still counts where it happened."""
    for budgets in (world.one, world.two):
        for _ in range(3):
            await budgets.failed(None)
        await settle()
    blocks = [await budgets.blocked(None) for budgets in (world.one, world.two)]
    assert [block and block.budget for block in blocks] == ["address", "address"]


async def test_what_fails_while_the_store_is_asked_counts(world: World) -> None:
    """Those who come while others are under way see how these end, and not what was left before."""
    asked, answered, through = asyncio.Event(), asyncio.Event(), 0
    read = world.backend.read

    async def slow(names: Sequence[str], at_most: int) -> list[bytes | None]:
        values = await read(names, at_most)
        if through == ADDRESS.failures:
            asked.set()
            await answered.wait()
        return values

    async def wrong_login(after: asyncio.Event) -> None:
        nonlocal through
        async with world.one.turn(None, Deadline.after(5)) as block:
            if block is None:
                through += 1
                await after.wait()
                await world.one.failed(None)

    world.backend.read = slow  # type: ignore[method-assign]  # the same, but slow
    async with asyncio.TaskGroup() as logins:
        for _ in range(ADDRESS.failures):
            logins.create_task(wrong_login(asked))
        await settle()
        for _ in range(ADDRESS.failures):
            logins.create_task(wrong_login(answered))
        await settle()
        answered.set()
    assert through == ADDRESS.failures


async def test_without_a_store_each_bridge_counts_by_itself() -> None:
    """The same budgets, alone."""
    alone = shared_budgets(ACCOUNT, None, 100, BudgetPlace())
    assert [await fail(alone) for _ in range(4)] == [True, True, True, False]
    assert await alone.blocked(None) is None


async def test_a_proof_of_another_bridge_may_be_guessed_at_no_more_than_an_own_one(world: World) -> None:
    """During a block the store tells the right password from others, too."""
    directory = CountingDirectory()
    one, two = (
        Authenticator(directory, TIMES, budgets=budgets, store=store)
        for budgets, store in zip((world.one, world.two), world.stores, strict=True)
    )

    async def reason(bridge: Authenticator, password: str) -> str:
        login = await bridge.login(Credentials("alice", Secret(password.encode())), Deadline.after(20))
        await asyncio.sleep(0.01)  # the store is written to in the background
        return login.reason if isinstance(login, Refused) else login.cache

    assert await reason(one, "right") == "miss"
    blocked = [await reason(two, f"wrong-{number}") for number in range(8)].count("too-many-attempts")
    assert blocked == 5
    assert await reason(two, "right") == "too-many-attempts"
    assert await reason(one, "right") == "hit"
    for bridge in (one, two):
        await bridge.close()
