"""What `registry-config` prints starts the real registry, and people log in through it; then their token explained."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import canaries
from tests.support.bridge import SERVICE, RunningBridge
from tests.support.clients import Docker
from tests.support.registry import Registry
from tests.support.world import World

_REST = """\
version: 0.1
storage:
  filesystem:
    rootdirectory: {storage}
http:
  addr: {address}
  secret: only-for-tests
"""


def _printed(bridge: RunningBridge, folder: Path, *arguments: str) -> str:
    """With the files beside it that its comments name."""
    (folder / "bundle.pem").write_text(bridge.command_line(["keys", "bundle", "-c", str(bridge.settings)]))
    (folder / "jwks.json").write_text(bridge.command_line(["keys", "jwks", "-c", str(bridge.settings)]))
    options = ["-c", str(bridge.settings), "--realm", f"{bridge.url}/token", "--bundle", str(folder / "bundle.pem")]
    return bridge.command_line(["registry-config", *options, *arguments])


@pytest.mark.parametrize("target", ["stanza", "env"])
def test_the_real_registry_takes_what_is_printed(world: World, docker: Docker, tmp_path: Path, target: str) -> None:
    """Word for word below the rest of its configuration, or as variables; refusals come through it, too."""
    registry = Registry(tmp_path / "registry")
    rest = _REST.format(storage=registry.storage, address=registry.address)
    printed = _printed(world.bridge, tmp_path, "--for", target)
    config = tmp_path / "registry" / "config.yml"
    config.write_text(rest + (printed if target == "stanza" else ""))
    if target == "env":
        variables = dict(line.split("=", 1) for line in printed.splitlines())
        registry._environment = {**(registry._environment or {}), **variables}
    with registry:
        done = docker.login(registry.address, "bob")
        assert done.ok, done.text
        refused = docker.login(registry.address, "bob", "not the password")
        assert "The user name or the password is wrong." in refused.stderr


def _inspect(bridge: RunningBridge, *arguments: str, login: str, password: str | None = None) -> tuple[int, str]:
    command = [sys.executable, "-m", "ldap_token_bridge", "token", "inspect", "-c", str(bridge.settings)]
    done = subprocess.run(
        [*command, "--user", login, *arguments],
        input=canaries.password(login) if password is None else password,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LTB_CONFIG": ""},
    )
    output = done.stdout + done.stderr
    assert not canaries.leaks(output)
    return done.returncode, output


def test_a_token_of_the_service_itself_is_explained(world: World) -> None:
    """Fetched with the person's password, held against the bridge's own bundle, with the action that is in question."""
    scope = ("--scope", "repository:team-a/app:pull,push,delete")
    code, output = _inspect(world.bridge, *scope, "--action", "push team-a/app", login="bob")
    assert code == 0, output
    assert "access   repository:team-a/app:pull,push" in output
    code, output = _inspect(world.bridge, *scope, "--action", "delete team-a/app", "--format", "json", login="bob")
    assert code == 1
    told = json.loads(output)
    assert told["claims"]["aud"] == SERVICE
    assert {each["steps"][-1]["name"] for each in told["registries"]} == {"access"}


def test_a_refused_login_says_what_docker_would_say(world: World) -> None:
    """Exit code 1 and the bridge's own words."""
    code, output = _inspect(world.bridge, login="bob", password="not the password")
    assert code == 1
    assert "gave no token (401): The user name or the password is wrong." in output
