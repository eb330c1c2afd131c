"""What `policy diff` prints."""

import json
from datetime import date
from itertools import groupby
from typing import Any

import click

from ldap_token_bridge.cli.common import printable
from ldap_token_bridge.identity import Subject
from ldap_token_bridge.policy import Denied, DenyReason, Verdict
from ldap_token_bridge.policy.proof.diff import Difference, Gap, PolicyDiff
from ldap_token_bridge.values import dataclass

_VERBS = {"gain": "gains", "loss": "loses"}
_COLOURS = {"gain": "yellow", "loss": "cyan"}


@dataclass(frozen=True, slots=True)
class Compared:
    """Two policies, by the names they were called by and their hashes, and what came of it."""

    old: str
    new: str
    old_hash: str
    new_hash: str
    since: date
    found: PolicyDiff


def print_diff(compared: Compared, output_format: str) -> None:
    """On stdout: for people grouped by classes of subjects, for programs one object."""
    found = compared.found
    if output_format == "json":
        click.echo(json.dumps(_as_json(compared), indent=2, ensure_ascii=False))
        return
    for who, differences in groupby(found.differences, key=lambda each: each.who):
        click.echo(click.style(printable(" and ".join(who)), bold=True))
        for each in differences:
            verb = click.style(_VERBS[each.change], fg=_COLOURS[each.change])
            what = printable(f"{each.action} {each.repository}".strip() + _when(each))
            click.echo(f"  {verb} {what}")
            click.echo(f"    before  {printable(_verdict(each.before))}")
            click.echo(f"    after   {printable(_verdict(each.after))}")
        click.echo()
    for gap in found.gaps:
        click.echo(f"not proved: {printable(_gap(gap))}")
    click.echo(_summary(compared))


def _summary(compared: Compared) -> str:
    found = compared.found
    if found.equivalent:
        return f"Equivalent, proved: from {compared.since} on every request has the same outcome."
    counts = [
        f"{count} {one if count == 1 else more}"
        for one, more, count in (
            ("gain", "gains", sum(each.change == "gain" for each in found.differences)),
            ("loss", "losses", sum(each.change == "loss" for each in found.differences)),
            ("question not proved", "questions not proved", len(found.gaps)),
        )
        if count
    ]
    proved = "" if found.gaps else " Proved: there are no others."
    return f"{', '.join(counts)}, from {compared.since} on.{proved}"


def _gap(gap: Gap) -> str:
    who = " and ".join(gap.who) or "anybody else"
    return f"that {who} {_VERBS[gap.change]} {gap.action} nowhere: {gap.bound}"


def _when(each: Difference) -> str:
    """The rest of the request, as far as the policies ask for it."""
    context = each.context
    parts = [f"{'account' if term == 'user' else term} {word}" for term, word in each.words]
    if "address" in context.told:
        parts.append(f"from {context.address or 'an unknown address'}")
    if "service" in context.told:
        parts.append(f"for {context.service or 'an unknown service'}")
    if "day" in context.told:
        parts.append(f"on {context.day}")
    return f" ({', '.join(parts)})" if parts else ""


def _verdict(verdict: Verdict) -> str:
    if isinstance(verdict, Denied) and verdict.reason is DenyReason.NO_RULE:
        return "no rule"
    said = "denied by" if isinstance(verdict, Denied) else "allowed by"
    return f"{said} {', '.join(f'{rule.id} ({rule.place.file}:{rule.place.line})' for rule in verdict.rules)}"


def _as_json(compared: Compared) -> dict[str, Any]:
    found = compared.found
    return {
        "old": {"policy": compared.old, "hash": compared.old_hash},
        "new": {"policy": compared.new, "hash": compared.new_hash},
        "from": compared.since.isoformat(),
        "equivalent": found.equivalent,
        "proved": not found.gaps,
        "gains": sum(each.change == "gain" for each in found.differences),
        "losses": sum(each.change == "loss" for each in found.differences),
        "differences": [_difference_object(each) for each in found.differences],
        "not_proved": [
            {"who": list(gap.who), "change": gap.change, "action": gap.action, "bound": gap.bound} for gap in found.gaps
        ],
    }


def _difference_object(each: Difference) -> dict[str, Any]:
    context = each.context
    return {
        "who": list(each.who),
        "change": each.change,
        "action": each.action,
        "repository": each.repository or None,
        "example": {
            "subject": _subject_object(each.subject),
            "address": str(context.address) if context.address else None,
            "service": context.service or None,
            "day": context.day.isoformat(),
        },
        "before": _verdict_object(each.before),
        "after": _verdict_object(each.after),
    }


def _subject_object(subject: Subject | None) -> dict[str, Any] | None:
    if subject is None:
        return None
    groups = [{"dn": group.dn, "sid": group.sid} for group in subject.groups]
    return {"kind": subject.kind.value, "account": subject.name, "groups": groups}


def _verdict_object(verdict: Verdict) -> dict[str, Any]:
    return {
        "granted": not isinstance(verdict, Denied),
        "reason": verdict.reason.value if isinstance(verdict, Denied) else None,
        "rules": [
            {
                "rule": rule.id,
                "kind": rule.kind,
                "file": rule.place.file,
                "line": rule.place.line,
                "column": rule.place.column,
            }
            for rule in verdict.rules
        ],
    }
