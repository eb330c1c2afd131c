"""Tables on a terminal, columns of plain text elsewhere."""

import os
import sys
from collections.abc import Sequence

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .common import printable

Rows = Sequence[tuple[str, ...]]
THROUGH = "through"
"""The head of a last column with long names: on a terminal it becomes a second line of the first column."""

_PADDING = 2  # between columns
_LEAST = 16  # for the first column, or all are folded


def print_table(head: tuple[str, ...], rows: Rows) -> None:
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


def _rich_table(head: tuple[str, ...], rows: Rows) -> None:
    if head and head[-1] == THROUGH:  # two long names side by side would leave no room for either
        head = head[:-1]
        rows = [(f"{row[0]}\n  {THROUGH} {row[-1]}" if row[-1] else row[0], *row[1:-1]) for row in rows]
    console = Console(highlight=False, no_color="NO_COLOR" in os.environ or None)
    table = Table(box=box.SIMPLE_HEAD if head else None, pad_edge=False, show_header=bool(head))
    keep_short = bool(head) and _room_for_first(head, rows, console.width) >= _LEAST
    for column in range(len(rows[0])):
        style = "" if head or column else "bold"
        no_wrap = keep_short and column > 0
        table.add_column(head[column] if head else "", overflow="fold", style=style, no_wrap=no_wrap)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    if not head:
        console.print()


def _room_for_first(head: tuple[str, ...], rows: Rows, width: int) -> int:
    """What is left for the first column beside the others, each on one line."""
    return width - sum(_PADDING + max(len(row[column]) for row in (head, *rows)) for column in range(1, len(head)))
