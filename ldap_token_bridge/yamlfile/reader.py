"""YAML text to plain values with the place of each, without YAML's surprises.

Scalars follow the YAML 1.2 core schema: `no`, `on` and `12:30` are strings, a date stays the text that was written.
Duplicate keys, anchors, aliases and tags are problems: none of them has a use in these files, and each has misled
people (an alias can also grow a small file into gigabytes).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ldap_token_bridge.errors import Misconfigured, Place, Problem
from ldap_token_bridge.values import dataclass

from .bad_form import bad_form

# libyaml reads a policy of 10,000 rules an order of magnitude faster; both give the same marks.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)").fullmatch
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+").fullmatch
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 32
# A policy of 10,000 rules holds about 100,000; each takes half a kilobyte while the file is read.
MAX_VALUES = 500_000
# More than anybody reads at once.
MAX_PROBLEMS = 200

# The keys and list positions that lead from the top of a file to a value.
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values (dict, tuple, str, int, float, bool, None) and where each stands."""

    file: str
    value: Any
    places: dict[KeyPath, Place] = field(repr=False)
    key_places: dict[KeyPath, Place] = field(repr=False)

    def place(self, path: KeyPath) -> Place:
        """Where the value at `path` stands, or the nearest value around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(self.file, 1, 1))

    def key_place(self, path: KeyPath) -> Place:
        """Where the key that names the value at `path` stands."""
        return self.key_places.get(path) or self.place(path)


def read_text(path: Path, what: str) -> str:
    """The UTF-8 text of a file; raises Misconfigured, which calls the file `what`."""
    try:
        if not path.is_file() and path.exists() and not path.is_dir():
            raise Misconfigured.one(f"{what} is no file", str(path), "Name a file.")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise Misconfigured.one(
            f"{what} cannot be read: {reason}", str(path), "Check the path and the file's permissions."
        ) from None
    return decode_text(raw, str(path), what)


def decode_text(raw: bytes, file: str, what: str) -> str:
    """The same for bytes that were read already; `file` names them to people."""
    if len(raw) > MAX_BYTES:
        raise Misconfigured.one(
            f"{what} is larger than {MAX_BYTES // 1024**2} MiB", file, "No larger file is read: is it the right one?"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise Misconfigured.one(
            f"{what} is not UTF-8 text", Place(file, line, column), "Save the file as UTF-8."
        ) from None


def read_document(text: str, file: str) -> Document:
    """The values of the YAML in `text`; raises Misconfigured with every problem of form. `file` names it to people."""
    builder = _Builder(file)
    try:
        value = builder.build(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        raise Misconfigured([bad_form(error, text, file, _LOADER)]) from None
    if builder.problems:
        raise Misconfigured(builder.problems)
    return Document(file, value, builder.places, builder.key_places)


def resolve_scalar(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar stands for; environment variables are read by the same rule."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER(text) and len(text) <= 20:  # noqa: PLR2004 -- longer than any number these files hold
        return int(text)
    return float(text) if _FLOAT(text) else text


class _Builder:
    """Turns the parser's events into values; goes on after a problem, so that all are found in one pass.

    Nothing recurses deeper than `MAX_DEPTH`, and nothing that an alias stands for is ever built.
    """

    def __init__(self, file: str) -> None:
        self.places: dict[KeyPath, Place] = {}
        self.key_places: dict[KeyPath, Place] = {}
        self.problems: list[Problem] = []
        self._file = file
        self._events: Iterator[Any] = iter(())

    def build(self, events: Iterable[Any]) -> Any:
        """The value of the only document; None if there is none."""
        self._events = iter(events)
        value, documents = None, 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Misconfigured.one("not valid YAML: a second document begins here", self._place(event))
                value = self._value(next(self._events), ())
        return value

    def _value(self, event: Any, path: KeyPath) -> Any:
        place = self.places[path] = self._place(event)
        if len(self.places) > MAX_VALUES:
            raise Misconfigured.one(f"the file holds more than {MAX_VALUES:,} values", place, "Split it.")
        if isinstance(event, yaml.ScalarEvent):
            self._check_node(event)
            # libyaml calls a plain scalar '' where PyYAML says None; both have a truthy style for quotes and blocks.
            return event.value if event.style else resolve_scalar(event.value)
        if isinstance(event, yaml.AliasEvent):
            self._no_anchor(f"*{event.anchor}", event)
            return None
        if len(path) >= MAX_DEPTH:
            self._too_deep(event)
        self._check_node(event)
        if isinstance(event, yaml.MappingStartEvent):
            return dict(self._pairs(path))
        return tuple(self._items(path))

    def _items(self, path: KeyPath) -> Iterator[Any]:
        index = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._value(event, (*path, index))
            index += 1

    def _pairs(self, path: KeyPath) -> Iterator[tuple[str, Any]]:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._add("a key must be plain text", event, 'Put text that begins with { or [ in quotes: "{user}".')
                self._skip(event)
                self._skip(next(self._events))
                continue
            self._check_node(event)
            key = event.value
            key_path = (*path, key)
            first = self.key_places.get(key_path)
            following = next(self._events)
            if first is not None:
                self._add(f"the key {key!r} stands twice", event, f"It first stands in line {first.line}.")
                self._skip(following)
                continue
            if ":" in key and not event.style and _looks_glued(following):
                head = key.partition(":")[0]
                remedy = "Without it YAML reads the whole as one key."
                self._add(f"a space is missing after {head + ':'!r}", event, remedy)
                continue
            self.key_places[key_path] = self._place(event)
            yield key, self._value(following, key_path)

    def _skip(self, event: Any) -> None:
        """Pass over a value that belongs to no key."""
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return
            if depth > MAX_DEPTH:
                self._too_deep(event)
            event = next(self._events)

    def _too_deep(self, event: Any) -> NoReturn:
        raise Misconfigured.one(f"nested deeper than {MAX_DEPTH} levels", self._place(event))

    def _check_node(self, event: Any) -> None:
        """Neither a tag nor an anchor has a use in these files."""
        if event.anchor:
            self._no_anchor(f"&{event.anchor}", event)
        if event.tag:
            what = f"the tag {event.tag!r} is not supported"
            self._add(what, event, "Remove it; values are typed by their place.")

    def _no_anchor(self, sign: str, event: Any) -> None:
        remedy = "Write the value out in each place; if it is text that begins with this sign, put it in quotes."
        self._add(f"anchors and aliases are not supported: {sign}", event, remedy)

    def _add(self, what: str, event: Any, remedy: str = "") -> None:
        self.problems.append(Problem(what, self._place(event), remedy))
        if len(self.problems) >= MAX_PROBLEMS:
            raise Misconfigured(self.problems)

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)


def _looks_glued(event: Any) -> bool:
    """`{account:"x"}` is a mapping of the one key `account:"x"` to nothing."""
    return isinstance(event, yaml.ScalarEvent) and not event.value and not event.style
