"""A bridge.yaml for tests: the shortest good one, with keys changed or taken away."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import sentinel

PASSWORD = "the service account's password"

MINIMAL: dict[str, Any] = {
    "token": {
        "issuer": "bridge.corp.example.com",
        "services": ["registry.corp.example.com"],
        "keys_dir": "keys",
    },
    "directory": {
        "kind": "active-directory",
        "servers": ["ldaps://dc1.corp.example.com", "ldaps://dc2.corp.example.com"],
        "base": "DC=corp,DC=example,DC=com",
        "bind_dn": "CN=svc-registry,OU=Service,DC=corp,DC=example,DC=com",
        "bind_password_file": "ldap-password",
    },
    "policy": "policy.yaml",
}

ABSENT = sentinel.ABSENT


def write_settings(folder: Path, **changes: Any) -> Path:
    """bridge.yaml in `folder` beside a password file. `directory__tls__ca_file="ca.pem"` sets a key, ABSENT removes it.

    Each key stands in a line of its own, in the order of MINIMAL and then of `changes`.
    """
    settings = json.loads(json.dumps(MINIMAL))
    for name, value in changes.items():
        *sections, key = name.split("__")
        section = settings
        for step in sections:
            section = section.setdefault(step, {})
        if value is ABSENT:
            section.pop(key, None)
        else:
            section[key] = value
    (folder / "ldap-password").write_text(f"{PASSWORD}\n")
    (folder / "ldap-password").chmod(0o600)
    path = folder / "bridge.yaml"
    # JSON values are YAML values; only the keys are laid out as people do.
    path.write_text("".join(_lines(settings, 0)))
    return path


def _lines(section: dict[str, Any], depth: int) -> list[str]:
    lines = []
    for key, value in section.items():
        indent = "  " * depth
        if isinstance(value, dict) and value:
            lines += [f"{indent}{key}:\n", *_lines(value, depth + 1)]
        else:
            lines.append(f"{indent}{key}: {json.dumps(value, ensure_ascii=False)}\n")
    return lines
