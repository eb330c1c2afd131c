"""Who may do one thing, as terms and combinations of terms: allowed to these, unless they are also those.

Exact for whoever everything is known of: nobody else is granted it, and of those named only the exceptions are not.
"""

from collections.abc import Iterable
from datetime import date

from ldap_token_bridge.registry import Access
from ldap_token_bridge.values import dataclass

from .clauses import Atoms, Meanings, alternatives, exclude_each_other
from .load import Policy
from .narrowing import holds_throughout
from .rules import Rule


@dataclass(frozen=True, slots=True)
class Exemption:
    """A deny rule that takes it away from whoever is all of `atoms` as well, within what narrows the rule.

    `atoms` are none if that is everyone whom it is an exception to; `whole` if it is so wherever they come from.
    """

    atoms: Atoms
    rule: Rule
    whole: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """Whoever is all of `atoms`, within what narrows the allow rule, is granted it, unless one of `unless` holds."""

    atoms: Atoms
    rule: Rule
    unless: tuple[Exemption, ...]

    @property
    def is_void(self) -> bool:
        """Whether a deny rule leaves nothing of it on that day."""
        return any(each.whole for each in self.unless)


@dataclass(frozen=True, slots=True)
class WhoCan:
    """The answer for one action on one resource, on the day `at`."""

    access: Access
    at: date
    grants: tuple[Grant, ...]


def who_can(policy: Policy, access: Access, at: date) -> WhoCan:
    """Who is granted the one action of `access`; rules that have ended by then are passed over."""
    meanings = Meanings(policy.groups, policy.families)
    (action,) = access.actions
    rules = [
        rule
        for rule in sorted(policy.rules, key=lambda rule: rule.id)
        if _in_time(rule, at) and (access.type == "registry" or action in rule.effective)
    ]
    ways = {rule: alternatives(rule, access, meanings) for rule in rules}
    denying = [(rule, atoms) for rule in rules if rule.reference.kind == "deny" for atoms in ways[rule]]
    grants = tuple(
        Grant(atoms, rule, exemptions(rule, atoms, denying, meanings))
        for rule in rules
        if rule.reference.kind == "allow"
        for atoms in ways[rule]
    )
    return WhoCan(access, at, grants)


def exemptions(
    rule: Rule, atoms: Atoms, denying: Iterable[tuple[Rule, Atoms]], meanings: Meanings
) -> tuple[Exemption, ...]:
    """The deny rules that can meet an allow rule's grant to whoever is all of `atoms`."""
    implied = meanings.implied(atoms)
    found: list[Exemption] = []
    for deny, other in denying:
        if exclude_each_other(atoms, other) or not _can_meet(rule, deny):
            continue
        missing = other - implied
        found.append(Exemption(missing, deny, not missing and holds_throughout(deny, rule)))
    return tuple(found)


def _in_time(rule: Rule, at: date) -> bool:
    return rule.until is None or at <= rule.until


def _can_meet(allow: Rule, deny: Rule) -> bool:
    """Whether one client can be within both rules' networks and services."""
    if allow.services is not None and deny.services is not None and not allow.services & deny.services:
        return False
    if allow.networks is None or deny.networks is None:
        return True
    return any(
        one.version == other.version and one.overlaps(other) for one in allow.networks for other in deny.networks
    )
