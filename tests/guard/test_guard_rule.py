"""What the budget of an account allows, and that no directory like Active Directory ever locks an account by it."""

from hypothesis import given
from hypothesis import strategies as st

from ldap_token_bridge.guard import Budget
from ldap_token_bridge.guard.rule import wait_of

USUAL = Budget(3, 900)


def test_three_then_a_pause_then_one_then_a_longer_pause() -> None:
    """The pauses count from the latest failure, and the last one forgets all."""
    assert wait_of((), USUAL, 0) == 0
    assert wait_of((0, 10), USUAL, 20) == 0
    assert wait_of((0, 10, 20), USUAL, 20) == 900
    assert wait_of((0, 10, 20), USUAL, 919.5) == 0.5
    assert wait_of((0, 10, 20), USUAL, 920) == 0
    assert wait_of((0, 10, 20, 920), USUAL, 920) == 1800
    assert wait_of((0, 10, 20, 920), USUAL, 2720) == 0


def test_failures_far_apart_are_a_streak_too() -> None:
    """One every 20 minutes for hours: a directory that counts for 30 minutes would lock the account at the fifth."""
    assert wait_of((0, 1200, 2400), USUAL, 2400) == 900
    assert wait_of((0, 1200, 2400, 3600), USUAL, 4800) == 600


class _Domain:
    """Active Directory's way of counting: [MS-SAMR] 3.1.5.14.2, badPwdCount and the observation window."""

    def __init__(self, threshold: int, window: float) -> None:
        self._threshold, self._window = threshold, window
        self._count, self._last = 0, float("-inf")

    def wrong(self, now: float) -> bool:
        """Count a wrong password; whether the account is locked by it."""
        self._count = 1 if now - self._last >= self._window else self._count + 1
        self._last = now
        return self._count >= self._threshold


@given(
    failures=st.integers(1, 6),
    seconds=st.integers(1, 2000),
    pauses=st.lists(st.floats(0, 4000), max_size=60),
)
def test_no_domain_with_a_higher_threshold_is_locked(failures: int, seconds: int, pauses: list[float]) -> None:
    """Whoever tries at whatever moments: `in_a_row` stays below the threshold if the window is at most `memory`."""
    budget = Budget(failures, seconds)
    domain = _Domain(budget.in_a_row + 1, budget.memory)
    streak: tuple[float, ...] = ()
    now = 0.0
    for pause in pauses:
        now += pause
        if wait_of(streak, budget, now):
            continue
        streak = (*streak, now) if streak and now - streak[-1] < budget.memory else (now,)
        assert not domain.wrong(now)


def test_a_sliding_window_would_not_do() -> None:
    """The reason for this rule: three in any 15 minutes, and the fifth within half an hour of the one before."""
    domain = _Domain(5, 1800)
    assert any(domain.wrong(900.0 * turn + second) for turn in range(2) for second in (0, 1, 2))
