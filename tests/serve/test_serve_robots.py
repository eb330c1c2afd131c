"""Robots at a running bridge: what they get, that the directory never hears of them, and how a change reaches it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.clients import As, Skopeo
from tests.support.http import Answer, request
from tests.support.process import free_port
from tests.support.registry import Registry, TokenAuth
from tests.support.wire import Wire

POLICY = """\
version: 1
allow:
  - {id: ci, who: ["robot:ci"], repositories: ["team-a/**"], actions: [pull, push]}
  - {id: people, who: [signed-in], repositories: ["common/**"], actions: [pull]}
"""
_PATIENCE = 30


class Robots:
    """The `robot` commands on one bridge's file; every secret is watched as a canary."""

    def __init__(self, bridge: RunningBridge) -> None:
        self._bridge = bridge

    def __call__(self, *arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "ldap_token_bridge", "robot", *arguments, "-c", str(self._bridge.settings)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return dict(json.loads(done.stdout)) if "--format" in arguments else {}

    def new(self, name: str, *options: str) -> str:
        """The secret of a new robot."""
        secret = str(self("new", name, *options, "--format", "json")["secret"])
        canaries.watch(f"the robot {name}", secret)
        return secret


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[RunningBridge]:
    """A bridge with a robots file and a directory that does not answer."""
    down = openldap(f"ldap://127.0.0.1:{free_port()}", "dc=corp", "cn=svc,dc=corp")
    sections = {"policy": {"path": "policy.yaml", "poll": "500ms"}}
    bridge = RunningBridge(tmp_path / "bridge", down, policy=POLICY, sections=sections)
    bridge.sections["robots"] = "robots.yaml"
    bridge.write_settings()
    (bridge.folder / "robots.yaml").write_text("version: 1\n")
    with bridge:
        yield bridge


def until(happened: Callable[[], bool]) -> None:
    """Wait for what must come."""
    give_up = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < give_up, "it has not happened"
        time.sleep(0.05)


def make(bridge: RunningBridge, *options: str) -> tuple[str, Callable[..., Answer]]:
    """The robot `ci`, once the bridge knows it: its secret, and how it asks for a token."""
    secret = Robots(bridge).new("ci", "--owner", "team-a", *options)

    def ask(*scopes: str, password: str = secret) -> Answer:
        return bridge.get(*scopes, login="robot+ci", password=password)

    until(lambda: ask().status == 200 or bridge.audit()[-1]["reason"] != "wrong-credentials")
    return secret, ask


def test_a_robot_gets_what_the_policy_gives_it_while_the_directory_is_down(bridge: RunningBridge) -> None:
    """It is `signed-in`, too; its name in token and audit line is none that a person can have."""
    secret, ask = make(bridge)
    answer = ask("repository:team-a/app:pull,push", "repository:team-b/app:pull", "repository:common/x:pull,push")
    assert answer.access == {"team-a/app": ["pull", "push"], "common/x": ["pull"]}
    assert answer.claims["sub"] == "robot+ci"
    posted = bridge.post("repository:team-a/app:pull", login="robot+ci", password=secret)
    assert posted.access == {"team-a/app": ["pull"]}
    line = bridge.audit()[-1]
    assert (line["account"], line["outcome"], line["rules"]) == ("robot+ci", "issued", ["ci"])


def test_no_robot_is_ever_asked_of_the_directory(tmp_path: Path) -> None:
    """Neither a right secret nor a wrong one, nor a name that no robot has, nor with no robots at all."""
    with Wire(("127.0.0.1", free_port())) as wire:
        directory = openldap(f"ldap://127.0.0.1:{wire.port}", "dc=corp", "cn=svc,dc=corp")
        with RunningBridge(tmp_path / "bridge", directory, policy=POLICY) as bridge:
            before = wire.connections
            for name in ("robot+ci", "robot+", "robot+nobody"):
                answer = bridge.get(login=name, password="Canary-of-nobody")
                assert answer.status == 401
            assert wire.connections == before
            bridge.get(login="alice")
            assert wire.connections > before


def test_a_robot_gets_no_refresh_token(bridge: RunningBridge) -> None:
    """It would outlive a revocation, and who has the secret needs none."""
    secret, _ = make(bridge)
    answer = bridge.post(login="robot+ci", password=secret, changes={"access_type": "offline"})
    assert answer.status == 200
    assert "refresh_token" not in answer.json


def test_a_revoked_robot_is_out_without_a_restart(bridge: RunningBridge) -> None:
    """And is told so, by its reason."""
    _, ask = make(bridge)
    assert ask("repository:team-a/app:pull").status == 200
    Robots(bridge)("revoke", "ci")
    until(lambda: ask().status == 401)
    assert "revoked" in ask().message
    assert bridge.audit()[-1]["reason"] == "robot-revoked"


def test_a_reload_forgets_no_proved_secret(bridge: RunningBridge) -> None:
    """Whether nothing has changed or another robot came: a company's robots would all be hashed anew at once."""
    _, ask = make(bridge)
    assert ask().status == 200
    assert bridge.reload()
    assert ask().status == 200
    assert bridge.audit()[-1]["cache"] == "hit"
    Robots(bridge).new("other", "--owner", "team-a")
    assert bridge.reload()
    assert ask().status == 200
    assert bridge.audit()[-1]["cache"] == "hit"


def test_a_robot_from_elsewhere_is_refused(bridge: RunningBridge) -> None:
    """Its file says from where it may log in."""
    _, ask = make(bridge, "--network", "10.20.0.0/16")
    assert ask().status == 401
    assert "address" in ask().message


def test_a_broken_file_leaves_the_last_good_one_in_force(bridge: RunningBridge) -> None:
    """The log says what is wrong with it, and the robot still gets in."""
    _, ask = make(bridge)
    (bridge.folder / "robots.yaml").write_text("version: 1\nrobots: [{name: CI}]\n")
    until(lambda: "is no robot's name" in bridge.log_text())
    assert ask("repository:team-a/app:pull").status == 200


def test_no_secret_of_a_robot_is_found_anywhere(bridge: RunningBridge) -> None:
    """Log, audit trail, metrics, readiness, the file itself."""
    _, ask = make(bridge)
    assert ask().status == 200
    assert ask(password="ltbr_" + "0" * 46).status == 401
    admin = f"http://127.0.0.1:{bridge.admin_port}"
    told = [bridge.log_text(), bridge.metrics(), request(f"{admin}/readyz?verbose").body.decode()]
    told.append((bridge.folder / "robots.yaml").read_text())
    assert not canaries.leaks("\n".join(told))
    assert "argon2" not in "".join(told[:3])


def test_a_real_client_pushes_as_a_robot(
    bridge: RunningBridge, make_registry: Callable[[TokenAuth], Registry], skopeo: Skopeo, image: Path
) -> None:
    """skopeo, with the name and secret as the command printed them."""
    secret, _ = make(bridge)
    registry = make_registry(bridge.token_auth())
    robot = As("robot+ci", secret)
    pushed = skopeo.push(image, f"{registry.address}/team-a/app:1", robot)
    assert pushed.ok, pushed.text
    assert not skopeo.push(image, f"{registry.address}/team-b/app:1", robot).ok


def test_a_revoked_robot_is_out_though_another_file_is_broken(bridge: RunningBridge) -> None:
    """The policy of before stays in force; a robot of before does not. A broken robots file changes nothing."""
    secret, ask = make(bridge)
    scope = "repository:team-a/app:push"
    policy, robots = bridge.folder / "policy.yaml", bridge.folder / "robots.yaml"
    good = robots.read_text()
    policy.write_text("version: 1\nallow: [oops")
    robots.write_text("version: 1\nrobots: oops")
    until(lambda: "robots must be a list" in bridge.log_text())
    assert ask(scope).status == 200
    robots.write_text(good)
    Robots(bridge)("revoke", "ci")
    until(lambda: ask(scope).status == 401)
    assert bridge.audit()[-1]["reason"] == "robot-revoked"
    assert not bridge.reload()
    assert ask(scope, password=secret).status == 401
