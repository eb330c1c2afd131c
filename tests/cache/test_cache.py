"""Caches with a clock in the test's hand."""

import asyncio
import gc
import hashlib
import pickle

import pytest

from ldap_token_bridge.cache import ExpiringCache, PasswordMarks, PasswordProofs, RejectedPasswords, SingleFlight
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.identity import Secret


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_entry_lives_for_its_time_and_not_longer() -> None:
    """The end is exact."""
    clock = Clock()
    cache = ExpiringCache[str, int](10, 60.0, clock)
    cache.put("a", 1)
    clock.now += 59.9
    assert cache.get("a") == 1
    clock.now += 0.2
    assert cache.get("a") is None
    assert len(cache) == 0


def test_a_cache_is_bounded() -> None:
    """The newest stay."""
    cache = ExpiringCache[int, int](3, 60.0)
    for number in range(10):
        cache.put(number, number)
    assert len(cache) == 3
    assert cache.get(9) == 9


def test_zero_seconds_keep_nothing() -> None:
    """`off` in the settings means off."""
    cache = ExpiringCache[str, int](10, 0.0)
    cache.put("a", 1)
    assert cache.get("a") is None


def test_a_proof_holds_for_its_account_and_password_alone() -> None:
    """Another password, another account, or pieces cut elsewhere are not proved."""
    proofs, marks = PasswordProofs(10, 60.0), PasswordMarks()
    proofs.remember("ab", marks("ab", Secret(b"cd")))
    assert proofs.holds("ab", marks("ab", Secret(b"cd")))
    assert not proofs.holds("ab", marks("ab", Secret(b"cD")))
    assert not proofs.holds("ab", marks("a", Secret(b"bcd")))
    assert not proofs.holds("ab", marks("abc", Secret(b"d")))
    assert not proofs.holds("abc", marks("ab", Secret(b"cd")))
    assert not proofs.holds("ab", PasswordMarks()("ab", Secret(b"cd"))), "each process has a key of its own"
    proofs.forget("ab")
    assert not proofs.holds("ab", marks("ab", Secret(b"cd")))


def test_proofs_are_bounded_in_number_and_time() -> None:
    """Each of 32 octets, whatever the password's length."""
    clock, mark = Clock(), PasswordMarks()("a", Secret(b"long" * 99))
    proofs = PasswordProofs(2, 60.0, clock)
    for account in ("a", "b", "c"):
        proofs.remember(account, mark)
    assert (len(mark), len(proofs)) == (32, 2)
    assert proofs.holds("c", mark)
    clock.now += 60
    assert not proofs.holds("c", mark)


def test_what_is_forgotten_is_forgotten_of_one_or_of_all() -> None:
    """Proofs and refusals alike; of one account with all of its passwords, and of no other."""
    proofs, refusals, marks = PasswordProofs(10, 60.0), RejectedPasswords[str](10, 60.0), PasswordMarks()
    one, two = (marks("a", Secret(password)) for password in (b"one", b"two"))
    for account in ("a", "b"):
        proofs.remember(account, one)
        refusals.put(account, one, "no")
        refusals.put(account, two, "no")
    proofs.forget("a")
    refusals.forget("a")
    assert [proofs.holds(account, one) for account in ("a", "b")] == [False, True]
    assert [refusals.get(account, mark) for account in ("a", "b") for mark in (one, two)] == [None, None, "no", "no"]
    proofs.clear()
    refusals.clear()
    assert (len(proofs), len(refusals)) == (0, 0)


def test_what_is_not_remembered_is_not_proved() -> None:
    """Not by the mark that stands in for none, either."""
    assert not PasswordProofs(10, 60.0).holds("a", bytes(32))


def test_a_new_password_replaces_the_old_one() -> None:
    """Once the directory accepted a new password, memory no longer accepts the old."""
    proofs, marks = PasswordProofs(10, 60.0), PasswordMarks()
    proofs.remember("a", marks("a", Secret(b"old")))
    proofs.remember("a", marks("a", Secret(b"new")))
    assert not proofs.holds("a", marks("a", Secret(b"old")))


def test_no_password_stands_in_memory_or_prints() -> None:
    """Neither the password nor its plain hash can be found in what is kept; a secret is not pickled."""
    proofs, rejected, marks = PasswordProofs(10, 60.0), RejectedPasswords[str](10, 60.0), PasswordMarks()
    mark = marks("a", Secret(b"canary-password"))
    proofs.remember("a", mark)
    rejected.put("a", mark, "no")
    assert "canary" not in repr(vars(proofs)) + repr(vars(rejected)) + repr(Secret(b"canary-password"))
    assert mark != hashlib.blake2b(b"canary-password", digest_size=32).digest()
    assert rejected.get("a", mark) == "no"
    assert rejected.get("b", mark) is None
    with pytest.raises(TypeError):
        pickle.dumps(Secret(b"x"))


