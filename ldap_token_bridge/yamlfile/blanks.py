"""Keys without a value: `networks:` with nothing behind it must not pass for a key that is left out."""

from dataclasses import replace
from typing import Any

from ldap_token_bridge.errors import Problem

from .reader import Document, KeyPath


def without_blanks(document: Document) -> tuple[Document, tuple[Problem, ...]]:
    """The document without the keys that have no value, and a problem for each."""
    problems: list[Problem] = []
    value = _kept(document, document.value, (), problems)
    return replace(document, value=value), tuple(problems)


def _kept(document: Document, value: Any, path: KeyPath, problems: list[Problem]) -> Any:
    if isinstance(value, tuple):
        return tuple(_kept(document, item, (*path, number), problems) for number, item in enumerate(value))
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for key, item in value.items():
        here = (*path, key)
        if item is None:
            what = f"the key {key!r} has no value"
            problems.append(Problem(what, document.key_place(here), "Write its value, or remove the key."))
        else:
            kept[key] = _kept(document, item, here, problems)
    return kept
