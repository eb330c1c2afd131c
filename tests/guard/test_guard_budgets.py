"""Both budgets in memory: what is reserved, counted, given back and forgotten, and how much is kept at most."""

import asyncio
from contextlib import AsyncExitStack
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.guard import Attempt, Block, Budget, Budgets, MemoryAccountFailures, MemoryAddressFailures
from tests.support.budgets import in_memory
from tests.support.counting_directory import Clock

HERE = ip_address("192.0.2.1")


def budgets(clock: Clock, account: Budget | None = None, address: Budget | None = None, size: int = 100) -> Budgets:
    """In memory, with the time in the test's hand."""
    return in_memory(account, address, size, clock)


async def fail(guard: Budgets, account: str = "id") -> Block | None:
    """One wrong password, as far as the budget lets it."""
    attempt = await guard.attempt(account)
    if isinstance(attempt, Block):
        return attempt
    async with attempt:
        return None


async def begin(guard: Budgets) -> Attempt:
    """A password under way."""
    attempt = await guard.attempt("id")
    assert isinstance(attempt, Attempt)
    return attempt


async def wrong_login(guard: Budgets, address: str = "192.0.2.1") -> Block | None:
    """One more from there, as far as the budget lets it."""
    async with guard.turn(ip_address(address), Deadline.after(5)) as block:
        if block is None:
            await guard.failed(ip_address(address))
        return block


async def test_the_time_to_wait_is_rounded_up() -> None:
    """An integer, and whoever comes back then is let in."""
    clock = Clock()
    guard = budgets(clock, Budget(1, 60))
    assert await fail(guard) is None
    clock.now = 0.4
    assert await fail(guard) == Block("account", 60)
    clock.now = 59.9
    assert await fail(guard) == Block("account", 1)
    clock.now = 60.0
    assert await fail(guard) is None


async def test_fifty_at_once_get_no_more_than_the_budget() -> None:
    """What is under way counts before anyone knows how it ends."""
    guard = budgets(Clock(), Budget(3, 900))
    attempts = await asyncio.gather(*(guard.attempt("id") for _ in range(50)))
    assert sum(isinstance(attempt, Attempt) for attempt in attempts) == 3


async def test_what_the_directory_did_not_count_is_given_back() -> None:
    """An outage before anything was sent, or a password that is right and expired."""
    guard = budgets(Clock(), Budget(1, 60))
    for _ in range(5):
        async with await begin(guard) as attempt:
            attempt.not_counted()
    assert await fail(guard) is None
    assert await fail(guard)


async def test_giving_back_keeps_the_failures_before() -> None:
    """Neither their number nor their time changes."""
    clock = Clock()
    guard = budgets(clock, Budget(2, 60))
    await fail(guard)
    clock.now = 30
    async with await begin(guard) as attempt:
        attempt.not_counted()
    clock.now = 100
    await fail(guard)
    assert await fail(guard) == Block("account", 60)


async def test_giving_back_keeps_no_streak_alive() -> None:
    """It counts from its latest failure, and what was given back is none."""
    clock = Clock()
    guard = budgets(clock, Budget(2, 60))
    await fail(guard)
    clock.now = 100
    async with await begin(guard) as attempt:
        attempt.not_counted()
    clock.now = 130
    assert [await fail(guard), await fail(guard)] == [None, None]
    assert await fail(guard) == Block("account", 60)


async def test_giving_back_all_leaves_nothing_behind() -> None:
    """Or names that are asked about while the directory is down would fill the memory."""
    failures = MemoryAccountFailures(Budget(3, 900), 1000, Clock())
    await failures.reserve("id")
    await failures.give_back("id")
    assert len(failures) == 0


async def test_a_success_forgets_everything() -> None:
    """As the directory does."""
    guard = budgets(Clock(), Budget(3, 60))
    for _ in range(4):
        await fail(guard)
        await fail(guard)
        async with await begin(guard) as attempt:
            attempt.passed()
    assert await fail(guard) is None


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_success_beside_others_forgets_nothing(is_first: bool) -> None:  # noqa: FBT001 -- a parameter
    """The directory may have counted a wrong one after it took the right one, whichever of the two began first."""
    guard = budgets(Clock(), Budget(3, 60))
    await fail(guard)
    wrong, right = await begin(guard), await begin(guard)
    async with AsyncExitStack() as under_way:
        for attempt in (right, wrong) if is_first else (wrong, right):
            await under_way.enter_async_context(attempt)
        right.passed()
    assert await fail(guard) is None
    assert await fail(guard), "the first failure counts still"


async def test_an_attempt_that_is_cancelled_counts() -> None:
    """The password may have been sent."""
    guard = budgets(Clock(), Budget(1, 60))

    async def hang() -> None:
        async with await begin(guard):
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await fail(guard)


