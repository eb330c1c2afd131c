"""What a budget allows, by the times of what failed. Pure; times in seconds of any clock that never goes back."""

from collections.abc import Sequence

from ldap_token_bridge.values import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """So many failures in so many seconds, as in `3 per 15m`."""

    failures: int
    seconds: int

    @property
    def memory(self) -> int:
        """For how many seconds after the latest one the failures of an account count."""
        return 2 * self.seconds

    @property
    def in_a_row(self) -> int:
        """The most failures of an account that no pause as long as `memory` parts."""
        return self.failures + 1


def within(times: Sequence[float], budget: Budget, now: float) -> tuple[float, ...]:
    """Those of an address's failures that still count: as many as the budget allows at most, the latest of them."""
    oldest = now - budget.seconds
    return tuple([at for at in times if at > oldest][-budget.failures :])


def left_of(times: Sequence[float], budget: Budget, now: float) -> tuple[int, float]:
    """How many failures of an address are left, and the seconds until there is one more; `times` from the oldest on."""
    counted = within(times, budget, now)
    return budget.failures - len(counted), max(0.0, counted[0] + budget.seconds - now) if counted else 0.0


def wait_of(streak: Sequence[float], budget: Budget, now: float) -> float:
    """Seconds until an account may be asked about again; 0 at once. `streak` are its failures, the latest last.

    A directory counts wrong passwords as long as one follows the other within its observation window, whatever the time
    since the first. So does this: a streak is over after twice the budget's time without a failure, or by a success.
    In one streak there are at most `failures` and one more, which comes after the budget's time.
    """
    if len(streak) < budget.failures:
        return 0.0
    hold = budget.seconds if len(streak) == budget.failures else budget.memory
    return max(0.0, streak[-1] + hold - now)


def is_over(streak: Sequence[float], budget: Budget, now: float) -> bool:
    """Whether the directory has forgotten these failures by now."""
    return not streak or now - streak[-1] >= budget.memory
