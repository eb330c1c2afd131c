"""`docker push` and `docker pull`, which docker's engine does and not its command line."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.support.clients import As
from tests.support.docker_engine import PROGRAM, DockerEngine
from tests.support.process import ServerFailed
from tests.support.world import World


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerEngine]:
    """An engine, where one can run: it wants root and control groups."""
    if os.geteuid() != 0 or shutil.which(PROGRAM) is None:
        pytest.skip("docker's engine needs root, and to be installed")
    engine = DockerEngine(tmp_path_factory.mktemp("engine") / "home")
    try:
        engine.start()
    except ServerFailed as failed:
        pytest.skip(f"docker's engine does not run here: {failed}")
    yield engine
    engine.stop()


def test_login_push_and_pull(world: World, engine: DockerEngine) -> None:
    """The engine asks the bridge for tokens with the login that the command line stored."""
    registry = world.registry.address
    assert engine.login(registry, As("alice")).ok
    pushed = engine.push(f"{registry}/team-a/engine:1")
    assert pushed.ok, pushed.text
    pulled = engine.pull(f"{registry}/team-a/engine:1")
    assert pulled.ok, pulled.text


def test_refusals(world: World, engine: DockerEngine) -> None:
    """A wrong password reads as the bridge says it; a push without the right is denied by the registry."""
    registry = world.registry.address
    refused = engine.login(registry, As("alice", "Canary-that-is-wrong"))
    assert not refused.ok
    assert "The user name or the password is wrong" in refused.text
    assert engine.login(registry, As("bob")).ok
    denied = engine.push(f"{registry}/team-b/engine:1")
    assert not denied.ok
    assert "denied" in denied.text
