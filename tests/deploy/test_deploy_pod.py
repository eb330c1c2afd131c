"""The sidecar's manifests as a Pod of podman: the image, a registry beside it, and slapd outside; nothing is played."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import canaries
from tests.support.certificates import Authority
from tests.support.clients import As, Docker, Skopeo
from tests.support.http import request
from tests.support.network import own_network
from tests.support.podman import Podman
from tests.support.process import answers
from tests.support.sidecar import HOST, Sidecar, wait_until
from tests.support.slapd import Slapd

ADMIN = "http://127.0.0.1:5002"
_SECONDS = 60


@pytest.fixture(scope="module")
def sidecar(podman: Podman, tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Sidecar]:
    """Up, with every probe content, in a network of its own: the ports are those of the manifests."""
    folder = tmp_path_factory.mktemp("sidecar")
    with own_network(), Slapd(folder / "slapd", authority) as slapd:
        sidecar = Sidecar(folder, podman, slapd)
        sidecar.start()
        yield sidecar
        sidecar.stop()


def test_both_run_confined(sidecar: Sidecar) -> None:
    """As the manifests say: not root, no capability, a root that cannot be written."""
    for name in ("registry", "bridge"):
        container = sidecar.container(name)
        assert container["Config"]["User"] == "65532:65532"
        assert container["HostConfig"]["ReadonlyRootfs"]
        assert not container["EffectiveCaps"]
        assert sidecar.podman.run("top", container["Id"], "user,capeff").split()[-2:] == ["65532", "none"]


def test_every_probe_is_content(sidecar: Sidecar) -> None:
    """The addresses are there, with 200, in each container."""
    kinds = {
        "bridge": ("startupProbe", "readinessProbe", "livenessProbe"),
        "registry": ("readinessProbe", "livenessProbe"),
    }
    asked = {(name, kind): sidecar.kubelet.probe(name, kind) for name, each in kinds.items() for kind in each}
    assert set(asked.values()) == {200}, asked


def test_login_push_and_pull(sidecar: Sidecar, docker: Docker, skopeo: Skopeo, image: Path, tmp_path: Path) -> None:
    """With an account of the directory, and no further than the policy goes."""
    login = docker.login(HOST, "bob")
    assert login.ok, login.text + sidecar.log()
    assert not docker.login(HOST, "bob", "wrong").ok
    pushed = skopeo.push(image, f"{HOST}/team-a/app:1", As("bob"))
    assert pushed.ok, pushed.text + sidecar.log("registry")
    assert skopeo.pull(f"{HOST}/team-a/app:1", tmp_path / "pulled", As("jürgen")).ok
    refused = skopeo.push(image, f"{HOST}/team-b/app:1", As("bob"))
    assert "denied" in refused.text
    assert {line["account"] for line in sidecar.audit()} >= {"bob", "jürgen"}


def test_a_changed_policy_is_taken_up(sidecar: Sidecar, skopeo: Skopeo, image: Path) -> None:
    """The ConfigMap is switched as a kubelet does it; the container goes on, and so does its address in the log."""
    before = sidecar.container("bridge")["State"]["StartedAt"]
    assert not skopeo.push(image, f"{HOST}/loans/app:1", As("bob")).ok
    more = '  - {id: loans, who: ["user:bob"], repositories: ["loans/**"], actions: [pull, push]}\n'
    changed = sidecar.policy.replace("allow:\n", f"allow:\n{more}")
    assert changed != sidecar.policy
    sidecar.kubelet.change("bridge-policy", {"policy.yaml": changed.encode()})
    wait_until(lambda: '"event": "reloaded"' in sidecar.log(), sidecar.log)
    pushed = skopeo.push(image, f"{HOST}/loans/app:1", As("bob"))
    assert pushed.ok, pushed.text
    assert "loans" in sidecar.audit()[-1]["rules"]
    assert sidecar.container("bridge")["State"]["StartedAt"] == before


def test_a_broken_policy_changes_nothing(sidecar: Sidecar, skopeo: Skopeo, image: Path) -> None:
    """The Pod stays ready, what was allowed still is, and the log says where the new one is wrong."""
    sidecar.kubelet.change("bridge-policy", {"policy.yaml": b"version: 2\n"})
    wait_until(lambda: "/etc/ldap-token-bridge/policy/policy.yaml:1:10" in sidecar.log(), sidecar.log)
    assert sidecar.kubelet.probe("bridge", "readinessProbe") == 200
    assert skopeo.push(image, f"{HOST}/team-a/app:2", As("bob")).ok


def test_sigterm_drains(sidecar: Sidecar) -> None:
    """A request under way gets its token, and the container ends with 0. The last test: the bridge is gone then."""
    statuses: list[int] = []
    sidecar.slapd.hang()

    def ask() -> None:
        query = [("service", "registry.corp.example.com")]
        who = ("carol", canaries.password("carol"))
        statuses.append(request("http://127.0.0.1:5001/token", query=query, basic=who).status)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: b"ltb_token_requests_in_flight 1.0" in request(f"{ADMIN}/metrics").body, sidecar.log)
    # SIGTERM, and SIGKILL when the time of the manifest is over, as at the end of every Pod.
    stopping = threading.Thread(target=sidecar.podman.run, args=("stop", "--time", "30", "registry-pod-0-bridge"))
    stopping.start()
    wait_until(lambda: not answers("127.0.0.1", 5001), sidecar.log)
    sidecar.slapd.resume()
    asking.join(_SECONDS)
    stopping.join(_SECONDS)
    assert statuses == [200]
    assert '"event": "stopped"' in sidecar.log()
    assert sidecar.container("bridge")["State"]["ExitCode"] == 0
