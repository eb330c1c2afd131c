"""What `whoami` found, printed: tables on a terminal, plain lines elsewhere, JSON for programs."""

import json
from dataclasses import replace
from typing import Any

import click

from ldap_token_bridge.checkup.person import Whoami, in_words
from ldap_token_bridge.identity import Group

from .common import printable
from .items import lines_of, objects_of
from .table import THROUGH, Rows, print_table


def print_person(person: Whoami, output_format: str) -> None:
    """On stdout."""
    if output_format == "json":
        click.echo(json.dumps(_as_json(person), indent=2, ensure_ascii=False))
        return
    facts = _facts(person)
    if facts:
        print_table((), facts)
    if person.groups:
        print_table(("group", "SID", "reached", THROUGH), [_group_row(group) for group in person.groups])
    if person.stages:
        rows = [(stage.name, str(stage.round_trips), f"{stage.milliseconds:.1f}") for stage in person.stages]
        print_table(("step", "round trips", "ms"), rows)
    for line in lines_of(
        [replace(item, what=printable(item.what), remedy=printable(item.remedy)) for item in person.items]
    ):
        click.echo(line)
    for dn in person.rivals:
        click.echo(f"    {printable(dn)}")


def _facts(person: Whoami) -> Rows:
    rows: list[tuple[str, ...]] = []
    if person.account:
        rows = [
            ("account", person.account.name),
            ("DN", person.account.dn),
            ("unique id", person.account.unique_id),
            ("SID", person.sid),
            ("state", in_words(person.state)),
        ]
    if person.bind:
        said = f" ({person.bind.said})" if person.bind.said else ""
        rows.append(("password", f"{person.bind.words}{said}"))
    if person.groups is not None:
        rows.append(("groups", str(len(person.groups))))
        rows.append(("in policy", ", ".join(_membership(*each) for each in person.memberships) or "no group it names"))
    return [row for row in rows if row[1]]


def _membership(term: str, word: str) -> str:
    return f"{term} {{{word}}}" if word else term


def _group_row(group: Group) -> tuple[str, ...]:
    return group.dn or "(no DN known)", group.sid, group.path, group.via


def _as_json(person: Whoami) -> dict[str, Any]:
    account, bind = person.account, person.bind
    return {
        "exit_code": person.exit_code,
        "typed": person.typed,
        "account": account.name if account else None,
        "dn": account.dn if account else None,
        "unique_id": account.unique_id if account else None,
        "sid": person.sid or None,
        "state": (person.state.value if person.state else "fine") if account else None,
        "password": None
        if bind is None
        else {"refused": bind.refusal and bind.refusal.value, "said": bind.said, "not_tried": bind.untried or None},
        "groups": None if person.groups is None else [_group_object(group) for group in person.groups],
        "policy": {"hash": person.policy, "memberships": [_term_object(*each) for each in person.memberships]},
        "ambiguous": list(person.rivals),
        "steps": [
            {"name": stage.name, "round_trips": stage.round_trips, "ms": round(stage.milliseconds, 3)}
            for stage in person.stages
        ],
        "items": objects_of(person.items),
    }


def _group_object(group: Group) -> dict[str, str | None]:
    return {"dn": group.dn or None, "sid": group.sid or None, "reached": group.path, "through": group.via or None}


def _term_object(term: str, word: str) -> dict[str, str | None]:
    return {"term": term, "word": word or None}
