"""What a usable policy should be told, as items of a check-up."""

from datetime import date

from ldap_token_bridge.policy import Policy
from ldap_token_bridge.policy.lint import lint_policy

from .item import Grade, Item


def lint_items(policy: Policy, today: date) -> list[Item]:
    """A warning for each finding; `today` in UTC."""
    return [
        Item(found.kind, Grade.WARNING, found.what, found.place, found.remedy) for found in lint_policy(policy, today)
    ]
