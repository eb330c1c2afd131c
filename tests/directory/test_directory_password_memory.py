"""What is remembered of passwords by what another bridge has told: directory/password_memory.py."""

import pytest

from ldap_token_bridge.directory.outcome import CacheTimes
from ldap_token_bridge.directory.password_memory import PasswordMemory
from ldap_token_bridge.directory.people import Known
from ldap_token_bridge.directory.person import Person
from ldap_token_bridge.directory.shared_check import Told
from ldap_token_bridge.identity import Account, Refusal, Secret
from tests.support.counting_directory import Clock

TIMES = CacheTimes(credentials=60, groups=300, rejected=40, max_accounts=100)
WRONG_FOR = 900.0
KEY = "id-alice"
ALICE = Known(Person(Account("alice", "CN=alice,DC=x", KEY), None, (), True, "", password_date="133"))


@pytest.fixture
def clock() -> Clock:
    """Long after the clock began."""
    found = Clock()
    found.now = 10_000
    return found


@pytest.fixture
def memory(clock: Clock) -> PasswordMemory:
    """Nothing is remembered yet."""
    return PasswordMemory(TIMES, WRONG_FOR, clock)


def test_a_password_that_was_proved_elsewhere(memory: PasswordMemory, clock: Clock) -> None:
    """Is remembered for the rest of its time, of this account, and no other password with it."""
    mark, other = memory.mark(ALICE, Secret(b"right")), memory.mark(ALICE, Secret(b"other"))
    assert memory.heed(Told(None, 50), ALICE, mark) is ALICE
    assert memory.judge(ALICE, mark) is True
    assert memory.judge(ALICE, other) is False
    clock.now += 10
    assert memory.judge(ALICE, mark) is False


def test_a_password_that_was_wrong_elsewhere(memory: PasswordMemory, clock: Clock) -> None:
    """Is refused for the rest of the time; that it is wrong is known for longer, with the date that the other read."""
    mark = memory.mark(ALICE, Secret(b"wrong"))
    assert memory.heed(Told(Refusal.WRONG_CREDENTIALS, 30, "132"), ALICE, mark) is Refusal.WRONG_CREDENTIALS
    assert memory.judge(ALICE, mark) is Refusal.WRONG_CREDENTIALS
    assert memory.wrong.get(KEY, mark) == "132"
    clock.now += 10
    assert memory.judge(ALICE, mark) is False
    assert memory.wrong.get(KEY, mark) == "132"
    clock.now += WRONG_FOR - 40
    assert memory.wrong.get(KEY, mark) is None


def test_an_account_that_was_refused_elsewhere(memory: PasswordMemory) -> None:
    """Nothing is said of the password: it is remembered neither as right nor as wrong."""
    mark = memory.mark(ALICE, Secret(b"right"))
    assert memory.heed(Told(Refusal.ACCOUNT_LOCKED, 30, "133"), ALICE, mark) is Refusal.ACCOUNT_LOCKED
    assert memory.judge(ALICE, mark) is Refusal.ACCOUNT_LOCKED
    assert memory.wrong.get(KEY, mark) is None
    assert not memory.proofs.holds(KEY, mark)


def test_a_proof_from_elsewhere_is_no_proof_of_an_account_that_is_guessed_at(memory: PasswordMemory) -> None:
    """Who tries one password after the other on memory learns of none that it is right."""
    for number in range(5):
        memory.tries(ALICE, mark := memory.mark(ALICE, Secret(b"guess-%d" % number)))
        memory.tried(ALICE, mark, answered=False)
    mark = memory.mark(ALICE, Secret(b"right"))
    memory.heed(Told(None, 0), ALICE, mark)
    assert memory.judge(ALICE, mark) is False


def test_what_the_directory_told_of_is_no_guess(memory: PasswordMemory) -> None:
    """However many were tried: those it answered count elsewhere, and none is under way any more."""
    for number in range(5):
        memory.tries(ALICE, mark := memory.mark(ALICE, Secret(b"wrong-%d" % number)))
        memory.tried(ALICE, mark, answered=True)
    mark = memory.mark(ALICE, Secret(b"right"))
    memory.heed(Told(None, 0), ALICE, mark)
    assert memory.judge(ALICE, mark) is True
