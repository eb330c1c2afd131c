"""YAML files read strictly: every problem at once, each as file:line:column with a remedy.

Owns PyYAML and pydantic. Knows nothing of what any particular file means: policy and settings say that with models.
"""

from .blanks import without_blanks
from .examine import Examined, examine
from .model import Field, Model, checked, parsed, refuse
from .reader import Document, KeyPath, decode_text, read_document, read_text, resolve_scalar
from .schema import json_schema
from .types import (
    ClientNetwork,
    Day,
    Duration,
    FilePath,
    Network,
    Text,
    format_duration,
    parse_day,
    parse_duration,
    parse_network,
)
from .validate import suggest, validate
from .writer import write_yaml

__all__ = [
    "ClientNetwork",
    "Day",
    "Document",
    "Duration",
    "Examined",
    "Field",
    "FilePath",
    "KeyPath",
    "Model",
    "Network",
    "Text",
    "checked",
    "decode_text",
    "examine",
    "format_duration",
    "json_schema",
    "parse_day",
    "parse_duration",
    "parse_network",
    "parsed",
    "read_document",
    "read_text",
    "refuse",
    "resolve_scalar",
    "suggest",
    "validate",
    "without_blanks",
    "write_yaml",
]
