"""A document held against a model as far as it goes, so that checks between keys run beside broken keys."""

from collections.abc import Collection, Iterator
from copy import deepcopy
from typing import Any, Generic, TypeVar, get_origin

from pydantic import ValidationError

from ldap_token_bridge.errors import Problem
from ldap_token_bridge.values import dataclass

from .model import Model
from .reader import Document, KeyPath
from .validate import model_in, problem_of

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Examined(Generic[M]):
    """What could be read, and every problem. `broken` are the paths whose values are stand-ins.

    `value` is the document's own if there are no problems. With problems it holds defaults and examples in place of
    what is broken: good for finding further problems, never to be used.
    """

    value: M
    problems: tuple[Problem, ...]
    broken: frozenset[KeyPath]

    def is_sound(self, path: KeyPath) -> bool:
        """Whether neither the value at `path` nor anything around or within it is broken."""
        return not any(path[: len(wrong)] == wrong or wrong[: len(path)] == path for wrong in self.broken)


def examine(document: Document, model: type[M], refused: Collection[KeyPath] = ()) -> Examined[M]:
    """The document as `model`, with stand-ins where it is broken.

    Every required key of the model must have an example in its Field, which stands in for it. The keys `refused` are
    known to be broken: no more is said about them.
    """
    required = tuple(_required(model, (), ()))
    collections = tuple(_collections(model, ()))
    refused = frozenset(_key_of(path, collections) for path in refused)
    value = deepcopy(document.value)
    if isinstance(value, dict):
        _mend(value, refused, required)
    try:
        return Examined(model.model_validate(value), (), refused)
    except ValidationError as errors:
        details = errors.errors(include_url=False, include_input=False)
    problems = tuple(problem_of(document, model, detail) for detail in details)
    broken = frozenset(_key_of(detail["loc"], collections) for detail in details)
    if not isinstance(value, dict):
        value = {}
    _mend(value, broken, required)
    return Examined(model.model_validate(value), problems, broken.union(refused))


def _key_of(location: KeyPath, collections: Collection[KeyPath]) -> KeyPath:
    """The innermost key: a list is broken whole, and so is a mapping of models."""
    around = next((path for path in collections if location[: len(path)] == path), None)
    if around is not None:
        return around
    steps = next((index for index, step in enumerate(location) if isinstance(step, int)), len(location))
    return location[:steps]


@dataclass(frozen=True, slots=True)
class _Required:
    """A required key with its example; `within` is the innermost section around it that may be left out."""

    path: KeyPath
    example: Any
    within: KeyPath


def _required(model: type[Model], path: KeyPath, within: KeyPath) -> Iterator[_Required]:
    for name, field in model.model_fields.items():
        here = (*path, field.alias or name)
        inner = model_in(field.annotation)
        if inner and not _is_collection(field.annotation):
            yield from _required(inner, here, within if field.is_required() else here)
        elif field.is_required():
            yield _Required(here, (field.examples or [None])[0], within)


def _collections(model: type[Model], path: KeyPath) -> Iterator[KeyPath]:
    """Where many models stand under names that people give, or in a list."""
    for name, field in model.model_fields.items():
        here = (*path, field.alias or name)
        inner = model_in(field.annotation)
        if inner and _is_collection(field.annotation):
            yield here
        elif inner:
            yield from _collections(inner, here)


def _is_collection(annotation: Any) -> bool:
    return get_origin(annotation) in (dict, tuple)


def _mend(value: dict[str, Any], broken: Collection[KeyPath], required: tuple[_Required, ...]) -> None:
    """Removes the keys, then writes the examples of what must stand there."""
    for path in sorted(broken, key=len):
        if path:
            _section(value, path[:-1]).pop(str(path[-1]), None)
        for key in required:
            if key.path[: len(path)] == path and len(key.within) <= len(path):
                _section(value, key.path[:-1])[str(key.path[-1])] = key.example


def _section(value: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    for step in path:
        inner = value.get(str(step))
        if not isinstance(inner, dict):
            inner = value[str(step)] = {}
        value = inner
    return value
