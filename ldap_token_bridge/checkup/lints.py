"""What a usable policy should be told, as items of a check-up."""

from collections.abc import Iterable
from datetime import date

from ldap_token_bridge.policy import Policy
from ldap_token_bridge.policy.lint import Lint, lasting_lints, lint_policy

from .item import Grade, Item


def lint_items(policy: Policy, today: date) -> list[Item]:
    """A warning for each finding; `today` in UTC. What could not be looked for is no warning, but told."""
    return _items(lint_policy(policy, today))


def lasting_items(policy: Policy, today: date) -> list[Item]:
    """The same without rules that end, of which `read_policy` tells."""
    return _items(lasting_lints(policy, today))


def _items(found: Iterable[Lint]) -> list[Item]:
    return [
        Item(each.kind, Grade.WARNING if each.proved else Grade.FINE, each.what, each.place, each.remedy)
        for each in found
    ]
