"""`doctor` as its users run it: someone's login through the registry's realm, a refusal, the cure that it prints."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import yaml

from tests.support import canaries
from tests.support.bridge import RunningBridge
from tests.support.clients import Docker
from tests.support.registry import Registry, TokenAuth
from tests.support.world import World


def _doctor(bridge: RunningBridge, url: str, *arguments: str, password: str = "") -> tuple[int, str]:
    command = [sys.executable, "-m", "ldap_token_bridge", "doctor", "-c", str(bridge.settings), "--registry", url]
    done = subprocess.run(
        [*command, *arguments],
        input=password,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LTB_CONFIG": ""},
    )
    assert not canaries.leaks(done.stdout + done.stderr)
    assert done.stderr == ""
    return done.returncode, done.stdout


def _as_bob(world: World, url: str, *arguments: str) -> tuple[int, str]:
    options = ("--user", "bob", "--password-stdin", *arguments)
    return _doctor(world.bridge, url, *options, password=canaries.password("bob"))


def test_a_person_through_a_registry_in_order(world: World) -> None:
    """Every step is fine for what the policy gives; what it does not give is its own finding."""
    allowed = ("--scope", "repository:team-a/app:pull,push")
    code, output = _as_bob(world, world.registry.url, *allowed)
    assert code == 0, output
    assert "the registry believes the token that the realm gave bob" in output
    assert "bob has repository:team-a/app:pull,push, and the registry agrees" in output
    code, output = _as_bob(world, world.registry.url, *allowed, "--scope", "repository:team-b/app:pull")
    assert code == 1
    assert "the policy does not give bob repository:team-b/app:pull" in output
    assert "With this configuration" not in output


def test_a_wrong_password_is_told_as_docker_tells_it(world: World) -> None:
    """In the bridge's words."""
    code, output = _doctor(
        world.bridge, world.registry.url, "--user", "bob", "--password-stdin", password="not the password"
    )
    assert code == 1
    assert "gives bob no token (401): The user name or the password is wrong." in output


def test_what_it_prints_mends_the_registry(world: World, docker: Docker, tmp_path: Path) -> None:
    """Wrong issuer: docker only says 401. The configuration that the doctor prints lets people log in."""
    wrong = replace(world.bridge.token_auth(), issuer="https://bridge.test")
    with Registry(tmp_path / "wrong", wrong) as registry:
        assert not docker.login(registry.address, "bob").ok
        code, output = _as_bob(world, registry.url)
    assert code == 1
    assert "the registry wants the issuer 'https://bridge.test'" in output
    assert f"{world.bridge.settings}:" in output
    printed = yaml.safe_load(output.partition("With this configuration the registry believes this bridge:")[2])
    told = printed["auth"]["token"]
    auth = TokenAuth(told["realm"], told["service"], told["issuer"], wrong.bundle)
    with Registry(tmp_path / "right", auth) as registry:
        assert docker.login(registry.address, "bob").ok
        code, output = _as_bob(world, registry.url, "--format", "json")
    assert code == 0
    assert json.loads(output)["registry_config"]["auth"]["token"]["issuer"] == told["issuer"]
