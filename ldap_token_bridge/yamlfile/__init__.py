"""YAML files read strictly: every problem at once, each as file:line:column with a remedy.

Owns PyYAML and pydantic. Knows nothing of what any particular file means: policy and settings say that with models.
"""

from .examine import Examined, examine
from .model import Field, Model, checked, parsed, refuse
from .reader import Document, KeyPath, read_document, read_text, resolve_scalar
from .schema import json_schema
from .types import Duration, FilePath, Network, format_duration, parse_duration, parse_network
from .validate import suggest, validate
from .writer import write_yaml

__all__ = [
    "Document",
    "Duration",
    "Examined",
    "Field",
    "FilePath",
    "KeyPath",
    "Model",
    "Network",
    "checked",
    "examine",
    "format_duration",
    "json_schema",
    "parse_duration",
    "parse_network",
    "parsed",
    "read_document",
    "read_text",
    "refuse",
    "resolve_scalar",
    "suggest",
    "validate",
    "write_yaml",
]
