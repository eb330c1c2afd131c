"""The Helm chart: rendered by the real helm, and what is generated in it.

`python -m tests.support.helm_chart` writes anew what the chart has from elsewhere: its README's table from the comments
in values.yaml, the schema of the value `bridge` from that of bridge.yaml, the alerts from deploy/prometheus.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .documents import ROOT
from .helm_and_kubectl import HELM

CHART = ROOT / "deploy/helm/ldap-token-bridge"
_README, _SCHEMA = CHART / "README.md", CHART / "values.schema.json"
# What the chart fills in itself, or what must come out of a Secret: nobody may write it under `bridge`.
_NOT_VALUES = (
    "policy",
    "robots",
    "server.listen",
    "server.admin_listen",
    "server.tls",
    "token.keys_dir",
    "token.refresh.key_file",
    "token.refresh.revocations",
    "directory.bind_password",
    "directory.bind_password_file",
    "directory.tls.ca_file",
    "directory.tls.certificate",
    "directory.tls.key",
    "cache.shared_key_file",
    "cache.shared_password",
    "cache.shared_password_file",
    "cache.shared_tls",
)
_BEGIN, _END = "<!-- values: begin -->\n", "<!-- values: end -->\n"
_SECONDS = 60


class HelmRefused(RuntimeError):
    """helm came to another end than 0; the text is its own."""


def template(values: Mapping[str, Any], *arguments: str) -> list[dict[str, Any]]:
    """The objects that helm makes of the values, `arguments` being options of its own; raises HelmRefused."""
    return [each for each in yaml.safe_load_all(helm("template", values, *arguments)) if each]


def helm(verb: str, values: Mapping[str, Any], *arguments: str) -> str:
    """What `helm lint`, `template` or `install` prints; the release is `registry` in `registries` by default."""
    # JSON is YAML, too.
    return _helm(verb, json.dumps(values), arguments)


@cache
def _helm(verb: str, values: str, arguments: tuple[str, ...]) -> str:
    names = ["--name-template", "registry"] if verb in ("template", "install") else []
    # Of two options of one name the last counts.
    command = [str(HELM), verb, str(CHART), *names, "--namespace", "registries", "--values", "-", *arguments]
    done = subprocess.run(command, input=values, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if done.returncode:
        raise HelmRefused(done.stdout + done.stderr)
    return done.stdout


def notes(values: Mapping[str, Any]) -> str:
    """What `helm install` says when all is done. No cluster is asked."""
    return helm("install", values, "--dry-run=client").partition("\nNOTES:\n")[2]


def only(things: list[dict[str, Any]], kind: str, name: str = "") -> dict[str, Any]:
    """The one object of that kind, whose name ends so."""
    (found,) = [each for each in things if each["kind"] == kind and each["metadata"]["name"].endswith(name)]
    return found


def generated() -> Iterator[tuple[Path, str]]:
    """Each file of the chart that is made of another, with what should stand in it."""
    values = (CHART / "values.yaml").read_text(encoding="utf-8")
    before, _, rest = _README.read_text(encoding="utf-8").partition(_BEGIN)
    yield _README, f"{before}{_BEGIN}\n{_table(values)}\n{_END}{rest.partition(_END)[2]}"
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    schema["properties"]["bridge"] = _bridge_schema()
    yield _SCHEMA, json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    yield CHART / "files/alerts.yaml", (ROOT / "deploy/prometheus/alerts.yaml").read_text(encoding="utf-8")


def documented(values: str) -> Iterator[tuple[str, str]]:
    """Every key of a values.yaml that has a comment of its own, with that comment, in the order of the file."""
    path: list[tuple[int, str]] = []
    comment = ""
    for line in values.splitlines():
        text = line.strip()
        if text.startswith("# -- "):
            comment = text.removeprefix("# -- ")
        elif text.startswith("#") and comment:
            comment += " " + text.removeprefix("#").strip()
        elif found := re.match(r"( *)(\w+):", line):
            indent = len(found[1])
            path = [*((depth, key) for depth, key in path if depth < indent), (indent, found[2])]
            if comment:
                yield ".".join(key for _, key in path), comment
            comment = ""


def value_at(values: Any, key: str) -> Any:
    """What stands under a key with dots; raises KeyError."""
    for step in key.split("."):
        values = values[step]
    return values


def _table(text: str) -> str:
    values = yaml.safe_load(text)
    rows = [
        f"| `{key}` | {_default(value_at(values, key))} | {comment.replace('|', chr(92) + '|')} |"
        for key, comment in documented(text)
    ]
    return "\n".join(["| value | default | meaning |", "|---|---|---|", *rows, ""])


def _default(value: Any) -> str:
    return "" if value in ("", {}, []) else f"`{json.dumps(value, ensure_ascii=False)}`"


def _bridge_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((ROOT / "config/bridge.schema.json").read_text(encoding="utf-8"))
    for key in _NOT_VALUES:
        *sections, name = key.split(".")
        section = schema
        for step in sections:
            section = section["properties"][step]
        del section["properties"][name]
    for section in (schema, *schema["properties"].values()):
        # helm shows no descriptions, and docs/settings.md has them.
        section["required"] = [name for name in section.get("required", ()) if name in section["properties"]]
    # A chart without values must render far enough for its own words on what is missing.
    del schema["required"], schema["$schema"]
    return {key: _bare(value) for key, value in schema.items() if key not in ("title", "description")}


def _bare(value: Any) -> Any:
    """Without what only explains; `properties` are names and stay, whatever they are called."""
    if isinstance(value, list):
        return [_bare(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: {name: _bare(inner) for name, inner in each.items()} if key == "properties" else _bare(each)
        for key, each in value.items()
        if key not in ("title", "description", "examples", "default")
    }


if __name__ == "__main__":
    for path, content in generated():
        path.write_text(content, encoding="utf-8")
