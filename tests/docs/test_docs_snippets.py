"""YAML in the documents is YAML that the program takes.

A whole file is known by its keys. A part of one says so in its first line: `# part of bridge.yaml`. What belongs to
other programs need only be well-formed.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.policy import parse_policy
from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.yamlfile import read_document
from tests.support.documents import ROOT, Block, documents
from tests.support.settings_file import ABSENT, MINIMAL, write_settings

SNIPPETS = [block for page in documents() for block in page.blocks if block.language in ("yaml", "yml")]
_PART_OF_SETTINGS = "# part of bridge.yaml\n"
_POLICY_KEYS = {"version", "groups", "families", "allow", "deny", "tests"}


def _value(block: Block) -> Any:
    return read_document(block.text, str(block)).value


def _keys(block: Block) -> set[str]:
    value = _value(block)
    return set(value) if isinstance(value, dict) else set()


@pytest.mark.parametrize("block", SNIPPETS, ids=str)
def test_every_snippet_is_well_formed(block: Block) -> None:
    """By our own reader, which takes no duplicate keys, tabs or anchors."""
    assert _value(block) is not None


WHOLE_SETTINGS = [block for block in SNIPPETS if {"token", "directory", "policy"} <= _keys(block)]
SETTINGS_PARTS = [block for block in SNIPPETS if block.text.startswith(_PART_OF_SETTINGS)]
POLICIES = [block for block in SNIPPETS if _keys(block) and _keys(block) <= _POLICY_KEYS]


def test_there_is_something_to_hold_to() -> None:
    """The README shows a whole bridge.yaml, docs/directories.md parts of it, docs/policy.md policies."""
    assert "README.md" in {block.file for block in WHOLE_SETTINGS}
    assert "docs/directories.md" in {block.file for block in SETTINGS_PARTS}
    assert "docs/policy.md" in {block.file for block in POLICIES}


@pytest.mark.parametrize("block", WHOLE_SETTINGS, ids=str)
def test_a_whole_bridge_yaml_is_good(block: Block, tmp_path: Path) -> None:
    """Without a warning, since people copy it."""
    settings = tmp_path / "bridge.yaml"
    settings.write_text(block.text, encoding="utf-8")
    _write_passwords(_value(block), tmp_path)
    warnings = [warning.what for warning in load_settings(settings, {}).warnings]
    assert [warning for warning in warnings if "arrive" not in warning] == []


@pytest.mark.parametrize("block", SETTINGS_PARTS, ids=str)
def test_a_part_of_bridge_yaml_is_good(block: Block, tmp_path: Path) -> None:
    """In place of the same sections of the shortest good file."""
    part = _value(block)
    changes = {
        f"{section}__{key}": value
        for section, keys in part.items()
        for key, value in (keys.items() if isinstance(keys, dict) else ())
    }
    left_out = MINIMAL["directory"].keys() - part["directory"].keys()
    settings = write_settings(tmp_path, **changes, **{f"directory__{key}": ABSENT for key in left_out})
    _write_passwords(part, tmp_path)
    assert load_settings(settings, {}).directory.options.kind == part["directory"]["kind"]


def _write_passwords(value: Any, folder: Path) -> None:
    if "bind_password_file" not in value["directory"]:
        return
    file = folder / value["directory"]["bind_password_file"]
    file.parent.mkdir(exist_ok=True)
    file.write_text("a password\n", encoding="utf-8")


@pytest.mark.parametrize("block", POLICIES, ids=str)
def test_every_policy_loads(block: Block) -> None:
    """Whole ones by themselves, parts of one with the groups and families of the sample."""
    part = _value(block)
    text = block.text if "version" in part else f"version: 1\n{block.text}"
    sample = read_document((ROOT / "config/policy.yaml").read_text(encoding="utf-8"), "sample").value
    others: dict[str, Any] = {"version": 1}
    for section in ("groups", "families"):
        others[section] = {key: name for key, name in sample[section].items() if key not in part.get(section, {})}
    # JSON is YAML, too.
    policy = parse_policy([(str(block), text), ("the sample's names", json.dumps(others))])
    assert len(policy.rules) == len(part.get("allow", ())) + len(part.get("deny", ()))
