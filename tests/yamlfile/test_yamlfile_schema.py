"""The JSON Schema of a model is what editors understand."""

from typing import Annotated, Any

from ldap_token_bridge.yamlfile import Field, Model, checked, json_schema, parse_duration


def written(default: str) -> Any:
    """A key whose default is given as it would be written."""
    return Field(default, description="a key", validate_default=True)


class Section(Model):
    """A section."""

    key: Annotated[float, *checked(parse_duration, {"type": "string"})] = written("8s")
    title: str = "a key of this name is no title of pydantic's"


class File(Model):
    """A file."""

    section: Section = Field(default_factory=Section, description="a section")
    maybe: Section | None = Field(None, description="may be left out")
    number: int | None = None


def properties(schema: dict[str, Any]) -> dict[str, Any]:
    """The keys of an object."""
    found: dict[str, Any] = schema["properties"]
    return found


def test_sections_are_written_out() -> None:
    """Draft-07 ignores what stands beside a reference, so there are none and descriptions stay."""
    schema = json_schema(File, "a file")
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["title"] == "a file"
    assert "$defs" not in schema
    section = properties(schema)["section"]
    assert section["description"] == "a section"
    assert section["additionalProperties"] is False
    assert properties(section)["key"] == {"type": "string", "default": "8s", "description": "a key"}
    assert properties(section)["title"]["type"] == "string"


def test_what_may_be_left_out_may_not_be_null() -> None:
    """`X | None` in a model means that the key need not be there."""
    schema = json_schema(File, "")
    assert properties(schema)["number"] == {"type": "integer"}
    maybe = properties(schema)["maybe"]
    assert (maybe["type"], maybe["description"]) == ("object", "may be left out")
    assert "required" not in schema
