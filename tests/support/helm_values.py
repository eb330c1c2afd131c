"""Values for the Helm chart that its tests go through."""

from collections.abc import Mapping
from typing import Any

import yaml

from .helm_chart import CHART

Values = Mapping[str, Any]


def values_file(name: str) -> dict[str, Any]:
    """One of the examples beside the chart."""
    return dict(yaml.safe_load((CHART / "ci" / f"{name}.yaml").read_text(encoding="utf-8")))


SMALL, FULL = values_file("small"), values_file("full")


def merged(values: Values, changes: Values) -> dict[str, Any]:
    """As helm joins files of values: maps are united, all else is replaced."""
    both = dict(values)
    for key, value in changes.items():
        there = both.get(key)
        both[key] = merged(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return both


_METRICS = {"metrics": {"enabled": True}, "networkPolicy": {"metricsFrom": [{"podSelector": {}}]}}
_TLS = {"tls": {"existingSecret": "bridge-tls"}}
MATRIX: dict[str, Values] = {
    "small": SMALL,
    "full": FULL,
    "one replica, nothing beside it": merged(
        SMALL,
        {
            "replicas": 1,
            "podDisruptionBudget": {"enabled": False},
            "topologySpread": {"enabled": False},
            "networkPolicy": {"enabled": False},
            "serviceAccount": {"create": False},
        },
    ),
    "ids by the platform": merged(SMALL, {"securityContext": dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup"))}),
    "its own TLS, a login in the test": merged(SMALL, {**_TLS, "test": {"existingSecret": "p", "caConfigMap": "ca"}}),
    "a number that helm writes as 1e+07": merged(SMALL, {"bridge": {"cache": {"max_accounts": 10_000_000}}}),
    "metrics without an operator": merged(SMALL, _METRICS),
    "names that are cut at dashes": merged(
        SMALL, {"fullnameOverride": f"b{'-' * 45}b", "nameOverride": f"n{'-' * 48}n"}
    ),
    "long names": merged(SMALL, {"fullnameOverride": "b" * 50, "nameOverride": "n" * 50}),
    "EXTERNAL": {
        **merged(SMALL, {"directory": {"existingSecret": "", "clientCertificateSecret": "client"}}),
        "bridge": {
            **SMALL["bridge"],
            "directory": {key: value for key, value in SMALL["bridge"]["directory"].items() if key != "bind_dn"},
        },
    },
    "password by a variable, IPv6": merged(
        SMALL,
        {
            "directory": {"existingSecret": ""},
            "secretEnv": {"LTB_DIRECTORY__BIND_PASSWORD": {"name": "bridge-directory", "key": "password"}},
            "listenAddress": "[::]",
        },
    ),
    "cert-manager's signing key alone": merged(
        SMALL,
        {"signingKeys": {"keys": [{"name": "a", "certManager": True}], "certManager": {"issuerRef": {"name": "i"}}}},
    ),
}
