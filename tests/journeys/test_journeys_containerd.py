"""containerd pushes and pulls through the bridge, and shows why it was refused."""

import os
import re
import shutil
from collections.abc import Iterator

import pytest

from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.web import DEFAULT_MESSAGES
from ldap_token_bridge.web.messages import DIRECTORY_DOWN
from tests.support.client_words import documented, expect_refusal
from tests.support.clients import As
from tests.support.containerd import PROGRAM, Containerd
from tests.support.process import ServerFailed
from tests.support.registry import Registry
from tests.support.world import World

BOB = As("bob")
REFUSED_LOGIN, NOT_IN_POLICY, NO_DIRECTORY = 2, 3, 4
"""Columns of the table in docs/registries.md."""


@pytest.fixture(scope="module")
def containerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containerd]:
    """One, where it can run: it wants root."""
    if os.geteuid() != 0 or shutil.which(PROGRAM) is None:
        pytest.skip("containerd needs root, and to be installed")
    containerd = Containerd(tmp_path_factory.mktemp("containerd") / "home")
    try:
        containerd.start()
    except ServerFailed as failed:
        pytest.skip(f"containerd does not run here: {failed}")
    yield containerd
    containerd.stop()


def words(command: str, column: int, message: str = "") -> re.Pattern[str] | None:
    """What the documents say that it prints."""
    return documented("What a person sees", "containerd", column, command=command, message=message)


def test_push_and_pull(world: World, containerd: Containerd) -> None:
    """Who may, can; nobody else."""
    image = f"{world.registry.address}/team-a/containerd:1"
    pushed = containerd.push(image, BOB)
    assert pushed.ok, pushed.text
    pulled = containerd.pull(image, As("jürgen"))
    assert pulled.ok, pulled.text
    expect_refusal(
        containerd.pull(image, None), re.compile("failed to fetch anonymous token: .*: 401 Unauthorized: Log in")
    )


@pytest.mark.parametrize(
    ("who", "reason"),
    [(As("bob", "not the password"), Refusal.WRONG_CREDENTIALS), (As("dave"), Refusal.ACCOUNT_DISABLED)],
    ids=["wrong", "disabled"],
)
def test_a_refused_login(world: World, containerd: Containerd, who: As, reason: Refusal) -> None:
    """The sentence comes by the status line: of a body containerd shows nothing."""
    image = f"{world.registry.address}/team-a/refused:1"
    for command, run in (("push", containerd.push), ("pull", containerd.pull)):
        expect_refusal(run(image, who), words(command, REFUSED_LOGIN, DEFAULT_MESSAGES[reason]))


def test_not_in_the_policy(world: World, containerd: Containerd) -> None:
    """The words are its own."""
    image = f"{world.registry.address}/team-b/containerd:1"
    for command, run in (("push", containerd.push), ("pull", containerd.pull)):
        expect_refusal(run(image, BOB), words(command, NOT_IN_POLICY))


def test_no_directory(without_directory: Registry, containerd: Containerd) -> None:
    """The same for an outage."""
    image = f"{without_directory.address}/team-a/app:1"
    for command, run in (("push", containerd.push), ("pull", containerd.pull)):
        expect_refusal(run(image, BOB), words(command, NO_DIRECTORY, DEFAULT_MESSAGES[DIRECTORY_DOWN]))
