"""The bill of materials, made by the Python of the tests."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.support.documents import ROOT


@pytest.fixture(scope="module")
def components() -> dict[str, dict[str, Any]]:
    """What the program prints, by name."""
    command = [sys.executable, str(ROOT / "deploy/image/sbom.py")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {each["name"]: each for each in json.loads(printed)["components"]}


def test_every_locked_package_has_a_licence(components: dict[str, dict[str, Any]]) -> None:
    """Whichever of the three ways it is told in; what is not installed here is for another Python or for the build."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
    assert locked - components.keys() <= {"async-timeout", "editables", "hatchling", "tomlkit"}
    assert [name for name in locked & components.keys() if not components[name].get("licenses")] == []


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("aiohttp", {"expression": "Apache-2.0 AND MIT"}),
        ("ldap3", {"license": {"name": "LGPL v3"}}),
        ("mdurl", {"license": {"name": "MIT License"}}),
    ],
)
def test_each_way_of_telling_it_is_read(
    components: dict[str, dict[str, Any]], name: str, licence: dict[str, Any]
) -> None:
    """An expression, a line of their own, a classifier: in the form that CycloneDX has for each."""
    assert components[name]["licenses"] == [licence]
