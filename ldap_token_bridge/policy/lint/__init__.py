"""What a usable policy should be told: rules without effect, names nobody has, grants wider than anyone means.

Every finding is exact: a rule is said to be covered only if that is proved. Where a proof would take too much work, a
notice says so.
"""

from collections.abc import Iterable
from datetime import date

from ldap_token_bridge.policy.load import Policy
from ldap_token_bridge.policy.proof import Work

from .dates import SOON_DAYS, ending_rules
from .effect import covered_rules, taken_away_rules
from .finding import Lint
from .lockout import everything_denied, nobody_allowed
from .names import hosts_in_names, impossible_names, unused_names
from .reach import open_to_all, words_of_two_places

__all__ = ["SOON_DAYS", "Lint", "ending_rules", "lasting_lints", "lint_policy"]

# Most proofs take a few hundred steps, unless rules were written to be hard.
_STEPS = 20_000_000
_STEPS_OF_RULE = 4_000
_STEPS_OF_PROOF = 1_000_000


def lint_policy(policy: Policy, today: date) -> tuple[Lint, ...]:
    """All findings, in the order of the file; `today` in UTC. Takes seconds for thousands of rules."""
    return _sorted((*ending_rules(policy.rules, today), *lasting_lints(policy, today)))


def lasting_lints(policy: Policy, today: date) -> tuple[Lint, ...]:
    """All but those about rules that end."""
    work = Work(_STEPS + len(policy.rules) * _STEPS_OF_RULE, _STEPS_OF_PROOF)
    return _sorted(
        (
            *nobody_allowed(policy, today),
            *everything_denied(policy.rules),
            *covered_rules(policy.rules, today, work),
            *taken_away_rules(policy.rules, today, work),
            *open_to_all(policy.rules),
            *words_of_two_places(policy.rules, policy.families),
            *unused_names(policy),
            *impossible_names(policy.rules),
            *hosts_in_names(policy.rules),
        )
    )


def _sorted(found: Iterable[Lint]) -> tuple[Lint, ...]:
    return tuple(sorted(found, key=lambda each: (each.place.file, each.place.line, each.kind)))
