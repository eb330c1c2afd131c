"""JSON Schema of a file, draft-07, which every editor's YAML support understands."""

from typing import Any

from .model import Model

_DRAFT = "http://json-schema.org/draft-07/schema#"


def json_schema(model: type[Model], title: str) -> dict[str, Any]:
    """The schema of a file that `model` describes.

    References are written out: draft-07 ignores the descriptions and defaults that stand beside one.
    """
    schema = model.model_json_schema()
    definitions: dict[str, Any] = schema.pop("$defs", {})
    written_out = _write_out(schema, definitions)
    return {"$schema": _DRAFT, **written_out, "title": title}


def _write_out(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_write_out(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        own = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**definitions[reference.rpartition("/")[2]], **own}
    properties = schema.get("properties", {})
    plain = {
        key: _write_out(value, definitions)
        for key, value in schema.items()
        # pydantic's titles repeat the key; a section's default repeats the defaults of its keys.
        if key not in ("title", "properties") and not (key == "default" and (properties or value is None))
    }
    if properties:
        plain["properties"] = {key: _write_out(value, definitions) for key, value in properties.items()}
    return _without_null(plain)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """`X | None` means that the key may be left out, not that it may be written without a value."""
    choices = schema.get("anyOf", [])
    if {"type": "null"} not in choices:
        return schema
    rest = [choice for choice in choices if choice != {"type": "null"}]
    others = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest[0], **others} if len(rest) == 1 else {**others, "anyOf": rest}
