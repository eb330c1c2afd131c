"""The Helm chart: what helm makes of many values is what Kubernetes takes, and what the bridge takes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ldap_token_bridge import __version__
from tests.support.documents import document
from tests.support.helm_chart import CHART, documented, generated, helm, only, template
from tests.support.helm_values import FULL, MATRIX, SMALL, Values, merged, values_file
from tests.support.kubernetes import pod_specs, restricted_faults, schema_faults

Objects = list[dict[str, Any]]


@pytest.fixture(scope="module")
def rendered() -> dict[str, Objects]:
    """The objects of each set of values."""
    return {name: template(values) for name, values in MATRIX.items()}


@pytest.mark.parametrize("name", MATRIX)
def test_every_object_is_one_of_kubernetes(rendered: dict[str, Objects], name: str) -> None:
    """By the schemas of several versions, without an unknown key; and no two of one name."""
    things = rendered[name]
    assert [fault for thing in things for fault in schema_faults(thing)] == []
    names = [(thing["kind"], thing["metadata"]["name"]) for thing in things]
    assert len(set(names)) == len(names)
    assert {thing["metadata"]["namespace"] for thing in things} == {"registries"}
    # RFC 1123: what a Service may be named; what names of Pods are made of.
    assert [each for _, each in names if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", each)] == []


@pytest.mark.parametrize("name", MATRIX)
def test_every_pod_fits_the_restricted_profile(rendered: dict[str, Objects], name: str) -> None:
    """The bridge and the test; neither can write to its root file system, and no token of Kubernetes is there."""
    pods = pod_specs(rendered[name])
    assert len(pods) == 2
    for spec in pods.values():
        assert list(restricted_faults(spec)) == []
        assert spec["automountServiceAccountToken"] is False
        assert all(each["securityContext"]["readOnlyRootFilesystem"] for each in spec["containers"])


@pytest.mark.parametrize("name", ["123", "true", "null", "1e3", "0x1f", "no"])
def test_a_name_stays_a_name(name: str) -> None:
    """What YAML would take for a number or a truth is quoted wherever somebody's name stands."""
    label = {"fullnameOverride": name, "nameOverride": name} if name.isalpha() else {"fullnameOverride": "bridge"}
    changes = {
        **label,
        "imagePullSecrets": [{"name": name}],
        "directory": {
            "existingSecret": name,
            "passwordKey": name,
            "caConfigMap": name,
            "clientCertificateSecret": name,
        },
        "signingKeys": {"keys": [{"name": name, "existingSecret": name}], "active": name},
        "tls": {"certManager": {"enabled": False}, "existingSecret": name},
        "policy": {"existingConfigMap": name, "shadowConfigMap": name},
        "robots": {"existingSecret": name},
        "refreshTokens": {"existingSecret": name, "revocationsConfigMap": name},
        "sharedStore": {"existingSecret": name, "passwordKey": name, "caConfigMap": name},
        "filesConfigMap": name,
        "secretEnv": {"LTB_DIRECTORY__BIND_DN": {"name": name, "key": name}},
        "ingress": {"className": name, "host": name, "tlsSecret": name},
        "topologySpread": {"topologyKeys": [name]},
        "serviceAccount": {"name": name},
        "priorityClassName": name,
        "test": {"existingSecret": name, "scope": name, "caConfigMap": name},
        **{key: {"a": name} for key in ("podAnnotations", "podLabels", "nodeSelector")},
    }
    things = template(merged(FULL, changes), "--name-template", name, "--namespace", name)
    assert [fault for thing in things for fault in schema_faults(thing)] == []
    assert set(_secrets_named(only(things, "Deployment"))) == {name}


def test_a_fault_is_noticed(rendered: dict[str, Objects]) -> None:
    """The checks above can fail."""
    deployment = json.loads(json.dumps(only(rendered["small"], "Deployment")))
    spec = deployment["spec"]["template"]["spec"]
    spec["hostNetwork"] = True
    spec["volumes"].append({"name": "host", "hostPath": {"path": "/"}})
    spec["containers"][0]["securityContext"] = {"capabilities": {"add": ["SYS_ADMIN"]}}
    assert len(list(restricted_faults(spec))) == 5
    spec["conatiners"] = []
    assert any("conatiners" in fault for fault in schema_faults(deployment))
    certificate = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "x"}, "spec": {}}
    assert any("secretName" in fault for fault in schema_faults(certificate))


@pytest.mark.parametrize("name", ["small", "full"])
def test_lint_is_content(name: str) -> None:
    """Warnings count as errors."""
    assert "0 chart(s) failed" in helm("lint", values_file(name), "--strict")


def _secrets_named(thing: Any) -> Iterator[str]:
    if isinstance(thing, dict):
        for key, value in thing.items():
            if key == "secretName" or (key in ("secret", "secretKeyRef") and "name" in value):
                yield value if isinstance(value, str) else value["name"]
            yield from _secrets_named(value)
    elif isinstance(thing, list):
        for each in thing:
            yield from _secrets_named(each)


