"""The image as the Containerfile builds it, on bases that are Debian's packages."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.documents import ROOT, document
from tests.support.podman import IMAGE, Podman, PodmanFailed

_PYTHON = ("--entrypoint=python",)


def test_it_runs_as_nobody_that_has_a_name(podman: Podman) -> None:
    """By a number, so that Kubernetes can tell that it is not root; without a capability, on a read-only root."""
    assert podman.inspect(IMAGE)["Config"]["User"] == "65532:65532"
    program = """
import errno, os
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
try:
    open("/etc/ldap-token-bridge/x", "w")
except OSError as error:
    print(os.getuid(), os.getgid(), int(status["CapEff"], 16), errno.errorcode[error.errno])
"""
    assert podman.once(IMAGE, "-c", program, options=_PYTHON).split() == ["65532", "65532", "0", "EROFS"]


def test_it_needs_no_shell(podman: Podman) -> None:
    """The base of this test has none, nor any program but Python; the bridge speaks all the same."""
    with pytest.raises(PodmanFailed, match="/bin/sh"):
        podman.once(IMAGE, "-c", "true", options=["--entrypoint=/bin/sh"])
    schema = podman.once(IMAGE, "schema")
    assert json.loads(schema) == json.loads((ROOT / "config/bridge.schema.json").read_text())


def test_it_serves_unless_told_otherwise(podman: Podman) -> None:
    """And says what is missing: a bare start has no settings."""
    with pytest.raises(PodmanFailed, match=r"/etc/ldap-token-bridge/bridge\.yaml"):
        podman.once(IMAGE)


def test_its_health_is_asked_by_http(podman: Podman) -> None:
    """Without a shell: the words of the check are run as they are, and fail where nothing listens."""
    kind, *words = podman.inspect(IMAGE)["Healthcheck"]["Test"]
    assert kind == "CMD"
    with pytest.raises(PodmanFailed, match="Connection refused"):
        podman.once(IMAGE, *words[1:], options=[f"--entrypoint={words[0]}"])


def test_it_says_what_it_is(podman: Podman) -> None:
    """In the labels that OCI has names for; version and revision as the build was told."""
    labels = podman.inspect(IMAGE)["Config"]["Labels"]
    said = {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()}
    assert said["title"] == "ldap-token-bridge"
    assert (said["version"], said["revision"], said["licenses"]) == ("1.2.3", "abc", "Apache-2.0")


@pytest.mark.parametrize("name", ["deploy/Containerfile", "deploy/compose/openldap/Containerfile"])
def test_its_recipe_is_clean(name: str) -> None:
    """By hadolint; what a line lets pass stands above it."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, str(ROOT / name)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_its_python_is_one_that_was_tried() -> None:
    """Both bases have the same, and pyproject.toml names it among those that the tests were run with."""
    bases = re.findall(
        r"^ARG \w+_BASE=python:([0-9.]+)-slim$", (ROOT / "deploy/Containerfile").read_text(), re.MULTILINE
    )
    tried = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    assert len(bases) == 2
    assert {f"Programming Language :: Python :: {base}" for base in bases} <= set(tried)
    assert len(set(bases)) == 1


def test_its_size_is_as_documented(podman: Podman) -> None:
    """What it adds to its base, in MB; to a fifth, for packages grow and shrink."""
    program = """
import os
print(sum(os.lstat(os.path.join(at, name)).st_size for at, _, names in os.walk("/opt") for name in names) / 1e6)
"""
    size = float(podman.once(IMAGE, "-c", program, options=_PYTHON))
    found = re.search(r"are (\d+) MB of the image", document("deploy/README.md").text)
    assert found
    assert size == pytest.approx(int(found[1]), rel=0.2)


def test_its_bill_of_materials_is_what_is_installed(podman: Podman) -> None:
    """Each package that is there, in the version of the lock file; none that only builds or installs is left."""
    text = podman.once(IMAGE, "-c", "print(open('/opt/ldap-token-bridge/sbom.cdx.json').read())", options=_PYTHON)
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "ldap-token-bridge")
    listed = {each["name"]: each["version"] for each in bill["components"]}
    program = (
        "import importlib.metadata as m; print(*sorted({d.name.lower().replace('_', '-') for d in m.distributions()}))"
    )
    installed = set(podman.once(IMAGE, "-c", program, options=_PYTHON).split())
    assert set(listed) | {"ldap-token-bridge"} == installed
    assert not {"pip", "setuptools", "hatchling"} & installed
    locked = (ROOT / "requirements.lock").read_text()
    assert [name for name, version in listed.items() if f"{name}=={version} " not in locked.lower()] == []
