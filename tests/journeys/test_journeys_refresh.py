"""What `docker login` does where the bridge gives refresh tokens."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.clients import As, Docker, Outcome, Skopeo, run
from tests.support.refresh import refreshing
from tests.support.registry import Registry
from tests.support.slapd import Slapd


@pytest.fixture(scope="module", params=[True, False], ids=["same-client", "any-client"])
def worlds(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[tuple[RunningBridge, Registry, bool]]:
    """A registry, a bridge, and whether refresh tokens are bound to the client."""
    folder = tmp_path_factory.mktemp("refresh-journey")
    with Slapd(folder / "slapd", authority) as slapd:
        settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
        with (
            refreshing(folder / "bridge", settings, same_client=request.param) as bridge,
            Registry(folder / "registry", bridge.token_auth()) as registry,
        ):
            yield bridge, registry, request.param
            for written in (bridge.log_text(), bridge.metrics(), registry.log_text()):
                assert not canaries.leaks(written)


def stored(docker: Docker) -> str:
    """The identity token in docker's configuration; and no password beside it."""
    text = docker.config_file.read_text()
    (entry,) = json.loads(text)["auths"].values()
    token = str(entry["identitytoken"])
    canaries.watch("docker's identity token", token)
    assert not [leak for leak in canaries.leaks(text) if "identity token" not in leak]
    return token


def test_docker_stores_a_refresh_token_in_place_of_the_password(
    worlds: tuple[RunningBridge, Registry, bool], docker: Docker, skopeo: Skopeo, image: Path, tmp_path: Path
) -> None:
    """Docker's next command uses it, and so does skopeo from docker's file.

    Not with `same_client`: the parts of docker itself go by different names.
    """
    bridge, registry, same_client = worlds
    home = tmp_path / "docker-home"
    assert skopeo.push(image, f"{registry.address}/team-a/app:one", As("bob")).ok
    done = docker.login(registry.address, "bob")
    assert done.ok, done.text
    stored(docker)
    reason = "refresh-other-client" if same_client else ""
    inspected = run(["docker", "manifest", "inspect", "--insecure", f"{registry.address}/team-a/app:one"], home)
    assert inspected.ok is not same_client, inspected.text
    used = bridge.audit()[-1]
    assert (used["grant"], used["account"], used["client_id"]) == ("refresh_token", "bob", "registry-client")
    assert used["reason"] == reason
    auth = ["--authfile", str(docker.config_file), "--dest-tls-verify=false"]
    target = f"docker://{registry.address}/team-a/app:by-refresh"
    pushed = run(["skopeo", "--insecure-policy", "copy", *auth, f"oci:{image}", target], home)
    assert pushed.ok is not same_client, pushed.text
    assert (bridge.audit()[-1]["grant"], bridge.audit()[-1]["reason"]) == ("refresh_token", reason)


@pytest.mark.parametrize("program", ["skopeo", "podman", "buildah"])
def test_a_login_by_other_programs_keeps_the_password(
    worlds: tuple[RunningBridge, Registry, bool], docker: Docker, image: Path, tmp_path: Path, program: str
) -> None:
    """They ask for no refresh token, and copies use the password. Docker's token stands in the way of their login."""
    bridge, registry, _ = worlds
    file, home = tmp_path / "auth.json", tmp_path / "home"
    home.mkdir()
    password = canaries.password("bob")

    def login(authfile: Path) -> Outcome:
        words = ["login", "--tls-verify=false", "--authfile", str(authfile), "-u", "bob", "--password-stdin"]
        return run([program, *words, registry.address], home, stdin=password)

    assert login(file).ok
    assert (bridge.audit()[-1]["grant"], bridge.audit()[-1]["refresh_id"]) == ("password", "")
    assert "identitytoken" not in file.read_text()
    auth = ["--authfile", str(file), "--dest-tls-verify=false"]
    target = f"docker://{registry.address}/team-a/app:by-{program}"
    assert run(["skopeo", "--insecure-policy", "copy", *auth, f"oci:{image}", target], home).ok
    assert bridge.audit()[-1]["grant"] == "password"
    assert docker.login(registry.address, "bob").ok
    stored(docker)
    refused = login(docker.config_file)
    assert not refused.ok
    assert "Identity token" in refused.text


def test_a_revoked_login(
    worlds: tuple[RunningBridge, Registry, bool], docker: Docker, skopeo: Skopeo, image: Path, tmp_path: Path
) -> None:
    """The terminal says what to do; logging in again is all that it takes."""
    bridge, registry, same_client = worlds
    if same_client:
        pytest.skip("docker cannot use its token there")
    home = tmp_path / "docker-home"
    assert skopeo.push(image, f"{registry.address}/team-b/app:one", As("carol")).ok
    inspect = ["docker", "manifest", "inspect", "--insecure", f"{registry.address}/team-b/app:one"]
    assert docker.login(registry.address, "carol").ok
    stored(docker)
    bridge.command_line(["token", "revoke", "--account", "carol", "-c", str(bridge.settings)])
    time.sleep(2)
    refused = run(inspect, home)
    assert not refused.ok
    assert bridge.audit()[-1]["reason"] == "refresh-revoked"
    assert "Your login has ended. Log in again" in refused.text
    assert docker.login(registry.address, "carol").ok
    stored(docker)
    assert run(inspect, home).ok
