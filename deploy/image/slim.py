"""Takes out of the Python that runs it every package that ldap-token-bridge does not need, pip at last.

The lock file holds what installs the program from source, too; that has then served its purpose.
"""

import subprocess
import sys
from importlib.metadata import distribution, distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def needed(name: str, found: frozenset[str] = frozenset()) -> frozenset[str]:
    """The package and all that it asks for, directly or not, on this system."""
    found |= {canonicalize_name(name)}
    for text in distribution(name).requires or ():
        wanted = Requirement(text)
        applies = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        if applies and canonicalize_name(wanted.name) not in found:
            found = needed(wanted.name, found)
    return found


if __name__ == "__main__":
    superfluous = {canonicalize_name(each.name) for each in distributions()} - needed("ldap-token-bridge")
    command = [sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", "--root-user-action", "ignore"]
    subprocess.run([*command, *sorted(superfluous)], check=True)  # noqa: S603 -- names of packages that are installed
