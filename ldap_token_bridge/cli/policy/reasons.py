"""An explanation printed: tables on a terminal, plain lines elsewhere, JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from ldap_token_bridge.checkup.person import in_words
from ldap_token_bridge.cli.common import printable
from ldap_token_bridge.cli.table import THROUGH, print_table
from ldap_token_bridge.errors import Place
from ldap_token_bridge.identity import Group, Subject, SubjectKind
from ldap_token_bridge.policy import DenyReason, Granted, Policy, Rule, RuleReference
from ldap_token_bridge.policy.explain import ActionReasons, Explanation, Holding, Miss
from ldap_token_bridge.registry import Access

from .in_words import state_line
from .subject import Asked

# Near misses that are shown of one action; whoever has more of them wants --all.
_MOST_NEAR = 8
_COLOURS = {"granted": "green", "taken away": "red", "not granted": "red"}


def print_reasons(asked: Asked, explanation: Explanation, output_format: str, *, show_all: bool) -> None:
    """On stdout."""
    if output_format == "json":
        click.echo(json.dumps(_as_json(asked, explanation), indent=2, ensure_ascii=False))
        return
    print_table((), [row for row in _facts(asked, explanation) if row[1]])
    subject = explanation.question.subject
    if subject and subject.groups:
        rows = [_group_row(asked.policy, subject, group) for group in subject.groups]
        print_table(("group", "reached", "in policy", THROUGH), rows)
    for access, reasons in explanation.accesses:
        for actions, each in _alike(reasons):
            for line in _lines(access, actions, each, show_all=show_all):
                click.echo(line)
    if asked.state:
        click.echo(f"\n{state_line(asked.state)}")


def _facts(asked: Asked, explanation: Explanation) -> Sequence[tuple[str, ...]]:
    question = explanation.question
    subject = question.subject
    return [
        ("subject", f"{subject.kind} {subject.name}" if subject else "an anonymous client"),
        ("state", in_words(asked.state) if asked.state and subject and subject.kind is SubjectKind.USER else ""),
        ("service", question.service or "not known"),
        ("address", str(question.address or "not known")),
        ("time", f"{question.now:%Y-%m-%d %H:%M} UTC"),
        ("policy", asked.policy.hash),
    ]


def _group_row(policy: Policy, subject: Subject, group: Group) -> tuple[str, ...]:
    return group.dn or group.sid, group.path, ", ".join(_terms(policy, subject, group)), group.via


def _terms(policy: Policy, subject: Subject, group: Group) -> list[str]:
    """What one group means to the policy."""
    met = policy.memberships(Subject(subject.kind, subject.name, (group,)))
    return [f"{term} {{{word}}}" if word else term for term, word in met]


def _alike(reasons: Sequence[ActionReasons]) -> Iterator[tuple[str, ActionReasons]]:
    """Actions that are decided alike for the same reasons, told once."""
    told: dict[Any, tuple[list[str], ActionReasons]] = {}
    for each in reasons:
        key = (type(each.verdict), each.verdict.rules, _word(each), each.allowing, each.denying, _near_misses(each))
        told.setdefault(key, ([], each))[0].append(each.verdict.action)
    return ((", ".join(actions), each) for actions, each in told.values())


def _near_misses(each: ActionReasons) -> tuple[Miss, ...]:
    """The allow rules to look at where nothing grants it, those first whose patterns fit furthest."""
    if _word(each) != "not granted":
        return ()
    near = [miss for miss in each.misses if miss.is_near and miss.rule.reference.kind == "allow"]
    return tuple(sorted(near, key=lambda miss: -miss.depth))


def _word(each: ActionReasons) -> str:
    if isinstance(each.verdict, Granted):
        return "granted"
    return "taken away" if each.verdict.reason is DenyReason.TAKEN_AWAY else "not granted"


def _lines(access: Access, actions: str, each: ActionReasons, *, show_all: bool) -> Iterator[str]:
    word = _word(each)
    what = "list all repositories" if access.type == "registry" else f"{actions} {access.name}"
    yield f"{printable(what)}: {click.style(word, fg=_COLOURS[word], bold=True)}"
    if word == "granted":
        yield from (f"    by {_named(holding.rule)}" for holding in each.allowing)
    elif word == "taken away":
        yield from (line for holding in each.denying for line in _taking(holding))
        yield from (f"    would be granted by {_named(holding.rule)}" for holding in each.allowing)
    else:
        yield "    no allow rule grants it"
    shown = _near_misses(each)
    if show_all:
        shown = tuple(sorted(each.misses, key=lambda miss: len(miss.obstacles)))
    most = len(shown) if show_all else _MOST_NEAR
    for miss in shown[:most]:
        yield f"    {'near: ' if miss.is_near else 'far: '}{_named(miss.rule)}"
        yield from (f"        {_placed(obstacle.text, obstacle.place, miss.rule)}" for obstacle in miss.obstacles)
    more = sum(miss.rule.reference.kind == "allow" for miss in each.misses) - min(len(shown), most)
    if word == "not granted" and more and not show_all:
        yield f"    {more} more allow rule{'' if more == 1 else 's'}: --all shows what each lacks"


def _taking(holding: Holding) -> Iterator[str]:
    yield f"    by {_named(holding.rule)}{': ' if holding.rule.why else ''}{printable(holding.rule.why)}"
    yield from (f"        it counts since this is not known: {printable(doubt)}" for doubt in holding.doubts)


def _named(rule: Rule) -> str:
    until = f", until {rule.until}" if rule.until else ""
    return printable(f"{rule.reference}{until}")


def _placed(text: str, place: Place, rule: Rule) -> str:
    """The text, with its place if that is not the rule's own."""
    return printable(text if place == rule.reference.place else f"{text} ({place})")


def _as_json(asked: Asked, explanation: Explanation) -> dict[str, Any]:
    question, subject = explanation.question, explanation.question.subject
    return {
        "policy": asked.policy.hash,
        "subject": {"kind": subject.kind.value, "name": subject.name} if subject else None,
        "state": asked.state.value if asked.state else None,
        "service": question.service or None,
        "address": str(question.address) if question.address else None,
        "time": question.now.isoformat(),
        "groups": []
        if subject is None
        else [
            {
                "dn": group.dn or None,
                "sid": group.sid or None,
                "reached": group.path,
                "through": group.via or None,
                "terms": _terms(asked.policy, subject, group),
            }
            for group in subject.groups
        ],
        "access": [
            {"type": access.type, "name": access.name, "actions": [_action(each) for each in reasons]}
            for access, reasons in explanation.accesses
        ],
    }


def _action(each: ActionReasons) -> dict[str, Any]:
    verdict = each.verdict
    return {
        "action": verdict.action,
        "granted": isinstance(verdict, Granted),
        "reason": None if isinstance(verdict, Granted) else verdict.reason.value,
        "deciding": [_reference(reference) for reference in verdict.rules],
        "allowing": [_holding(holding) for holding in each.allowing],
        "denying": [_holding(holding) for holding in each.denying],
        "misses": [
            {
                **_reference(miss.rule.reference),
                "near": miss.is_near,
                "lacks": [
                    {"what": obstacle.kind.value, "text": obstacle.text, **_place(obstacle.place)}
                    for obstacle in miss.obstacles
                ],
            }
            for miss in each.misses
        ],
    }


def _holding(holding: Holding) -> dict[str, Any]:
    rule = holding.rule
    return {**_reference(rule.reference), "why": rule.why or None, "not_known": list(holding.doubts)}


def _reference(reference: RuleReference) -> dict[str, Any]:
    return {"rule": reference.id, "kind": reference.kind, **_place(reference.place)}


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}
