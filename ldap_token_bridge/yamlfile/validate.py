"""A document held against a model; pydantic's errors become problems that people can act on."""

import difflib
import json
import typing
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ldap_token_bridge.errors import Misconfigured, Problem

from .model import REFUSED, Model
from .reader import Document

M = TypeVar("M", bound=Model)

_LONGEST_WORD = 200
_MOST_NAMES = 40

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}


def validate(document: Document, model: type[M]) -> M:
    """The document as `model`; raises Misconfigured with every problem, each with its place."""
    try:
        return model.model_validate(document.value)
    except ValidationError as errors:
        details = errors.errors(include_url=False, include_input=False)
        raise Misconfigured(problem_of(document, model, detail) for detail in details) from None


def problem_of(document: Document, model: type[Model], detail: ErrorDetails) -> Problem:
    """One of pydantic's errors as a problem with its place in the document."""
    path = detail["loc"]
    # In messages a key is named as it stands in the file: server.tls.key
    name = ".".join(str(step) for step in path) or "the file"
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        known = _fields_at(model, path[:-1])
        return Problem(f"unknown key {path[-1]!r}", document.key_place(path), suggest(str(path[-1]), known))
    if kind == "missing":
        return Problem(f"the key {name!r} is missing", document.place(path[:-1]), f"Add {path[-1]!r} here.")
    if kind == REFUSED:
        return Problem(f"{name}: {context['what']}", document.place(path), context["remedy"])
    if kind in _WANTED:
        remedy = _list_for(model, path) if kind == "tuple_type" else f"Write {_WANTED[kind]}."
        return Problem(f"{name} must be {_WANTED[kind]}", document.place(path), remedy)
    if kind in ("literal_error", "enum"):
        return Problem(f"{name} has an unknown value", document.place(path), f"Write one of: {context['expected']}.")
    return Problem(f"{name}: {detail['msg']}", document.place(path))


def suggest(word: str, known: Iterable[str]) -> str:
    """A remedy for an unknown word: the nearest known one, else all of them."""
    names = sorted(known)
    if len(word) > _LONGEST_WORD:
        return ""
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"Known here: {', '.join(names[:_MOST_NAMES])}{more}." if names else ""


def _list_for(model: type[BaseModel], path: tuple[int | str, ...]) -> str:
    """A remedy that shows a list for the key: the model's example, and not what was written, which may be a secret."""
    field = _fields_at(model, path[:-1]).get(str(path[-1])) if path else None
    if field is not None and field.examples:
        return f"Write a list, as in {path[-1]}: {json.dumps(field.examples[0])}."
    if field is not None and model_in(field.annotation) is not None:
        return "Write a list: a line for each item, with a dash before it."
    return "Write a list, in [ and ]."


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> dict[str, FieldInfo]:
    """The keys that the model at `path` has, with what is known of them; empty if there is no model there."""
    annotation: Any = model
    for step in path:
        found = model_in(annotation)
        if isinstance(step, int) or typing.get_origin(annotation) is dict:
            annotation = found  # a step into a list or a mapping of models leads to the model of its items
        elif found is not None:
            by_key = {field.alias or name: field.annotation for name, field in found.model_fields.items()}
            annotation = by_key.get(step)
    found = model_in(annotation)
    return {field.alias or name: field for name, field in found.model_fields.items()} if found is not None else {}


def model_in(annotation: Any) -> Any:
    """The model class within an annotation such as `tuple[Rule, ...]` or `Tls | None`."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((model for part in typing.get_args(annotation) if (model := model_in(part))), None)
