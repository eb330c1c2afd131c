"""What `whoami` found, printed: tables on a terminal, plain lines elsewhere, JSON for programs."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ldap_token_bridge.checkup import Whoami, in_words
from ldap_token_bridge.identity import Group

from .common import printable
from .items import lines_of, objects_of

_Rows = Sequence[tuple[str, ...]]
_THROUGH = "through"


def print_person(person: Whoami, output_format: str) -> None:
    """On stdout."""
    if output_format == "json":
        click.echo(json.dumps(_as_json(person), indent=2, ensure_ascii=False))
        return
    facts = _facts(person)
    if facts:
        _table((), facts)
    if person.groups:
        _table(("group", "SID", "reached", _THROUGH), [_group_row(group) for group in person.groups])
    if person.stages:
        rows = [(stage.name, str(stage.round_trips), f"{stage.milliseconds:.1f}") for stage in person.stages]
        _table(("step", "round trips", "ms"), rows)
    for line in lines_of(
        [replace(item, what=printable(item.what), remedy=printable(item.remedy)) for item in person.items]
    ):
        click.echo(line)
    for dn in person.rivals:
        click.echo(f"    {printable(dn)}")


def _facts(person: Whoami) -> _Rows:
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
        rows.append(("password", f"{person.bind.words} ({person.bind.said})"))
    if person.groups is not None:
        rows.append(("groups", str(len(person.groups))))
        rows.append(("in policy", ", ".join(_membership(*each) for each in person.memberships) or "no group it names"))
    return [row for row in rows if row[1]]


def _membership(term: str, word: str) -> str:
    return f"{term} {{{word}}}" if word else term


def _group_row(group: Group) -> tuple[str, ...]:
    return group.dn or "(no DN known)", group.sid, group.path, group.via


def _table(head: tuple[str, ...], rows: _Rows) -> None:
    """Columns without content are left out. Nothing is cut: a terminal folds, other outputs have long lines."""
    rows = [tuple(map(printable, row)) for row in rows]
    used = [column for column in range(len(rows[0])) if any(row[column] for row in rows)]
    head = tuple(head[column] for column in used) if head else ()
    rows = [tuple(row[column] for column in used) for row in rows]
    if sys.stdout.isatty():
        _rich_table(head, rows)
        return
    shown = [head, *rows] if head else rows
    widths = [max(len(row[column]) for row in shown) for column in range(len(used))]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    click.echo()


def _rich_table(head: tuple[str, ...], rows: _Rows) -> None:
    if head and head[-1] == _THROUGH:  # two long names side by side would leave no room for either
        head = head[:-1]
        rows = [(f"{row[0]}\n  {_THROUGH} {row[-1]}" if row[-1] else row[0], *row[1:-1]) for row in rows]
    table = Table(box=box.SIMPLE_HEAD if head else None, pad_edge=False, show_header=bool(head))
    for column in range(len(rows[0])):
        style = "" if head or column else "bold"
        is_short = bool(head) and column > 0
        table.add_column(head[column] if head else "", overflow="fold", style=style, no_wrap=is_short)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(highlight=False, no_color="NO_COLOR" in os.environ or None)
    console.print(table)
    if not head:
        console.print()


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
        "password": None if bind is None else {"refused": bind.refusal and bind.refusal.value, "said": bind.said},
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
