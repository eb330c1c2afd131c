"""`docker login` with a directory account, against the real registry, with OpenLDAP and with Active Directory."""

import secrets

import pytest

from tests.support import canaries
from tests.support.clients import Docker
from tests.support.slapd import Slapd
from tests.support.world import World


def test_the_right_password(world: World, docker: Docker) -> None:
    """The terminal says so."""
    done = docker.login(world.registry.address, "bob")
    assert done.ok, done.text
    assert "Login Succeeded" in done.stdout


def test_a_wrong_password(world: World, docker: Docker) -> None:
    """The terminal shows what the person can do, and not a word of the password."""
    wrong = f"wrong-{secrets.token_hex(8)}"
    done = docker.login(world.registry.address, "bob", wrong)
    assert not done.ok
    assert "The user name or the password is wrong. Use your corporate account." in done.stderr
    assert wrong not in done.text


def test_an_unknown_user_reads_the_same(world: World, docker: Docker) -> None:
    """Nobody learns which names exist."""
    done = docker.login(world.registry.address, "nobody-at-all", f"wrong-{secrets.token_hex(8)}")
    assert "The user name or the password is wrong. Use your corporate account." in done.stderr


@pytest.mark.parametrize("typed", ["CORP\\bob", "bob@corp.example.com", "BOB", "corp.example.com\\bob"])
def test_every_form_of_a_name_is_one_account(world: World, docker: Docker, typed: str) -> None:
    """The audit line holds the canonical account, whatever was typed."""
    done = docker.login(world.registry.address, typed, canaries.password("bob"))
    assert done.ok, done.text
    assert world.bridge.audit()[-1]["account"] == "bob"


def test_another_domain_is_not_ours(world: World, docker: Docker) -> None:
    r"""`OTHER\bob` is someone else."""
    assert not docker.login(world.registry.address, "OTHER\\bob", canaries.password("bob")).ok


@pytest.mark.parametrize("login", ["bob", "jürgen"])
def test_unusual_passwords(world: World, docker: Docker, login: str) -> None:
    """A colon, spaces, an umlaut, plus, ampersand and percent: all as typed."""
    assert docker.login(world.registry.address, login).ok


@pytest.mark.parametrize(
    ("login", "message"),
    [
        ("dave", "Your account is disabled."),
        ("erin", "Your account has expired."),
        ("frank", "You must change your password first."),
        ("gina", "Your password has expired."),
        ("henry", "Your account is locked"),
    ],
)
def test_an_account_that_may_not_be_used(world: World, docker: Docker, login: str, message: str) -> None:
    """Each is refused with the right password, and told why in the terminal."""
    done = docker.login(world.registry.address, login)
    assert not done.ok
    assert message in done.stderr


@pytest.mark.parametrize("login", ["dave", "erin", "frank", "gina"])
def test_the_state_is_told_to_its_owner_alone(world: World, docker: Docker, login: str) -> None:
    """With a wrong password the answer is that of any wrong password.

    Not where the directory itself tells a lock to anyone: OpenLDAP does if `ppolicy_use_lockout` is set, before it
    looks at the password.
    """
    done = docker.login(world.registry.address, login, f"wrong-{secrets.token_hex(8)}")
    assert not done.ok
    told_by_openldap = isinstance(world.directory, Slapd) and login in ("dave", "erin")
    assert ("The user name or the password is wrong." in done.stderr) is not told_by_openldap


def test_nothing_is_stored_but_the_login(world: World, docker: Docker) -> None:
    """No identity token takes the place of the password."""
    docker.login(world.registry.address, "bob")
    assert "identitytoken" not in docker.config_file.read_text().lower()
