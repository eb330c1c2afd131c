"""The sidecar's manifests as a Pod of podman: the image, a registry beside it, and slapd outside; nothing is played."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import canaries, kustomize, sample
from tests.support.certificates import Authority
from tests.support.clients import As, Docker, Skopeo
from tests.support.command_line import output
from tests.support.http import request
from tests.support.kubelet import Kubelet, Manifest
from tests.support.network import own_network
from tests.support.podman import IMAGE, REGISTRY, Podman
from tests.support.process import answers
from tests.support.slapd import Slapd

HOST, ADMIN = "127.0.0.1:5000", "http://127.0.0.1:5002"
_SECONDS = 60


class Sidecar:
    """The Pod, as the overlay `openldap` makes it, before a slapd of the test."""

    def __init__(self, folder: Path, podman: Podman, slapd: Slapd) -> None:
        self.podman, self.slapd = podman, slapd
        keys = folder / "keys"
        output("keys", "new", "--keys-dir", str(keys))
        bundle = output("keys", "bundle", "--keys-dir", str(keys))
        overlay = kustomize.copy(folder / "manifests", "openldap", slapd.ca_file.read_bytes(), bundle.encode())
        _edit(overlay / "bridge.yaml", "[ldaps://ldap1.corp.example.com, ldaps://ldap2.corp.example.com]",
              f"[{slapd.ldaps_url}]")  # fmt: skip
        _edit(overlay / "bridge.yaml", "uid=svc-registry,ou=Service,dc=corp,dc=example,dc=com", slapd.bind_dn)
        base = overlay.parents[1] / "base"
        _edit(base / "registry.env", "https://registry.corp.example.com/token", "http://127.0.0.1:5001/token")
        _edit(base / "kustomization.yaml", "name: ldap-token-bridge,", f"name: ldap-token-bridge, newName: {IMAGE},")
        _edit(base / "kustomization.yaml", "name: registry, newTag", f"name: registry, newName: {REGISTRY}, newTag")
        self.policy = (base / "policy.yaml").read_text()
        secrets = [
            _secret("bridge-keys", {file.name: file.read_bytes() for file in keys.iterdir() if file.is_file()}),
            _secret("bridge-ldap", {"ldap-password": canaries.password(sample.SERVICE_ACCOUNT).encode()}),
            _secret("registry-http", {"secret": b"only-for-tests"}),
        ]
        self.kubelet = Kubelet(folder / "volumes", [*kustomize.render(overlay), *secrets])
        self._manifest = folder / "pod.yaml"
        self._manifest.write_text(yaml.safe_dump_all(self.kubelet.manifests()))

    def start(self) -> None:
        """Until every readiness probe is content."""
        self.podman.run("play", "kube", str(self._manifest))
        wait_until(
            lambda: all(self.kubelet.probe(name, "readinessProbe") == 200 for name in ("registry", "bridge")),
            self.log,
        )

    def container(self, name: str) -> Mapping[str, Any]:
        """What podman knows of a container."""
        (found,) = json.loads(self.podman.run("container", "inspect", f"registry-pod-0-{name}"))
        assert isinstance(found, dict)
        return found

    def log(self, name: str = "bridge") -> str:
        """What a container has printed."""
        return self.podman.logs(f"registry-pod-0-{name}")

    def audit(self) -> list[dict[str, Any]]:
        """The bridge's audit trail."""
        lines = self.log().splitlines()
        return [json.loads(line) for line in lines if line.startswith('{"event":"token-request"')]


def wait_until(condition: Callable[[], bool], explain: Callable[[], str]) -> None:
    """Looks again and again; fails with an explanation."""
    give_up = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < give_up, explain()
        time.sleep(0.1)


@pytest.fixture(scope="module")
def sidecar(podman: Podman, tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Sidecar]:
    """Up, with every probe content, in a network of its own: the ports are those of the manifests."""
    folder = tmp_path_factory.mktemp("sidecar")
    with own_network(), Slapd(folder / "slapd", authority) as slapd:
        sidecar = Sidecar(folder, podman, slapd)
        sidecar.start()
        yield sidecar


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


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{file}: {old}"
    file.write_text(text.replace(old, new))


def _secret(name: str, files: Mapping[str, bytes]) -> Manifest:
    data = {key: base64.b64encode(content).decode() for key, content in files.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
