"""How the model writes a key."""

from typing import Any

from ldap_token_bridge.yamlfile import Field


def setting(meaning: str, default: Any = ..., *, example: Any = None, alias: str | None = None) -> Any:
    """A key of bridge.yaml: its meaning for the docs, and its default or, if it is required, an example.

    A default is given as it would be written in the file.
    """
    examples = None if example is None else [example]
    return Field(default, description=meaning, examples=examples, alias=alias, validate_default=default is not ...)
