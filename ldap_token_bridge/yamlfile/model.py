"""The base of every model that describes a file, and the way a value type refuses text."""

from collections.abc import Callable
from typing import Any, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

__all__ = ["REFUSED", "Field", "Model", "checked", "parsed", "refuse"]

REFUSED = "refused"


class Model(BaseModel):
    """A mapping in a file: frozen, no coercion, unknown keys are problems. Lists are tuples."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def refuse(what: str, remedy: str = "") -> NoReturn:
    """Refuse a value from within a parser: what is wrong with it, and how to mend it."""
    # The text goes in as a value, so that braces in it are not taken for placeholders.
    raise PydanticCustomError(REFUSED, "{what}", {"what": what, "remedy": remedy})


def checked(parse: Callable[[Any], Any], schema: dict[str, Any]) -> tuple[BeforeValidator, WithJsonSchema]:
    """The annotations of a value type: how to read it, and what an editor is told about it.

    Use as `Annotated[T, *checked(parse, schema)]`; `parse` gets the plain value and returns a T or calls `refuse`.
    """
    return BeforeValidator(parse), WithJsonSchema(schema)


def parsed(parse: Callable[[Any], Any], schema: dict[str, Any]) -> tuple[PlainValidator, WithJsonSchema]:
    """As `checked`, for a T that pydantic does not know: what `parse` returns is taken as it is."""
    return PlainValidator(parse), WithJsonSchema(schema)
