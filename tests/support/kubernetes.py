"""Kubernetes objects held against their schemas and against the restricted profile of the Pod Security Standards."""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import kubernetes_validate

VERSIONS = ("1.30", "1.33", "1.36")
"""The oldest version that deploy/ speaks of, and newer ones."""

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
# What these operators take, no more than we use (cert-manager.io/v1, monitoring.coreos.com/v1).
_TEXT, _LABELS = {"type": "string", "minLength": 1}, {"type": "object", "additionalProperties": {"type": "string"}}
_DURATION = {"type": "string", "pattern": "^([0-9]+(h|m|s))+$"}


def _strictly(required: tuple[str, ...], **properties: object) -> dict[str, object]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


_CUSTOM: Mapping[tuple[str, str], dict[str, object]] = {
    ("cert-manager.io/v1", "Certificate"): _strictly(
        ("secretName", "issuerRef"),
        secretName=_TEXT,
        commonName={**_TEXT, "maxLength": 64},
        duration=_DURATION,
        renewBefore=_DURATION,
        dnsNames={"type": "array", "minItems": 1, "items": _TEXT},
        usages={"type": "array", "items": {"enum": ["digital signature", "server auth"]}},
        privateKey=_strictly(
            (),
            algorithm={"enum": ["RSA", "ECDSA", "Ed25519"]},
            size={"enum": [256, 384, 521]},
            encoding={"enum": ["PKCS1", "PKCS8"]},
            rotationPolicy={"enum": ["Never", "Always"]},
        ),
        issuerRef=_strictly(("name",), name=_TEXT, kind={"enum": ["Issuer", "ClusterIssuer"]}, group=_TEXT),
    ),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): _strictly(
        ("selector", "endpoints"),
        selector=_strictly(("matchLabels",), matchLabels=_LABELS),
        endpoints={
            "type": "array",
            "minItems": 1,
            "items": _strictly(
                ("port",),
                port=_TEXT,
                path=_TEXT,
                interval=_DURATION,
                relabelings={"type": "array", "items": _strictly((), targetLabel=_TEXT, replacement=_TEXT)},
            ),
        },
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): _strictly(
        ("groups",),
        groups={
            "type": "array",
            "minItems": 1,
            "items": _strictly(("name", "rules"), name=_TEXT, rules={"type": "array", "items": {"type": "object"}}),
        },
    ),
}


def schema_faults(thing: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the object by the schemas of Kubernetes; unknown keys are wrong, too."""
    name = f"{thing['kind']} {thing['metadata']['name']}"
    custom = _CUSTOM.get((thing["apiVersion"], thing["kind"]))
    if custom:
        whole = _strictly(
            ("spec",),
            apiVersion={},
            kind={},
            metadata=_strictly(("name", "namespace"), name=_TEXT, namespace=_TEXT, labels=_LABELS),
            spec=custom,
        )
        for error in jsonschema.Draft7Validator(whole).iter_errors(thing):
            yield f"{name}: {error.json_path}: {error.message}"
        return
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(dict(thing), version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{name}, Kubernetes {version}: {error.json_path}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield f"{name}: {error.message}"


def pod_specs(things: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The Pods that the objects are or make, by name."""
    found = {thing["metadata"]["name"]: thing["spec"] for thing in things if thing["kind"] == "Pod"}
    found |= {
        thing["metadata"]["name"]: thing["spec"]["template"]["spec"] for thing in things if thing["kind"] in _WORKLOADS
    }
    return found


# Kubernetes documentation, "Pod Security Standards", profile Restricted, with what it takes over from Baseline.
_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
_SECCOMP = {"RuntimeDefault", "Localhost"}
_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}


def restricted_faults(spec: Mapping[str, Any]) -> Iterator[str]:
    """What in a Pod's spec the restricted profile does not allow."""
    for share in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(share):
            yield f"{share} is set"
    for volume in spec.get("volumes", ()):
        if kinds := volume.keys() - {"name"} - _VOLUMES:
            yield f"volume {volume['name']}: {', '.join(kinds)} is not allowed"
    pod = spec.get("securityContext", {})
    yield from _identity_faults("the Pod", pod)
    for sysctl in pod.get("sysctls", ()):
        if sysctl["name"] not in _SYSCTLS:
            yield f"sysctl {sysctl['name']}"
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind, ()):
            yield from _container_faults(container, pod)


def _container_faults(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[str]:
    name, own = f"container {container['name']}", container.get("securityContext", {})
    yield from _identity_faults(name, own)
    if own.get("privileged"):
        yield f"{name} is privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: allowPrivilegeEscalation is not false"
    if not own.get("runAsNonRoot", pod.get("runAsNonRoot")):
        yield f"{name}: runAsNonRoot is not true"
    if (own.get("seccompProfile") or pod.get("seccompProfile") or {}).get("type") not in _SECCOMP:
        yield f"{name}: no seccompProfile that is allowed"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", ()):
        yield f"{name}: capabilities.drop has no ALL"
    if added := set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
        yield f"{name}: capabilities.add has {', '.join(sorted(added))}"
    if own.get("procMount", "Default") != "Default":
        yield f"{name}: procMount is not Default"
    if any(port.get("hostPort") for port in container.get("ports", ())):
        yield f"{name}: a hostPort"


def _identity_faults(name: str, context: Mapping[str, Any]) -> Iterator[str]:
    """What Pod and container say alike: who it runs as, and what confines it."""
    if context.get("runAsUser") == 0:
        yield f"{name}: runAsUser is 0"
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield f"{name}: hostProcess is set"
    selinux = context.get("seLinuxOptions", {})
    types = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
    if selinux.get("user") or selinux.get("role") or selinux.get("type", "") not in types:
        yield f"{name}: seLinuxOptions"
    if context.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in _SECCOMP:
        yield f"{name}: appArmorProfile"
    if "seccompProfile" in context and context["seccompProfile"].get("type") not in _SECCOMP:
        yield f"{name}: seccompProfile is not allowed"
