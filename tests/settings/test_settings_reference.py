"""What is generated from the model is current, and the sample is true."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.settings.reference import bridge_schema, settings_page
from ldap_token_bridge.yamlfile import read_document
from tests.support.settings_file import MINIMAL

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "config" / "bridge.yaml"


def read_yaml(text: str) -> Any:
    """As the program reads it: `off` is text."""
    return read_document(text, "bridge.yaml").value


def leaves(schema: dict[str, Any], path: str = "") -> dict[str, dict[str, Any]]:
    """Every key that holds a value, by its dotted name."""
    found: dict[str, dict[str, Any]] = {}
    for key, inner in schema["properties"].items():
        name = f"{path}.{key}" if path else key
        section = next((choice for choice in inner.get("anyOf", [inner]) if "properties" in choice), None)
        found.update(leaves(section, name) if section else {name: inner})
    return found


def uncommented() -> str:
    """The sample with every key in force, each section once."""
    active, _, defaults = SAMPLE.read_text().partition("# Everything below")
    settings = read_yaml(active)
    shown = re.sub(r"(?m)^# ?", "", defaults.partition("\n\n")[2])
    for block in re.split(r"\n(?=\w)", shown):
        for section, keys in (read_yaml(block) or {}).items():
            there = settings.get(section, {})
            both = isinstance(there, dict) and isinstance(keys, dict)
            settings[section] = merged(there, keys) if both else keys
    return json.dumps(settings)


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both, section by section."""
    return one | {
        key: merged(one[key], value) if isinstance(value, dict) and key in one else value
        for key, value in other.items()
    }


def test_the_schema_file_is_current() -> None:
    """Editors are told what the program reads. Mend it: ldap-token-bridge schema > config/bridge.schema.json."""
    assert json.loads((ROOT / "config" / "bridge.schema.json").read_text()) == bridge_schema()


def test_the_page_of_settings_is_current() -> None:
    """Mend it: ldap-token-bridge schema --format markdown > docs/settings.md."""
    assert (ROOT / "docs" / "settings.md").read_text() == settings_page()


def test_every_setting_is_documented() -> None:
    """Each key has its line in the page, with a meaning."""
    page = settings_page()
    for name, schema in leaves(bridge_schema()).items():
        assert re.search(rf"(?m)^\| \**`{re.escape(name)}`\** \|.*\| \S.+ \|$", page), name
        assert schema["description"]


def test_the_schema_is_a_schema() -> None:
    """Draft-07 without references, whose siblings editors would ignore; unknown keys are refused at every level."""
    schema = bridge_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    text = json.dumps(schema)
    assert "$ref" not in text
    assert text.count('"properties"') == text.count('"additionalProperties": false')


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"policy": {"path": "policy.yaml"}}, True),
        ({"policy": {"path": "policy.yaml", "shadow": "next.yaml", "poll": "off"}}, True),
        ({"policy": {"path": "policy.yaml", "poll": 2}}, False),
        ({"policy": 7}, False),
        ({"polciy": "x"}, False),
        ({"token": {"issuer": "x"}}, False),
        ({"cache": {"groups": "off"}}, True),
        ({"cache": {"groups": "5"}}, False),
        ({"server": {"request_deadline": 8}}, False),
        ({"logging": {"level": "loud"}}, False),
        ({"messages": {"account-locked": "Call us."}}, True),
    ],
)
def test_the_schema_tells_good_from_bad(change: dict[str, Any], good: bool) -> None:  # noqa: FBT001 -- a parameter
    """An editor says what `check` would say."""
    assert jsonschema.Draft7Validator(bridge_schema()).is_valid(MINIMAL | change) is good


def test_the_sample_is_good(tmp_path: Path) -> None:
    """The dozen lines at its top are complete, and its first line names the schema beside it."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "ldap-password").write_text("x")
    path = tmp_path / "bridge.yaml"
    path.write_text(SAMPLE.read_text())
    assert load_settings(path, {}).directory.options.kind == "active-directory"
    assert SAMPLE.read_text().splitlines()[0] == "# yaml-language-server: $schema=bridge.schema.json"
    jsonschema.validate(json.loads(json.dumps(read_yaml(SAMPLE.read_text()))), bridge_schema())


def test_the_sample_shows_every_key(tmp_path: Path) -> None:
    """What is commented out is complete and of the right form: taking the signs away gives a good file."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "ldap-password").write_text("x")
    path = tmp_path / "bridge.yaml"
    path.write_text(uncommented())
    load_settings(path, {})
    shown = json.loads(uncommented())
    for name in leaves(bridge_schema()):
        section: Any = shown
        # In place of the servers, so they stand beside them.
        if name in ("directory.domain", "directory.site", "directory.global_catalog", "directory.domains"):
            assert f"\n  # {name.partition('.')[2]}: " in SAMPLE.read_text()
            continue
        # The password stands in a file or in the environment, so the sample does not show the third way.
        if name not in ("directory.bind_password", "cache.shared_password"):
            for step in name.split("."):
                assert step in section, name
                section = section[step]


def test_the_sample_shows_the_defaults() -> None:
    """A value that is shown as a default is the default."""
    shown = json.loads(uncommented())
    for name, schema in leaves(bridge_schema()).items():
        section = shown
        if schema.get("default") in (None, {}):
            continue  # of what there is none by default, an example is shown
        for step in name.split("."):
            section = section[step]
        assert section == schema["default"], name
