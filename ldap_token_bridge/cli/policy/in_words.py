"""Rules, their conditions and their exceptions in words and as objects, as `who-can` and `what-can` show them."""

from collections.abc import Iterator
from typing import Any

from ldap_token_bridge.checkup.person import in_words
from ldap_token_bridge.cli.common import printable
from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.policy import Meanings, Rule
from ldap_token_bridge.policy.who_can import Exemption

_ROBOT_STATES = {
    Refusal.ROBOT_REVOKED: "the robot is revoked",
    Refusal.ROBOT_EXPIRED: "the robot has expired",
    Refusal.WRONG_CREDENTIALS: "there is no such robot",
}


def named(rule: Rule) -> str:
    """Which rule, where it stands, and what narrows it."""
    return printable(", ".join([str(rule.reference), *conditions(rule)]))


def conditions(rule: Rule) -> Iterator[str]:
    """What narrows a rule."""
    if rule.networks is not None:
        yield f"from {' or '.join(map(str, rule.networks))}"
    if rule.services is not None:
        yield f"for the service {' or '.join(sorted(rule.services))}"
    if rule.until is not None:
        yield f"until {rule.until}"


def exception_line(each: Exemption) -> str:
    """When a deny rule takes it away, and why."""
    who = f"unless also {' and '.join(map(str, sorted(each.atoms)))}" if each.atoms else "except"
    why = f": {each.rule.why}" if each.rule.why else ""
    return printable(f"{who}: {named(each.rule)}{why}")


def state_line(state: Refusal) -> str:
    """That an account which cannot log in gets nothing."""
    why = _ROBOT_STATES.get(state) or f"the account's state is: {in_words(state)}"
    return f"Nothing is granted now, whatever the policy says: {why}"


def rule_object(rule: Rule) -> dict[str, Any]:
    """A rule for programs."""
    place = rule.reference.place
    return {
        "rule": rule.id,
        "kind": rule.reference.kind,
        "why": rule.why or None,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "networks": None if rule.networks is None else [str(network) for network in rule.networks],
        "services": None if rule.services is None else sorted(rule.services),
        "until": rule.until.isoformat() if rule.until else None,
    }


def atom_objects(atoms: Any, meanings: Meanings) -> list[dict[str, Any]]:
    """Terms for programs, with the group's DN where they name one group."""
    return [
        {
            "term": f"{atom.kind}:{atom.name}" if atom.name else atom.kind,
            "word": atom.word or None,
            "group": meanings.group_dn(atom) or None,
        }
        for atom in sorted(atoms)
    ]


def exception_object(each: Exemption, meanings: Meanings) -> dict[str, Any]:
    """An exception for programs."""
    return {**rule_object(each.rule), "also": atom_objects(each.atoms, meanings), "everyone": each.whole}
