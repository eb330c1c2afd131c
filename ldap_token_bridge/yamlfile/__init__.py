"""YAML files read strictly: every problem at once, each as file:line:column with a remedy.

Owns PyYAML and pydantic. Knows nothing of what any particular file means: policy and settings say that with models.
"""

from .model import Model, checked, refuse
from .reader import Document, read_document, read_text, resolve_scalar
from .types import Duration, FilePath, Network, format_duration, parse_duration
from .validate import suggest, validate

__all__ = [
    "Document",
    "Duration",
    "FilePath",
    "Model",
    "Network",
    "checked",
    "format_duration",
    "parse_duration",
    "read_document",
    "read_text",
    "refuse",
    "resolve_scalar",
    "suggest",
    "validate",
]
