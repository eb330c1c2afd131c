"""Check-up items printed for people, programs, GitHub's log and code scanners."""

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ldap_token_bridge import __version__
from ldap_token_bridge.checkup import Grade, Item, exit_code

from .common import printable

FORMATS = ("text", "json", "github", "sarif")

_SIGNS = {Grade.FINE: "✓", Grade.WARNING: "!", Grade.FINDING: "✗", Grade.UNUSABLE: "✗"}
_PLAIN_SIGNS = {Grade.FINE: "ok", Grade.WARNING: "!", Grade.FINDING: "x", Grade.UNUSABLE: "x"}
_COLOURS = {Grade.FINE: "green", Grade.WARNING: "yellow", Grade.FINDING: "red", Grade.UNUSABLE: "red"}
_LEVELS = {Grade.WARNING: "warning", Grade.FINDING: "error", Grade.UNUSABLE: "error"}
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def print_items(items: Sequence[Item], output_format: str, code: int | None = None) -> None:
    """The items on stdout; `code` is what the program ends with, if that is not by the items alone."""
    render: Callable[[Sequence[Item]], str] = {
        "text": _text,
        "json": lambda items: json.dumps(_json(items, code), indent=2, ensure_ascii=False),
        "github": _github,
        "sarif": lambda items: json.dumps(_sarif(items), indent=2, ensure_ascii=False),
    }[output_format]
    click.echo(render(items))


def _text(items: Sequence[Item]) -> str:
    return "\n".join([*lines_of(items), _summary(items)])


def lines_of(items: Sequence[Item]) -> list[str]:
    """Each item for people: a line, and below it how to mend it."""
    lines = []
    for item in items:
        sign = click.style(_signs()[item.grade], fg=_COLOURS[item.grade], bold=True)
        place = f"{item.where}: " if item.where and item.grade is not Grade.FINE else ""
        lines.append(f"{sign} {item.topic}: {printable(place + item.what)}")
        if item.remedy:
            lines.append(f"    {printable(item.remedy)}")
    return lines


def _signs() -> dict[Grade, str]:
    """Signs that the terminal can show."""
    try:
        "✓✗".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _PLAIN_SIGNS
    return _SIGNS


def _summary(items: Sequence[Item]) -> str:
    bad = sum(item.grade >= Grade.FINDING for item in items)
    warnings = sum(item.grade is Grade.WARNING for item in items)
    counted = ((bad, "error"), (warnings, "warning"))
    counts = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counted if count]
    return ", ".join(counts) or "All is well."


def _json(items: Sequence[Item], code: int | None) -> dict[str, Any]:
    return {"exit_code": exit_code(items) if code is None else code, "items": objects_of(items)}


def objects_of(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Each item for programs."""
    return [
        {
            "topic": item.topic,
            "grade": item.grade.name.lower(),
            "what": item.what,
            "file": item.where.file if item.where else None,
            "line": item.where.line or None if item.where else None,
            "column": item.where.column or None if item.where else None,
            "remedy": item.remedy,
        }
        for item in items
    ]


def _github(items: Sequence[Item]) -> str:
    """Workflow commands: GitHub shows them at the line (GitHub Docs, "Workflow commands for GitHub Actions")."""
    lines = []
    for item in items:
        if item.grade is Grade.FINE:
            continue
        properties = {"title": item.topic}
        if item.where:
            properties |= {"file": item.where.file}
            properties |= {"line": str(item.where.line), "col": str(item.where.column)} if item.where.line else {}
        written = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
        message = "\n".join(part for part in (item.what, item.remedy) if part)
        lines.append(f"::{_LEVELS[item.grade]} {written}::{_escaped(message, '')}")
    return "\n".join([*lines, _summary(items)])


def _escaped(text: str, more: str) -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _sarif(items: Sequence[Item]) -> dict[str, Any]:
    """SARIF 2.1.0 (OASIS)."""
    found = [item for item in items if item.grade is not Grade.FINE]
    rules = [{"id": topic} for topic in dict.fromkeys(item.topic for item in found)]
    driver = {"name": "ldap-token-bridge", "version": __version__, "rules": rules}
    return {
        "$schema": _SARIF,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_sarif_result(item) for item in found]}],
    }


def _is_there(file: str) -> bool:
    with suppress(OSError):  # in a folder that this user may not enter
        return Path(file).exists()
    return False


def _sarif_result(item: Item) -> dict[str, Any]:
    message = ". ".join(part for part in (item.what, item.remedy) if part)
    result: dict[str, Any] = {"ruleId": item.topic, "level": _LEVELS[item.grade], "message": {"text": message}}
    where = item.where
    if where and _is_there(where.file):
        path = Path(where.file)
        location: dict[str, Any] = {
            "artifactLocation": {"uri": path.resolve().as_uri() if path.is_absolute() else path.as_posix()}
        }
        if where.line:
            location["region"] = {"startLine": where.line, "startColumn": max(where.column, 1)}
        result["locations"] = [{"physicalLocation": location}]
    return result
