"""One policy file read into its entries, each with its place; what is broken is reported and left out.

Leaving out lets the checks across rules and files run on the rest, so that one run shows every problem.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from ldap_token_bridge.errors import Misconfigured, Place, Problem
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import Document, Model, read_document, validate, without_blanks

from .model import PolicyFile, RuleEntry, TestEntry
from .who import Who, parse_who

T = TypeVar("T")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's usable entries by the section they stand in, and every problem of its form."""

    document: Document
    content: PolicyFile | None  # None if anything in the file is broken
    problems: tuple[Problem, ...]
    readable: bool = True  # False if not even its names are known

    def rules(self, section: str) -> Iterator[tuple[int, RuleEntry]]:
        """The rules under `allow` or `deny` with their positions."""
        whole = None
        if self.content is not None:
            whole = self.content.allow if section == "allow" else self.content.deny
        return _items(self._value(section), whole, RuleEntry)

    def ids(self, section: str) -> Iterator[tuple[Place, str]]:
        """The ids under `allow` or `deny`, also of rules that are broken elsewhere."""
        for number, item in self._mappings(section):
            if isinstance(item.get("id"), str):
                yield self.place(section, number, "id"), item["id"]

    def terms(self, section: str) -> Iterator[tuple[Place, Who]]:
        """The usable terms of `who` under `allow` or `deny`, also of rules that are broken elsewhere."""
        for number, item in self._mappings(section):
            terms = item.get("who")
            for position, term in enumerate(terms if isinstance(terms, tuple) else ()):
                with suppress(ValueError):
                    yield self.place(section, number, "who", position), parse_who(term)

    def tests(self) -> Iterator[tuple[int, TestEntry]]:
        """The tests with their positions."""
        whole = None if self.content is None else self.content.tests
        return _items(self._value("tests"), whole, TestEntry)

    def names(self, section: str) -> Iterator[str]:
        """The names defined under `groups` or `families`, usable or not."""
        value = self._value(section)
        return iter(value if isinstance(value, dict) else ())

    def definitions(self, section: str, parse: Callable[[Any], T]) -> Iterator[tuple[str, T]]:
        """The usable definitions under `groups` or `families`."""
        for name in self.names(section):
            try:
                yield name, parse(self._value(section)[name])
            except ValueError:
                continue

    def place(self, *path: str | int) -> Place:
        """Where the value at `path` stands."""
        return self.document.place(path)

    def key_place(self, *path: str | int) -> Place:
        """Where the key at `path` stands."""
        return self.document.key_place(path)

    def _mappings(self, section: str) -> Iterator[tuple[int, dict[str, Any]]]:
        value = self._value(section)
        items = enumerate(value if isinstance(value, tuple) else ())
        return ((number, item) for number, item in items if isinstance(item, dict))

    def _value(self, section: str) -> Any:
        value = self.document.value
        return value.get(section) if isinstance(value, dict) else None


def read_source(file: str, text: str) -> Source:
    """The file's entries; never raises for what is in the file."""
    try:
        document = read_document(text, file)
    except Misconfigured as broken:
        return Source(Document(file, None, {}, {}), None, broken.problems, readable=False)
    if document.value is None:
        empty = Problem("the file is empty", Place(file, 1, 1), "A policy begins with 'version: 1'.")
        return Source(document, None, (empty,), readable=False)
    document, problems = without_blanks(document)
    content = None
    try:
        content = validate(document, PolicyFile)
    except Misconfigured as broken:
        problems += broken.problems
    return Source(document, content, problems)


def _items(value: Any, whole: tuple[M, ...] | None, model: type[M]) -> Iterator[tuple[int, M]]:
    if whole is not None:
        yield from enumerate(whole)
        return
    for number, item in enumerate(value if isinstance(value, tuple) else ()):
        try:
            yield number, model.model_validate(item)
        except ValueError:  # reported when the whole file was held against its model
            continue
