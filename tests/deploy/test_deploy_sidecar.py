"""The sidecar's manifests, rendered by kustomize: valid for Kubernetes, restricted, and as the documents have them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.settings import load_settings
from tests.support import kustomize
from tests.support.command_line import output
from tests.support.documents import document
from tests.support.kubelet import Manifest
from tests.support.kubernetes import restricted_faults, schema_faults
from tests.support.kustomize import OVERLAYS, SIDECAR

_CASES = [(overlay, tls) for overlay in OVERLAYS for tls in (False, True)]


@pytest.fixture(params=_CASES, ids=lambda case: f"{case[0]}-{'tls' if case[1] else 'ingress'}")
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> list[Manifest]:
    """Each overlay with each way of TLS."""
    overlay, tls = request.param
    place = kustomize.copy(tmp_path / "sidecar", overlay, b"an authority", b"a bundle")
    if tls:
        kustomize.with_tls(place)
    return kustomize.render(place)


def _of(objects: list[Manifest], kind: str) -> Manifest:
    (found,) = (each for each in objects if each["kind"] == kind)
    return found


def _pod(objects: list[Manifest]) -> dict[str, Any]:
    pod = _of(objects, "Deployment")["spec"]["template"]["spec"]
    assert isinstance(pod, dict)
    return pod


def test_kubernetes_takes_every_object(objects: list[Manifest]) -> None:
    """By its own schemas, without a key that they do not know."""
    assert [fault for each in objects for fault in schema_faults(each)] == []


def test_the_pod_is_restricted(objects: list[Manifest]) -> None:
    """As the profile of that name has it, and beyond it: a read-only root, no token of the cluster, limits, probes."""
    pod = _pod(objects)
    assert list(restricted_faults(pod)) == []
    assert pod["securityContext"]["runAsUser"] > 0
    assert not pod["automountServiceAccountToken"] and not pod["enableServiceLinks"]
    for container in pod["containers"]:
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["resources"]["requests"] and container["resources"]["limits"]["memory"]
        assert container["readinessProbe"] and container["livenessProbe"]


def test_what_ends_a_container_asks_whether_it_lives(objects: list[Manifest]) -> None:
    """A bridge that the directory refuses is not ready: each start more would show its password once more."""
    (bridge,) = (each for each in _pod(objects)["containers"] if each["name"] == "bridge")
    asked = {kind: bridge[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert asked == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}


def test_every_secret_is_by_reference(objects: list[Manifest]) -> None:
    """None is in the manifests, and the document says how to make each that the Pod names."""
    assert "Secret" not in {each["kind"] for each in objects}
    assert "PRIVATE KEY" not in json.dumps(objects)
    pod = _pod(objects)
    named = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    named |= {
        variable["valueFrom"]["secretKeyRef"]["name"]
        for container in pod["containers"]
        for variable in container["env"]
        if "valueFrom" in variable
    }
    commands = "\n".join(block.text for block in document("deploy/README.md").blocks)
    assert [name for name in named if not re.search(rf"kubectl .*create secret \w+ {name}\b", commands)] == []


def test_every_reference_leads_somewhere(objects: list[Manifest]) -> None:
    """ConfigMaps by the names that kustomize gave them, volumes, ports of Service, Ingress and policy."""
    pod, containers = _pod(objects), _pod(objects)["containers"]
    maps = {each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"}
    wanted = {volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume}
    wanted |= {source["configMapRef"]["name"] for each in containers for source in each.get("envFrom", ())}
    assert wanted == maps
    mounted = {mount["name"] for each in containers for mount in each["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    ports = {port["name"] for each in containers for port in each["ports"]}
    service = _of(objects, "Service")
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    allowed = {port["port"] for rule in _of(objects, "NetworkPolicy")["spec"]["ingress"] for port in rule["ports"]}
    assert allowed == ports
    served = {port["name"] for port in service["spec"]["ports"]}
    for ingress in (each for each in objects if each["kind"] == "Ingress"):
        paths = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
        assert {path["backend"]["service"]["port"]["name"] for path in paths} <= served
    labels = _of(objects, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    assert service["spec"]["selector"].items() <= labels
    assert _of(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels


def test_the_pod_reaches_dns_directory_and_store_only(objects: list[Manifest]) -> None:
    """By the ports of its egress."""
    rules = _of(objects, "NetworkPolicy")["spec"]["egress"]
    assert {port["port"] for rule in rules for port in rule["ports"]} == {53, 636, 3269, 6379}


def test_a_changed_policy_starts_nothing_anew(tmp_path: Path) -> None:
    """The Deployment is the same to the letter; with another bridge.yaml or bundle it is not."""
    place = kustomize.copy(tmp_path / "sidecar", "openldap", b"an authority", b"a bundle")
    before = _of(kustomize.render(place), "Deployment")
    policy = place.parents[1] / "base/policy.yaml"
    policy.write_text(policy.read_text() + "# another\n")
    assert _of(kustomize.render(place), "Deployment") == before
    (place / "bundle.pem").write_bytes(b"another bundle")
    with_bundle = _of(kustomize.render(place), "Deployment")
    assert with_bundle != before
    (place / "bridge.yaml").write_text("another: file\n")
    assert _of(kustomize.render(place), "Deployment") != with_bundle


@pytest.fixture(params=OVERLAYS)
def at_home(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """An overlay's bridge.yaml where there is no Pod, and the environment that says where its password is meanwhile."""
    place = kustomize.copy(tmp_path / "sidecar", request.param, b"an authority", b"a bundle")
    password = tmp_path / "ldap-password"
    password.write_text("a password\n")
    return str(place / "bridge.yaml"), {"LTB_DIRECTORY__BIND_PASSWORD_FILE": str(password)}


def test_the_settings_are_good(at_home: tuple[str, dict[str, str]]) -> None:
    """Without a warning but that of plain HTTP, which is the ingress's to end."""
    file, environment = at_home
    settings = load_settings(Path(file), environment)
    assert [warning.what for warning in settings.warnings if "without TLS" not in warning.what] == []


def test_the_registry_is_told_what_the_command_says(at_home: tuple[str, dict[str, str]]) -> None:
    """registry.env is the output of `registry-config` for every overlay."""
    file, environment = at_home
    realm, bundle = "https://registry.corp.example.com/token", "/etc/registry-bundle/bundle.pem"
    command = ["registry-config", "-c", file, "--realm", realm, "--bundle", bundle, "--for", "env"]
    assert output(*command, **environment) == (SIDECAR / "base/registry.env").read_text()


def test_the_policy_passes_its_own_tests() -> None:
    """As the pipeline of whoever takes it over will run them."""
    output("policy", "test", str(SIDECAR / "base/policy.yaml"))