async def test_many_at_once_cost_one_piece_of_work() -> None:
    """A hundred who ask for the same thing share one call; the next one after it starts anew."""
    flight = SingleFlight[str, int]()
    calls = 0

    async def work() -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.01)
        return calls

    async def ask() -> int:
        return await flight.run("key", work, Deadline.after(5))

    assert set(await asyncio.gather(*(ask() for _ in range(100)))) == {1}
    assert await ask() == 2
    assert len(flight) == 0


async def test_a_waiter_that_gives_up_does_not_end_the_work_of_others() -> None:
    """Neither a cancelled waiter nor one whose deadline is over takes the answer from the rest."""
    flight = SingleFlight[str, int]()
    release = asyncio.Event()

    async def work() -> int:
        await release.wait()
        return 7

    first = asyncio.create_task(flight.run("key", work, Deadline.after(5)))
    second = asyncio.create_task(flight.run("key", work, Deadline.after(5)))
    hurried = asyncio.create_task(flight.run("key", work, Deadline.after(0.01)))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(TimeoutError):
        await hurried
    release.set()
    assert await second == 7


async def test_an_error_reaches_every_waiter_and_is_not_kept() -> None:
    """The next one tries again."""
    flight = SingleFlight[str, int]()

    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("once")

    async def succeed() -> int:
        return 1

    results = await asyncio.gather(
        *(flight.run("key", fail, Deadline.after(5)) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [ValueError] * 3
    assert await flight.run("key", succeed, Deadline.after(5)) == 1


async def test_close_ends_what_is_under_way() -> None:
    """No task is left behind."""
    flight = SingleFlight[str, int]()
    task = asyncio.create_task(flight.run("key", asyncio.Event().wait, Deadline.after(60)))
    await asyncio.sleep(0)
    await flight.close()
    with pytest.raises(Unavailable):
        await task
    assert len(flight) == 0


async def test_the_work_goes_on_when_everybody_has_gone() -> None:
    """A password that was sent must be answered and counted; who comes meanwhile gets that answer."""
    flight = SingleFlight[str, int]()
    release = asyncio.Event()
    calls = 0

    async def work() -> int:
        nonlocal calls
        calls += 1
        await release.wait()
        return 7

    gone = [asyncio.create_task(flight.run("key", work, Deadline.after(5))) for _ in range(3)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    assert all(task.cancelled() for task in gone)
    late = asyncio.create_task(flight.run("key", work, Deadline.after(5)))
    await asyncio.sleep(0)
    release.set()
    assert await late == 7
    assert calls == 1 and len(flight) == 0


async def test_each_waiter_has_a_deadline_of_its_own() -> None:
    """Also one that is over before the wait begins; in whatever order they come, and the others wait on."""
    flight = SingleFlight[str, int]()
    release = asyncio.Event()

    async def work() -> int:
        await release.wait()
        return 7

    patient = asyncio.create_task(flight.run("key", work, Deadline.after(5)))
    for seconds in (0.02, 0.01, -1.0):
        with pytest.raises(TimeoutError):
            await flight.run("key", work, Deadline.after(seconds))
    release.set()
    assert await patient == 7


async def _landed(flight: SingleFlight[str, int]) -> None:
    """The very turn of the loop in which nothing is under way any more."""
    while len(flight):  # noqa: ASYNC110 -- turns are what is counted
        await asyncio.sleep(0)


async def test_who_is_cancelled_in_the_moment_of_the_answer_is_cancelled() -> None:
    """And the others have it."""
    flight = SingleFlight[str, int]()
    release = asyncio.Event()

    async def work() -> int:
        await release.wait()
        return 7

    first, second = (asyncio.create_task(flight.run("key", work, Deadline.after(5))) for _ in range(2))
    await asyncio.sleep(0)
    release.set()
    await _landed(flight)
    first.cancel()
    assert await second == 7
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_an_error_that_nobody_waits_for_is_nobodys_trouble() -> None:
    """What was begun ahead may turn out not to be needed: asyncio has nothing to complain of."""
    flight = SingleFlight[str, int]()
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))

    async def fail() -> int:
        raise ValueError("once")

    begun = flight.begin("key", fail)
    await _landed(flight)
    with pytest.raises(ValueError, match="once"):
        await begun.outcome(Deadline.after(5))
    del begun
    flight.begin("key", fail)
    await _landed(flight)
    gc.collect()
    assert complaints == []


async def test_close_ends_what_has_not_begun() -> None:
    """Whoever waits hears of it."""
    flight = SingleFlight[str, bool]()
    begun = flight.begin("key", asyncio.Event().wait)
    waiting = asyncio.create_task(begun.outcome(Deadline.after(60)))
    await flight.close()
    with pytest.raises(Unavailable):
        await waiting
    assert len(flight) == 0
