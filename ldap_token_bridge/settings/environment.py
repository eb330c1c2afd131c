"""Settings from the environment: LTB_SECTION__KEY stands in for the key of bridge.yaml and wins over it."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from ldap_token_bridge.errors import Place, Problem
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.yamlfile import Document, KeyPath, resolve_scalar, suggest

_PREFIX = "LTB_"
# Read by others: the command line looks for its settings file, the tests for what to leave out.
_NOT_SETTINGS = re.compile(
    r"LTB_CONFIG|LTB_SKIP_.*"
    # Kubernetes tells every Pod of a Service named `ltb` (Kubernetes documentation, "Discovering services").
    r"|LTB_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|LTB_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?"
).fullmatch


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key that holds a value and no section: where it stands and its part of the JSON Schema."""

    path: KeyPath
    schema: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As people write it: directory.tls.ca_file."""
        return ".".join(str(step) for step in self.path)

    @property
    def variable(self) -> str:
        """The environment variable that stands in for it."""
        return variable_of(self.path)


def variable_of(path: KeyPath) -> str:
    """LTB_DIRECTORY__TLS__CA_FILE for directory.tls.ca_file."""
    return _PREFIX + "__".join(str(step).upper().replace("-", "_") for step in path)


def leaves(schema: Mapping[str, Any], path: KeyPath = ()) -> Iterator[Leaf]:
    """Every key of a file's schema that holds a value."""
    for key, inner in schema["properties"].items():
        here = (*path, key)
        if "properties" in inner:
            yield from leaves(inner, here)
        else:
            yield Leaf(here, inner)


def overlay(
    document: Document, schema: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[Document, list[Problem]]:
    """The document with the environment's values in it, each with its variable as its place."""
    by_variable = {leaf.variable: leaf for leaf in leaves(schema)}
    by_variable["LTB_POLICY"] = by_variable["LTB_POLICY__PATH"]
    value = deepcopy(document.value)
    places = dict(document.places)
    problems = []
    for variable in sorted(environment):
        if not variable.startswith(_PREFIX) or _NOT_SETTINGS(variable):
            continue
        place = Place(f"environment variable {variable}")
        leaf = by_variable.get(variable)
        if leaf is None:
            problems.append(_unknown(variable, place, by_variable))
        elif _write(value, leaf.path, _read(environment[variable], leaf.schema)):
            places = {path: where for path, where in places.items() if path[: len(leaf.path)] != leaf.path}
            places[leaf.path] = place
    key_places = {path: where for path, where in document.key_places.items() if path in places}
    return Document(document.file, value, places, key_places), problems


def _read(text: str, schema: Mapping[str, Any]) -> Any:
    """The text as the key's type: what is text in the file is not taken for a number."""
    kind = schema.get("type")
    if kind == "array":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return resolve_scalar(text) if kind in ("integer", "boolean") else text


def _write(value: Any, path: KeyPath, new: Any) -> bool:
    """Writes into the sections; not where the file has something else than a section, which is refused anyway."""
    for step in path[:-1]:
        value = value.setdefault(str(step), {}) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value[str(path[-1])] = new
        return True
    return False


def _unknown(variable: str, place: Place, known: Mapping[str, Leaf]) -> Problem:
    near = suggest(variable, known)
    if near.startswith("Known here"):
        near = "A setting's variable is LTB_SECTION__KEY with two underscores; docs/settings.md lists them."
    return Problem("unknown setting", place, f"{near} Unset it if it is for another program.")
