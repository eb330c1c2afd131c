"""Prints the bill of materials of the Python that runs it, as CycloneDX 1.5: each package, its version and licence.

What the base image brings is not in it: a scanner reads that from the image itself.
"""

import json
import sys
from importlib.metadata import Distribution, distributions
from typing import Any

_SUBJECT = "ldap-token-bridge"


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
    licence = package.metadata.get("License-Expression")
    return {**known, "licenses": [{"expression": licence}]} if licence else known


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=2)
    sys.stdout.write("\n")
