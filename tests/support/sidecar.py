"""deploy/kubernetes/sidecar as a Pod of podman, with the image, a registry beside it, and a slapd outside."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from . import canaries, kustomize, sample
from .certificates import Issued
from .command_line import output
from .kubelet import Kubelet, Manifest
from .podman import IMAGE, REGISTRY, Podman
from .slapd import Slapd

HOST = "127.0.0.1:5000"
"""The registry, in the network of the test."""
_SECONDS = 60


class Sidecar:
    """The Pod, as the overlay `openldap` makes it, before a slapd of the test.

    With a certificate for 127.0.0.1 it is the component `tls` in place of `ingress`.
    """

    def __init__(self, folder: Path, podman: Podman, slapd: Slapd, certificate: Issued | None = None) -> None:
        self.podman, self.slapd = podman, slapd
        keys = folder / "keys"
        output("keys", "new", "--keys-dir", str(keys))
        bundle = output("keys", "bundle", "--keys-dir", str(keys))
        overlay = kustomize.copy(folder / "manifests", "openldap", slapd.ca_file.read_bytes(), bundle.encode())
        _edit(overlay / "bridge.yaml", "[ldaps://ldap1.corp.example.com, ldaps://ldap2.corp.example.com]",
              f"[{slapd.ldaps_url}]")  # fmt: skip
        _edit(overlay / "bridge.yaml", "uid=svc-registry,ou=Service,dc=corp,dc=example,dc=com", slapd.bind_dn)
        base = overlay.parents[1] / "base"
        if certificate:
            kustomize.with_tls(overlay)
            component = overlay.parents[1] / "components/tls/kustomization.yaml"
            _edit(component, "https://registry.corp.example.com:5001/token", "https://127.0.0.1:5001/token")
        else:
            _edit(base / "registry.env", "https://registry.corp.example.com/token", "http://127.0.0.1:5001/token")
        _edit(base / "kustomization.yaml", "name: ldap-token-bridge,", f"name: ldap-token-bridge, newName: {IMAGE},")
        _edit(base / "kustomization.yaml", "name: registry, newTag", f"name: registry, newName: {REGISTRY}, newTag")
        self.policy = (base / "policy.yaml").read_text()
        secrets = [
            _secret("bridge-keys", {file.name: file.read_bytes() for file in keys.iterdir() if file.is_file()}),
            _secret("bridge-ldap", {"ldap-password": canaries.password(sample.SERVICE_ACCOUNT).encode()}),
            _secret("registry-http", {"secret": b"only-for-tests"}),
        ]
        if certificate:
            pair = {"tls.crt": certificate.certificate.read_bytes(), "tls.key": certificate.key.read_bytes()}
            secrets.append(_secret("registry-tls", pair))
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

    def stop(self) -> None:
        """Takes the Pod away, so that another one may have its name."""
        self.podman.run("pod", "rm", "--force", "registry-pod-0")

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


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{file}: {old}"
    file.write_text(text.replace(old, new))


def _secret(name: str, files: Mapping[str, bytes]) -> Manifest:
    data = {key: base64.b64encode(content).decode() for key, content in files.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
