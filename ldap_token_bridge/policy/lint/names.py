"""Names that nobody uses, and names that nobody and nothing has."""

import unicodedata
from collections.abc import Iterable, Iterator

from ldap_token_bridge.dn import fold
from ldap_token_bridge.identity import is_robot_name
from ldap_token_bridge.policy.load import Policy
from ldap_token_bridge.policy.pattern import Exact
from ldap_token_bridge.policy.rules import Rule
from ldap_token_bridge.registry import host_of

from .finding import Lint


def unused_names(policy: Policy) -> Iterator[Lint]:
    """Groups and families that no rule names: most often a rule names another one by mistake."""
    used = {(who.kind, fold(who.name)) for rule in policy.rules for who in rule.who}
    for group in policy.groups:
        if ("group", fold(group.name)) not in used:
            yield Lint("unused-name", f"no rule names the group {group.name!r}", group.place, "Use it, or remove it.")
    for family in policy.families:
        if ("family", fold(family.name)) not in used:
            what = f"no rule names the family {family.name!r}"
            yield Lint("unused-name", what, family.place, "Use it, or remove it.")


def impossible_names(rules: Iterable[Rule]) -> Iterator[Lint]:
    """Terms that no login can meet, so that their rule never holds for anybody."""
    for rule in rules:
        for who in rule.who:
            fault = ""
            if who.kind == "user":
                fault = _fault_of_user(who.name)
            elif who.kind == "robot" and not is_robot_name(who.name):
                fault = "robots' names hold only a-z, 0-9, '.', '_' and '-': write it in lower case"
            if fault:
                what = f"the rule {rule.id!r} names {str(who)!r}, whom no login can be"
                yield Lint("impossible-name", what, rule.reference.place, f"{fault[0].upper()}{fault[1:]}.")


def hosts_in_names(rules: Iterable[Rule]) -> Iterator[Lint]:
    """Patterns that begin with the registry's own host, as images' names do, and names in the registry never do.

    Other hosts are left alone: a mirror may keep `quay.io/app`.
    """
    services = {service for rule in rules for service in rule.services or ()}
    for rule in rules:
        for placed in rule.patterns:
            host = host_of(placed.pattern.text) if isinstance(placed.pattern.segments[0], Exact) else ""
            if ":" in host or host in services:
                what = f"the rule {rule.id!r} begins a pattern with the host {host!r}"
                remedy = "A registry leaves its own host out of names: write what follows it."
                yield Lint("host-in-name", what, placed.place, remedy)


def _fault_of_user(name: str) -> str:
    if "\\" in name:
        return f"an account stands without its domain: write user:{name.rpartition(chr(92))[2]}"
    if name.startswith("robot+"):
        return f"a robot is named as robot:{name.removeprefix('robot+')}"
    if unicodedata.normalize("NFC", name) != name:
        return "its letters are written with separate accents, which no account's are: type the name anew"
    return ""
