"""The failures that are passed on, against what most directories lock an account at."""

from ldap_token_bridge.yamlfile import format_duration

from .findings import Findings

# What many domains lock an account at (CIS benchmarks for Windows), and how long Active Directory counts by default.
_USUAL_THRESHOLD = 5
_USUAL_WINDOW = 1800


def check_guard(found: Findings) -> None:
    """Against what most domains have; `check --connect` reads what this one has."""
    path, budget = ("guard", "account_failures"), found.examined.value.guard.account_failures
    if budget is None:
        found.warning(
            path,
            "guard.account_failures is off: clients that repeat wrong passwords can lock accounts",
            "Write a budget below the threshold of your directory, as in 3 per 15m.",
        )
    elif budget.in_a_row >= _USUAL_THRESHOLD:
        found.warning(
            path,
            f"guard.account_failures passes on {budget.in_a_row} wrong passwords in a row;"
            f" many directories lock an account after {_USUAL_THRESHOLD}",
            "Write at most 3, or compare it with your directory's own threshold: check --connect.",
        )
    elif budget.memory < _USUAL_WINDOW:
        found.warning(
            path,
            f"guard.account_failures forgets wrong passwords after {format_duration(budget.memory)};"
            f" Active Directory by default after {format_duration(_USUAL_WINDOW)}",
            "Write a time of 15m or longer, or half of what your directory has: check --connect.",
        )