async def test_a_slow_answer_counts_from_its_end() -> None:
    """The directory counts when it has looked; the pause must be long enough for it."""
    clock = Clock()
    guard = budgets(clock, Budget(1, 60))
    async with await begin(guard):
        clock.now = 8
    assert await fail(guard) == Block("account", 60)


async def test_a_flood_of_accounts_is_bounded() -> None:
    """A hundred thousand made-up names leave as many as may be kept; after their time, none."""
    clock = Clock()
    failures = MemoryAccountFailures(Budget(3, 900), 1000, clock)
    for number in range(100_000):
        await failures.reserve(f"?{number}")
    assert len(failures) == 1000
    clock.now = 1800
    assert len(failures) == 0


async def test_made_up_names_push_no_account_out() -> None:
    """Or a flood of them would give back the budget of a real one."""
    guard = budgets(Clock(), Budget(1, 60), size=10)
    await fail(guard, "real")
    for number in range(100):
        attempt = await guard.attempt(f"?{number}", is_nobody=True)
        assert isinstance(attempt, Attempt)
        async with attempt:
            pass
    assert await fail(guard, "real")


async def test_a_flood_of_addresses_is_bounded() -> None:
    """The same for windows of addresses."""
    clock = Clock()
    memory = MemoryAddressFailures(Budget(2, 60), 1000, clock)
    for number in range(20_000):
        await memory.add(str(number))
    assert len(memory) == 1000
    clock.now = 61
    assert len(memory) == 0


@given(st.lists(st.tuples(st.floats(0, 40), st.booleans()), max_size=60))
def test_a_window_moves_with_the_time(steps: list[tuple[float, bool]]) -> None:
    """At any moment as many are left as the last minute has room for; beyond that nothing is counted."""
    clock = Clock()
    memory = MemoryAddressFailures(Budget(3, 60), 10, clock)
    counted: list[float] = []

    async def go() -> None:
        for seconds, adds in steps:
            clock.now += seconds
            within = [at for at in counted if at > clock.now - 60]
            left, wait = await memory.left("client")
            assert left == 3 - len(within)
            assert not within or wait == within[0] + 60 - clock.now
            if adds:
                await memory.add("client")
                counted.extend([clock.now] if left else [])

    asyncio.run(go())


async def test_an_attempt_that_was_never_made_overlaps_with_none() -> None:
    """Or the success after it would not end the streak."""
    guard = budgets(Clock(), Budget(2, 60))
    assert isinstance(await guard.attempt("id"), Attempt)
    async with await begin(guard) as attempt:
        attempt.passed()
    assert [await fail(guard), await fail(guard)] == [None, None]
    assert guard._under_way == {}


async def test_an_address_that_used_up_its_failures_waits() -> None:
    """Until the oldest failure leaves the window; nothing more is counted meanwhile."""
    clock = Clock()
    guard = budgets(clock, address=Budget(2, 60))
    assert await wrong_login(guard) is None
    clock.now = 20
    assert await wrong_login(guard) is None
    assert await guard.blocked(HERE) == Block("address", 40)
    assert await wrong_login(guard) == Block("address", 40)
    clock.now = 60
    assert await wrong_login(guard) is None
    assert await wrong_login(guard) == Block("address", 20)


@pytest.mark.parametrize(
    ("other", "is_the_same"),
    [("2001:db8:0:1::ffff", True), ("2001:db8:0:2::1", False), ("192.0.2.1", False)],
)
async def test_an_ipv6_customer_has_one_budget(other: str, is_the_same: bool) -> None:  # noqa: FBT001 -- a parameter
    """All addresses of a /64 are one customer's."""
    guard = budgets(Clock(), address=Budget(1, 60))
    await wrong_login(guard, "2001:db8:0:1::1")
    assert (await wrong_login(guard, other) is not None) is is_the_same


async def test_each_ipv4_address_has_its_own_budget() -> None:
    """And none of them that of those whom nobody told."""
    guard = budgets(Clock(), address=Budget(1, 60))
    await wrong_login(guard, "192.0.2.1")
    assert await wrong_login(guard, "192.0.2.1")
    assert await wrong_login(guard, "192.0.2.2") is None
    assert await guard.blocked(None) is None


async def test_addresses_that_nobody_told_are_one() -> None:
    """A proxy that sends none opens no way past the budget."""
    guard = budgets(Clock(), address=Budget(1, 60))
    await guard.failed(None)
    assert await guard.blocked(None)


async def test_a_burst_from_one_address_waits_and_is_not_refused() -> None:
    """Fifty right logins at once where five may fail: all get their turn, five at a time."""
    guard = budgets(Clock(), address=Budget(5, 60))
    at_once: list[int] = []
    under_way = 0

    async def login() -> None:
        nonlocal under_way
        async with guard.turn(HERE, Deadline.after(5)) as block:
            assert block is None
            under_way += 1
            at_once.append(under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(login() for _ in range(50)))
    assert len(at_once) == 50
    assert max(at_once) == 5
    assert len(guard._turns) == 0


