"""docs/openapi.yaml as a value: its operations, and whether an answer is one that it describes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from .documents import ROOT

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


@dataclass(frozen=True)
class Operation:
    """One method of one path; `description` has every reference filled in."""

    path: str
    method: str
    description: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def tags(self) -> frozenset[str]:
        """On which listeners it is served."""
        return frozenset(self.description["tags"])

    @property
    def statuses(self) -> frozenset[int]:
        """Every status that it may be answered with."""
        return frozenset(map(int, self.description["responses"]))

    def faults(self, status: int, headers: Mapping[str, str], body: Any) -> list[str]:
        """What of an answer is not as the document says; `body` is text, or what its JSON holds."""
        response = self.description["responses"].get(str(status))
        if response is None:
            return [f"status {status} is not described"]
        return [*_header_faults(response, headers), *_body_faults(response, headers, body)]


@dataclass(frozen=True)
class ApiDocument:
    """The document as it is written."""

    raw: Mapping[str, Any]

    @cached_property
    def whole(self) -> dict[str, Any]:
        """With every reference filled in; there are no circles."""
        filled: dict[str, Any] = self._filled(self.raw)
        return filled

    @property
    def operations(self) -> Iterator[Operation]:
        """All of them, in the document's order."""
        for path, item in self.whole["paths"].items():
            for method in METHODS:
                if method in item:
                    yield Operation(path, method.upper(), item[method])

    def operation(self, method: str, path: str) -> Operation:
        """The one of that name."""
        return next(each for each in self.operations if (each.method, each.path) == (method, path))

    def error_faults(self, body: Any) -> list[str]:
        """What of an error's body is not as the document says."""
        return _schema_faults(self.whole["components"]["schemas"]["Error"], body, "body")

    def schemas(self) -> Iterator[Mapping[str, Any]]:
        """Every schema that is written in it, wherever."""
        yield from _schemas(self.whole)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            assert set(value) == {"$ref"}, f"nothing beside a reference is read: {value}"
            return self._filled(self._target(value["$ref"]))
        return {name: self._filled(each) for name, each in value.items()}

    def _target(self, reference: str) -> Any:
        found: Any = self.raw
        assert reference.startswith("#/"), f"only references within the document: {reference}"
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return found


def api_document() -> ApiDocument:
    """docs/openapi.yaml."""
    return ApiDocument(yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8")))


def _header_faults(response: Mapping[str, Any], headers: Mapping[str, str]) -> list[str]:
    """Headers that are missing or hold something else."""
    sent = {name.lower(): value for name, value in headers.items()}
    faults = []
    for name, described in response.get("headers", {}).items():
        if name.lower() in sent:
            faults += _schema_faults(described["schema"], sent[name.lower()], name)
        elif described.get("required"):
            faults.append(f"{name} is missing")
    return faults


def _body_faults(response: Mapping[str, Any], headers: Mapping[str, str], body: Any) -> list[str]:
    message = Message()
    message["Content-Type"] = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    kind = message.get_content_type()
    described = response.get("content", {})
    if kind not in described:
        return [f"the type {kind} is not described"]
    return _schema_faults(described[kind]["schema"], body, "body")


def _schema_faults(schema: Mapping[str, Any], value: Any, name: str) -> list[str]:
    return [
        f"{name}{error.json_path[1:]}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)
    ]


def _schemas(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("schema"), dict):
            yield value["schema"]
        if isinstance(value.get("schemas"), dict):
            yield from value["schemas"].values()
        for each in value.values():
            yield from _schemas(each)
    elif isinstance(value, list):
        for each in value:
            yield from _schemas(each)