def test_secrets_are_only_referred_to(rendered: dict[str, Objects]) -> None:
    """None is made by the chart; keys and passwords come from those that are named."""
    assert [thing for things in rendered.values() for thing in things if thing["kind"] == "Secret"] == []
    named = set(_secrets_named(only(rendered["full"], "Deployment")))
    assert named == {
        "bridge-directory",
        "bridge-client",
        "bridge-signing-2026",
        "registry-ldap-token-bridge-signing-2027",
        "registry-ldap-token-bridge-tls",
        "bridge-robots",
        "bridge-refresh",
        "bridge-store",
    }


def test_only_bridge_yaml_makes_new_pods(rendered: dict[str, Objects]) -> None:
    """A change of the policy or of the key that signs leaves the Deployment as it is."""
    full, small = rendered["full"], rendered["small"]
    other_key = template(merged(FULL, {"signingKeys": {"active": "2027"}}))
    other_policy = template(merged(SMALL, {"policy": {"files": {"policy.yaml": "version: 1\n"}}}))
    assert only(other_key, "Deployment") == only(full, "Deployment")
    assert only(other_key, "ConfigMap", "-active-key")["data"] == {"active": "2027"}
    assert only(other_policy, "Deployment") == only(small, "Deployment")
    assert only(other_policy, "ConfigMap", "-policy") != only(small, "ConfigMap", "-policy")
    other_settings = template(merged(SMALL, {"bridge": {"token": {"lifetime": "20m"}}}))
    assert only(other_settings, "Deployment") != only(small, "Deployment")


def test_services_find_the_bridges_alone(rendered: dict[str, Objects]) -> None:
    """Their labels are the Pods'; the Pod of `helm test` is none of them, and gets in by the NetworkPolicy."""
    things = rendered["full"]
    pods = only(things, "Deployment")["spec"]["template"]["metadata"]["labels"]
    test = only(things, "Pod")["metadata"]["labels"]
    for selector in (
        only(things, "Service", "bridge")["spec"]["selector"],
        only(things, "Service", "metrics")["spec"]["selector"],
        only(things, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        only(things, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= pods.items()
        assert not selector.items() <= test.items()
    peers = only(things, "NetworkPolicy")["spec"]["ingress"][0]["from"]
    assert any(each["podSelector"]["matchLabels"].items() <= test.items() for each in peers if "podSelector" in each)
    found = only(things, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    matching = [each for each in things if found.items() <= each["metadata"]["labels"].items()]
    assert [each["metadata"]["name"] for each in matching] == ["registry-ldap-token-bridge-metrics"]


def test_the_two_kinds_of_certificate_are_apart(rendered: dict[str, Objects]) -> None:
    """The server's is renewed with a new key; the signing one lives for years, keeps its key, and serves nobody."""
    things = rendered["full"]
    server = only(things, "Certificate", "-tls")["spec"]
    signing = only(things, "Certificate", "-signing-2027")["spec"]
    assert server["usages"] == ["digital signature", "server auth"]
    assert server["privateKey"]["rotationPolicy"] == "Always"
    assert "bridge.corp.example.com" in server["dnsNames"]
    assert signing["usages"] == ["digital signature"]
    assert signing["privateKey"]["rotationPolicy"] == "Never"
    assert "dnsNames" not in signing
    assert int(signing["duration"].removesuffix("h")) >= 10 * 365 * 24
    assert signing["secretName"] != server["secretName"]


def test_what_is_generated_is_current() -> None:
    """README, the schema of `bridge`, alerts. Mend it with: python -m tests.support.helm_chart."""
    stale = [path.name for path, content in generated() if path.read_text(encoding="utf-8") != content]
    assert stale == []


def test_replicas_are_added_by_what_they_use(rendered: dict[str, Objects]) -> None:
    """Half a core, of the one that a process can use. Percent of a small request would add replicas for nothing."""
    (metric,) = only(rendered["full"], "HorizontalPodAutoscaler")["spec"]["metrics"]
    target = {"type": "AverageValue", "averageValue": "500m"}
    assert metric == {"type": "Resource", "resource": {"name": "cpu", "target": target}}


@pytest.mark.parametrize("values", [SMALL, FULL], ids=["small", "full"])
def test_the_memory_holds_the_accounts(values: Values) -> None:
    """By the figures of docs/sizing.md, at the most accounts that may be remembered; twice that during a reload."""
    figures = document("docs/sizing.md").text
    idle, account = (
        float(re.findall(rf"`{name}` \| ([\d.,]+)", figures)[0].replace(",", ""))
        for name in ("memory_idle_mb", "memory_account_bytes")
    )
    accounts = values["bridge"].get("cache", {}).get("max_accounts", 100_000)
    (container,) = only(template(values), "Deployment")["spec"]["template"]["spec"]["containers"]
    limit = int(container["resources"]["limits"]["memory"].removesuffix("Mi"))
    assert limit * 2**20 >= 2 * (idle * 1e6 + accounts * account)


def test_the_image_is_that_of_this_version() -> None:
    """`appVersion` is the tag where none is named."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == __version__


def test_every_value_is_explained_and_in_the_schema() -> None:
    """Values without a comment, or which the schema does not know, are an oversight; the reverse, too."""
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))

    def leaves(node: Values, path: str = "") -> Iterator[str]:
        for key, inner in node["properties"].items():
            if path + key not in ("bridge", "global", "resources") and "properties" in inner:
                yield from leaves(inner, f"{path}{key}.")
            else:
                yield path + key

    assert sorted(key for key, _ in documented(text)) == sorted(set(leaves(schema)) - {"global"})
