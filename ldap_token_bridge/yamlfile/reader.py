"""YAML text to plain values with the place of each, without YAML's surprises.

Scalars follow the YAML 1.2 core schema: `no`, `on` and `12:30` are strings, a date stays the text that was written.
Duplicate keys, anchors, aliases and tags are problems: none of them has a use in these files, and each has misled
people (an alias can also grow a small file into gigabytes).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ldap_token_bridge.errors import Misconfigured, Place, Problem

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
    if len(raw) > MAX_BYTES:
        raise Misconfigured.one(f"{what} is larger than {MAX_BYTES // 1024**2} MiB", str(path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise Misconfigured.one(
            f"{what} is not UTF-8 text", Place(str(path), line, column), "Save the file as UTF-8."
        ) from None


def read_document(text: str, file: str) -> Document:
    """The values of the YAML in `text`; raises Misconfigured with every problem of form. `file` names it to people."""
    try:
        _refuse_depth(text, file)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        # For an alias the problem is marked behind the sign, its context at the sign.
        is_alias = "alias" in (error.context or "") or "anchor" in (error.context or "")
        mark = (error.context_mark if is_alias else None) or error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        what = " ".join(part for part in (error.context, error.problem) if part)
        line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
        raise Misconfigured.one(f"not valid YAML: {what}", place, _remedy(what, line)) from None
    except yaml.YAMLError as error:
        raise Misconfigured.one(f"not valid YAML: {str(error).splitlines()[0]}", file) from None
    builder = _Builder(file)
    value = builder.build(root, ()) if root else None
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


def _refuse_depth(text: str, file: str) -> None:
    """Composing recurses, so depth, anchors and aliases are looked at first, in the flat stream of events."""
    depth = 0
    problems: list[Problem] = []
    for event in yaml.parse(text, Loader=_LOADER):
        place = _place(file, event)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise Misconfigured.one(f"nested deeper than {MAX_DEPTH} levels", place)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            remedy = "Write the value out in each place; if it is text that begins with this sign, put it in quotes."
            problems.append(Problem(f"anchors and aliases are not supported: {sign}{event.anchor}", place, remedy))
    if problems:
        raise Misconfigured(problems)


def _remedy(what: str, line: str) -> str:
    if "cannot start any token" in what and line.lstrip(" ").startswith("\t"):
        return "Indent with spaces, not tabs."
    if "mapping values are not allowed" in what:
        return "Put the text in quotes if it holds ': ', or check the indentation."
    if "alias" in what or "anchor" in what:
        return 'Put text that begins with * or & in quotes, as in "**".'
    return ""


class _Builder:
    """Turns nodes into values; keeps going after a problem so that all are found in one pass."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[KeyPath, Place] = {}
        self.key_places: dict[KeyPath, Place] = {}
        self.problems: list[Problem] = []

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        self.places[path] = _place(self.file, node)
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path))
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.build(item, (*path, index)) for index, item in enumerate(node.value))
        return self._scalar(node)

    def _pairs(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Any]]:
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._add("a key must be plain text", key_node, 'Put text that begins with { or [ in quotes: "{user}".')
                continue
            key = str(key_node.value)
            key_path = (*path, key)
            if key_path in self.key_places:
                self._add(
                    f"the key {key!r} stands twice",
                    key_node,
                    f"It first stands in line {self.key_places[key_path].line}.",
                )
                continue
            if ":" in key and not _is_quoted(key_node) and _looks_glued(value_node):
                head = key.partition(":")[0]
                self._add(
                    f"a space is missing after {head + ':'!r}", key_node, "Without it YAML reads the whole as one key."
                )
                continue
            self.key_places[key_path] = _place(self.file, key_node)
            yield key, self.build(value_node, key_path)

    def _scalar(self, node: yaml.Node) -> Any:
        if node.tag not in _CORE_TAGS:
            self._add(f"the tag {node.tag!r} is not supported", node, "Remove it; values are typed by their place.")
            return None
        return str(node.value) if _is_quoted(node) else resolve_scalar(node.value)

    def _add(self, what: str, node: yaml.Node, remedy: str = "") -> None:
        self.problems.append(Problem(what, _place(self.file, node), remedy))


def _place(file: str, marked: yaml.Node | yaml.Event) -> Place:
    mark: Any = marked.start_mark
    return Place(file, mark.line + 1, mark.column + 1)


def _is_quoted(node: Any) -> bool:
    # libyaml calls a plain scalar '' where PyYAML says None; both have a truthy style for quotes and blocks.
    return bool(node.style)


def _looks_glued(value: yaml.Node) -> bool:
    """`{account:"x"}` is a mapping of the one key `account:"x"` to nothing."""
    return isinstance(value, yaml.ScalarNode) and value.value == "" and not _is_quoted(value)


# What PyYAML's own resolver may write on a scalar that carries no tag of its own.
_CORE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)
