"""Every client of the table logs in, pushes, pulls and is refused; what it then prints is what the documents say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ldap_token_bridge.identity import Refusal
from ldap_token_bridge.web import DEFAULT_MESSAGES
from ldap_token_bridge.web.messages import DIRECTORY_DOWN
from tests.support.client_table import CLIENTS, Client, Entry
from tests.support.client_words import documented, expect_refusal
from tests.support.clients import As
from tests.support.registry import Registry
from tests.support.world import World

BOB = As("bob")
# One wrong password for all: the bridge remembers it, so the directory locks nobody.
WRONG = As("bob", "not the password")
REFUSED_LOGIN, NOT_IN_POLICY, NO_DIRECTORY = 2, 3, 4
"""Columns of the table in docs/registries.md."""

every_client = pytest.mark.parametrize("entry", CLIENTS, ids=lambda entry: entry.name)
every_carrier = pytest.mark.parametrize(
    "entry", [entry for entry in CLIENTS if entry.carries], ids=lambda entry: entry.name
)


@pytest.fixture
def client(entry: Entry, tmp_path: Path) -> Client:
    """With a home of its own."""
    return entry.at(tmp_path / entry.name)


def words(entry: Entry, command: str, column: int, message: str = "") -> re.Pattern[str] | None:
    """What the documents say that the client prints."""
    return documented("What a person sees", entry.name, column, command=command, message=message)


@every_client
def test_login(world: World, entry: Entry, client: Client) -> None:
    """The right password is taken."""
    done = client.login(world.registry.address, BOB)
    assert done.ok, done.text
    if entry.login_asks:
        assert world.bridge.audit()[-1]["account"] == "bob"


@every_carrier
def test_push_and_pull(world: World, entry: Entry, client: Client, tmp_path: Path) -> None:
    """With the stored login; what one person has pushed another pulls, who may read, and nobody without a login."""
    image = f"{world.registry.address}/team-a/{entry.name}:1.0.0"
    reader = As("jürgen")
    assert client.login(world.registry.address, BOB).ok
    pushed = client.push(image, None if entry.remembers else BOB)
    assert pushed.ok, pushed.text
    stored = world.registry.storage / f"docker/registry/v2/repositories/team-a/{entry.name}/_manifests/tags/1.0.0"
    assert stored.exists()
    other = entry.at(tmp_path / "another home")
    assert not other.pull(image).ok
    assert other.login(world.registry.address, reader).ok
    pulled = other.pull(image, None if entry.remembers else reader)
    assert pulled.ok, pulled.text


@pytest.mark.parametrize(
    ("who", "reason"),
    [(WRONG, Refusal.WRONG_CREDENTIALS), (As("dave"), Refusal.ACCOUNT_DISABLED)],
    ids=["wrong", "disabled"],
)
@every_client
def test_a_refused_login(world: World, entry: Entry, client: Client, who: As, reason: Refusal) -> None:
    """By any command, with the bridge's reason where the client passes it on; nothing is stored."""
    image = f"{world.registry.address}/team-a/refused:1.0.0"
    if entry.login_asks:
        said = words(entry, "login", REFUSED_LOGIN, DEFAULT_MESSAGES[reason])
        expect_refusal(client.login(world.registry.address, who), said)
    if entry.carries:
        for command, run in (("push", client.push), ("pull", client.pull)):
            expect_refusal(run(image, who), words(entry, command, REFUSED_LOGIN, DEFAULT_MESSAGES[reason]))
    assert not (world.registry.storage / "docker/registry/v2/repositories/team-a/refused").exists()


@every_carrier
def test_not_in_the_policy(world: World, entry: Entry, client: Client) -> None:
    """The words are the registry's, and nothing is stored."""
    image = f"{world.registry.address}/team-b/{entry.name}:1.0.0"
    expect_refusal(client.push(image, BOB), words(entry, "push", NOT_IN_POLICY))
    expect_refusal(client.pull(image, BOB), words(entry, "pull", NOT_IN_POLICY))
    assert not (world.registry.storage / "docker/registry/v2/repositories/team-b").exists()


def _commands() -> Iterator[object]:
    for entry in CLIENTS:
        for command in ("login",) * entry.login_asks + ("push", "pull") * entry.carries:
            # helm waits 15 s before it believes a 503: once is enough for who waits for the tests.
            marks = [pytest.mark.slow] if entry.name == "helm" and command != "login" else []
            yield pytest.param(entry, command, marks=marks, id=f"{entry.name} {command}")


@pytest.mark.parametrize(("entry", "command"), list(_commands()))
def test_no_directory(without_directory: Registry, client: Client, entry: Entry, command: str) -> None:
    """Whoever asks is refused, and does not read that the password is wrong."""
    said = words(entry, command, NO_DIRECTORY, DEFAULT_MESSAGES[DIRECTORY_DOWN])
    if command == "login":
        expect_refusal(client.login(without_directory.address, BOB), said)
    else:
        expect_refusal(getattr(client, command)(f"{without_directory.address}/team-a/app:1.0.0", BOB), said)
