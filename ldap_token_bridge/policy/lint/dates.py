"""Rules that have ended, or will soon."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from ldap_token_bridge.policy.rules import Rule

from .finding import Lint

SOON_DAYS = 14


def ending_rules(rules: Iterable[Rule], today: date) -> Iterator[Lint]:
    """A deny rule among them would be missed without a word."""
    for rule in rules:
        if rule.until is None:
            continue
        place = rule.reference.place
        if rule.until < today:
            yield Lint("ended-rule", f"the rule {rule.id!r} has ended: until {rule.until}", place, "Remove it.")
        elif rule.until <= today + timedelta(days=SOON_DAYS):
            gone = "what it grants ends" if rule.reference.kind == "allow" else "what it takes away comes back"
            what = f"the rule {rule.id!r} ends soon: until {rule.until}; then {gone}"
            yield Lint("ending-rule", what, place, "Give it a later day, if that is not meant.")
