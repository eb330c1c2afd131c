"""deploy/compose: its files by themselves, and the whole of it in containers."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ldap_token_bridge.settings import load_settings
from tests.support.clients import As, Docker, Skopeo
from tests.support.command_line import output
from tests.support.documents import ROOT
from tests.support.network import own_network
from tests.support.podman import BUILD_BASE, Podman

FOLDER = ROOT / "deploy/compose"
HOST = "127.0.0.1:5000"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
_SECONDS = 60


def _environment(service: str) -> dict[str, str]:
    return dict(SERVICES[service]["environment"])


def test_every_file_that_is_mounted_or_built_is_there() -> None:
    """And each volume that is named is one of the file."""
    sources = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())]
    paths = [source for source in sources if source.startswith(".")]
    assert [path for path in paths if not (FOLDER / path).exists()] == []
    assert set(sources) - set(paths) == set(COMPOSE["volumes"])
    builds = [service["build"] for service in SERVICES.values() if "build" in service]
    assert [build for build in builds if not (FOLDER / build["context"] / build["dockerfile"]).exists()] == []


def test_nothing_listens_beyond_this_machine() -> None:
    """Every published port is on loopback: passwords go there in plain text."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_settings_are_good() -> None:
    """With what the service's environment adds; the warnings are those of plain text."""
    settings = load_settings(FOLDER / "bridge.yaml", _environment("bridge"))
    assert [warning.what for warning in settings.warnings if "without TLS" not in warning.what] == [
        "passwords go to ldap://directory:1389 in plain text"
    ]


def test_the_registry_is_told_what_the_command_says() -> None:
    """Its environment is the output of `registry-config`, whose command stands above it."""
    realm, bundle = "http://127.0.0.1:5001/token", "/etc/registry-bundle/bundle.pem"
    command = ["registry-config", "-c", str(FOLDER / "bridge.yaml"), "--realm", realm, "--bundle", bundle]
    lines = output(*command, "--for", "env", **_environment("bridge")).splitlines()
    assert dict(line.split("=", 1) for line in lines) == _environment("registry")


@pytest.fixture
def up(podman: Podman) -> Iterator[Podman]:
    """All of it, as `up` starts it; with the registry of Debian's packages."""
    podman.build(
        "localhost/ldap-token-bridge-directory",
        FOLDER / "openldap/Containerfile",
        FOLDER / "openldap",
        BASE=BUILD_BASE,
    )
    with own_network():
        try:
            # podman 4 cannot wait for a service to complete, as docker does by itself.
            podman.compose("up", "--detach", "--no-build", "prepare")
            podman.run("wait", "ldap-token-bridge_prepare_1")
            podman.compose("up", "--detach", "--no-build", "directory", "registry", "bridge")
            yield podman
        finally:
            podman.compose("down", "--volumes")


def test_login_and_push(up: Podman, docker: Docker, skopeo: Skopeo, image: Path) -> None:
    """By the ports that it publishes, with the passwords that its comments name."""
    give_up = time.monotonic() + _SECONDS
    while not (login := docker.login(HOST, "alice", "alice-password")).ok:
        assert time.monotonic() < give_up, login.text + up.logs("ldap-token-bridge_bridge_1")
        time.sleep(0.5)
    assert skopeo.push(image, f"{HOST}/team-a/app:1", As("bob", "bob-password")).ok
    assert "denied" in skopeo.push(image, f"{HOST}/team-b/app:1", As("bob", "bob-password")).text
    assert skopeo.inspect(f"{HOST}/team-a/app:1", As("carol", "carol-password")).ok