async def test_a_burst_of_wrong_logins_gets_no_more_than_the_budget() -> None:
    """Those who wait are refused as soon as the last failure is used up."""
    guard = budgets(Clock(), address=Budget(5, 60))
    asked = 0

    async def login() -> Block | None:
        nonlocal asked
        async with guard.turn(HERE, Deadline.after(5)) as block:
            if block is None:
                asked += 1
                await asyncio.sleep(0)
                await guard.failed(HERE)
            return block

    blocks = await asyncio.gather(*(login() for _ in range(500)))
    assert asked == 5
    assert sum(block == Block("address", 60) for block in blocks) == 495
    assert len(guard._turns) == 0


async def test_whoever_gives_up_waiting_hands_the_turn_on() -> None:
    """A deadline or a client that hangs up costs nobody else their turn."""
    guard = budgets(Clock(), address=Budget(1, 60))

    async def login(seconds: float) -> bool:
        async with guard.turn(HERE, Deadline.after(seconds)) as block:
            return block is None

    async with guard.turn(HERE, Deadline.after(5)):
        impatient = asyncio.create_task(login(0.01))
        gone = asyncio.create_task(login(5))
        patient = asyncio.create_task(login(5))
        with pytest.raises(TimeoutError):
            await impatient
        gone.cancel()
    assert await patient
    assert len(guard._turns) == 0


async def test_whoever_was_called_and_overtaken_stays_the_first() -> None:
    """Someone new may come in just when the next one is called; that one does not begin at the end of the queue."""
    guard = budgets(Clock(), address=Budget(1, 60))
    order: list[str] = []

    async def login(name: str) -> None:
        async with guard.turn(HERE, Deadline.after(5)):
            order.append(name)

    async with AsyncExitStack() as waiting:
        async with guard.turn(HERE, Deadline.after(5)):
            logins = [asyncio.create_task(login(name)) for name in ("first", "second")]
            await asyncio.sleep(0.01)
        await waiting.enter_async_context(guard.turn(HERE, Deadline.after(5)))
        await asyncio.sleep(0.01)
        assert order == []
    await asyncio.gather(*logins)
    assert order == ["first", "second"]


async def test_a_turn_goes_on_if_whoever_was_called_has_just_left() -> None:
    """A client that hangs up in the moment of its turn: nobody else would be called."""
    guard = budgets(Clock(), address=Budget(1, 60))

    async def login() -> bool:
        async with guard.turn(HERE, Deadline.after(2)) as block:
            return block is None

    async with guard.turn(HERE, Deadline.after(5)):
        gone, patient = asyncio.create_task(login()), asyncio.create_task(login())
        await asyncio.sleep(0.01)
    gone.cancel()
    assert await patient
    assert gone.cancelled()


async def test_an_address_is_blocked_only_when_none_is_left() -> None:
    """One wrong login of two leaves the next one free."""
    guard = budgets(Clock(), address=Budget(2, 60))
    assert await guard.blocked(HERE) is None
    await guard.failed(HERE)
    assert await guard.blocked(HERE) is None
    await guard.failed(HERE)
    assert await guard.blocked(HERE) == Block("address", 60)


async def test_an_operator_lets_an_account_go_on() -> None:
    """At once, and no other account; where accounts have no budget there is nothing to do."""
    guard = budgets(Clock(), Budget(1, 60))
    await fail(guard)
    await fail(guard, "other")
    await guard.forget("id")
    assert await fail(guard) is None
    assert await fail(guard, "other")
    await budgets(Clock()).forget("id")


@pytest.mark.parametrize(
    ("outcomes", "is_used_up", "told"),
    [
        ((Block("address", 9), None), False, None),
        ((Block("address", 9), None), True, Block("address", 9)),
        ((Block("account", 9), None), False, Block("account", 9)),
        ((None,), True, None),
    ],
)
async def test_a_block_of_another_address_is_no_answer(
    outcomes: tuple[Block | None, ...],
    is_used_up: bool,  # noqa: FBT001 -- a parameter
    told: Block | None,
) -> None:
    """A shared call that was blocked for another's address is made anew; for the account, or the own, it counts."""
    guard = budgets(Clock(), address=Budget(1, 60))
    if is_used_up:
        await guard.failed(HERE)
    calls = iter(outcomes)

    async def call() -> Block | None:
        return next(calls)

    assert await guard.joined(HERE, call) == told


async def test_off_is_no_limit() -> None:
    """Neither of accounts nor of addresses."""
    guard = budgets(Clock())
    for _ in range(50):
        assert await fail(guard) is None
        assert await wrong_login(guard) is None
    assert await guard.blocked(HERE) is None
