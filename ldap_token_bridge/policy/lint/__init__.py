"""What a usable policy should be told: rules without effect, names nobody has, grants wider than anyone means.

Every finding is exact: a rule is said to be covered only if that is proved. Where a proof would cost too much, nothing
is said.
"""

from collections.abc import Iterator
from datetime import date

from ldap_token_bridge.policy.load import Policy

from .dates import SOON_DAYS, ending_rules
from .effect import covered_rules, taken_away_rules
from .finding import Lint
from .names import impossible_names, unused_names
from .reach import open_to_all, words_of_two_places

__all__ = ["SOON_DAYS", "Lint", "ending_rules", "lint_policy"]


def lint_policy(policy: Policy, today: date) -> tuple[Lint, ...]:
    """All findings, in the order of the file; `today` in UTC. Takes seconds for thousands of rules."""
    return tuple(sorted(_findings(policy, today), key=lambda found: (found.place.file, found.place.line, found.kind)))


def _findings(policy: Policy, today: date) -> Iterator[Lint]:
    yield from ending_rules(policy.rules, today)
    yield from covered_rules(policy.rules, today)
    yield from taken_away_rules(policy.rules, today)
    yield from open_to_all(policy.rules)
    yield from words_of_two_places(policy.rules, policy.families)
    yield from unused_names(policy)
    yield from impossible_names(policy.rules)
