"""YAML for other programs to read: what must be quoted is quoted, keys keep their order."""

from typing import Any

import yaml


class _Indented(yaml.SafeDumper):
    """Lists stand below their key with an indent, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 -- PyYAML's
        return super().increase_indent(flow, False)


def write_yaml(value: Any) -> str:
    """Maps, lists and scalars in block style, a line each, in ASCII; YAML 1.1 and 1.2 read it alike."""
    # PyYAML writes U+0085 and its like as they are otherwise, and reads them as line breaks.
    return yaml.dump(value, Dumper=_Indented, sort_keys=False, allow_unicode=False, width=float("inf"))
