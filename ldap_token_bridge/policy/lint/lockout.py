"""Policies by which nobody may do anything: they can be used, and stop every deployment."""

from collections.abc import Iterable, Iterator
from datetime import date

from ldap_token_bridge.errors import Place
from ldap_token_bridge.policy.load import Policy
from ldap_token_bridge.policy.model import ACTIONS
from ldap_token_bridge.policy.pattern import Deep
from ldap_token_bridge.policy.rules import Rule
from ldap_token_bridge.policy.who import ANYONE, SIGNED_IN

from .finding import Lint


def nobody_allowed(policy: Policy, today: date) -> Iterator[Lint]:
    """No allow rule is left, as in a file that was cut short."""
    allowing = [rule for rule in policy.rules if rule.reference.kind == "allow"]
    if any(rule.until is None or rule.until >= today for rule in allowing):
        return
    why = "every allow rule has ended" if allowing else "there is no allow rule"
    place = allowing[0].reference.place if allowing else Place(policy.files[0])
    remedy = "Was the file cut short? Add a rule under 'allow'."
    yield Lint("nobody-allowed", f"nobody may do anything: {why}", place, remedy)


def everything_denied(rules: Iterable[Rule]) -> Iterator[Lint]:
    """Deny rules that leave nobody anything, or nobody who signs in."""
    for rule in rules:
        if rule.reference.kind != "deny" or rule.narrows or not _is_whole(rule):
            continue
        kinds = {who.kind for who in rule.who}
        if not kinds & {ANYONE, SIGNED_IN}:
            continue
        whom = "everyone" if ANYONE in kinds else "everyone who signs in"
        what = f"the rule {rule.id!r} takes everything from {whom}"
        remedy = "Name a group or a user in 'who', a part of the names, or some of the actions."
        yield Lint("everything-denied", what, rule.reference.place, remedy)


def _is_whole(rule: Rule) -> bool:
    return rule.effective >= set(ACTIONS) and any(placed.pattern.segments == (Deep(),) for placed in rule.patterns)
