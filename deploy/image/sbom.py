"""Prints the bill of materials of the Python that runs it, as CycloneDX 1.5: each package, its version and licence.

What the base image brings is not in it: a scanner reads that from the image itself.
"""

import json
import sys
from importlib.metadata import Distribution, distributions
from typing import Any

_SUBJECT = "ldap-token-bridge"
_LONGEST_NAME = 100


def bill() -> dict[str, Any]:
    """The same packages give the same bill: it holds no time and no serial number."""
    components = {each["name"]: each for each in map(_component, distributions())}
    subject = components.pop(_SUBJECT)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {**subject, "type": "application"}},
        "components": [components[name] for name in sorted(components)],
    }


def _component(package: Distribution) -> dict[str, Any]:
    name = package.name.lower().replace("_", "-").replace(".", "-")
    identity = f"pkg:pypi/{name}@{package.version}"
    known = {"type": "library", "bom-ref": identity, "name": name, "version": package.version, "purl": identity}
    licences = _licences(package)
    return {**known, "licenses": licences} if licences else known


def _licences(package: Distribution) -> list[dict[str, Any]]:
    """As an SPDX expression, which newer packages have; else what they call it; else by their classifiers."""
    if expression := package.metadata.get("License-Expression"):
        return [{"expression": expression}]
    named = package.metadata.get("License") or ""
    # Some have the whole text there.
    names = [named] if named.strip() and len(named) <= _LONGEST_NAME and "\n" not in named else _classified(package)
    return [{"license": {"name": name}} for name in names]


def _classified(package: Distribution) -> list[str]:
    classifiers = package.metadata.get_all("Classifier") or ()
    return [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")]


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=2)
    sys.stdout.write("\n")
