"""A folder that the bridge could start from: bridge.yaml, a signing key, a policy, the service account's password."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.checkup import Item, check_directory
from ldap_token_bridge.checkup.offline import check_files
from ldap_token_bridge.serve import ldap_options
from ldap_token_bridge.tokens.install import new_key
from tests.support import canaries, sample
from tests.support.slapd import Slapd

# As the tests, which take the time once: a key of a minute later is not valid yet for those that run late.
BEGIN = datetime.now(UTC)

POLICY = """\
version: 1
groups:
  platform: CN=Platform,OU=Groups,DC=corp,DC=example,DC=com
allow:
  - {id: platform, who: ["group:platform"], repositories: ["**"], actions: [pull]}
tests:
  - {user: alice, groups: [platform], can: [pull team-a/app]}
"""

Section = Mapping[str, Any]
MakeFolder = Callable[..., Path]
Connect = Callable[[Path], "Any"]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Writes the folder; sections and keys of `directory` can be given. Returns the path of bridge.yaml."""

    def make(directory: Section, *, policy: str = POLICY, **sections: Section) -> Path:
        (tmp_path / "policy.yaml").write_text(policy)
        (tmp_path / "password").write_text(canaries.password(sample.SERVICE_ACCOUNT))
        (tmp_path / "password").chmod(0o600)
        if not (tmp_path / "keys").exists():
            new_key(tmp_path / "keys", common_name="test", now=BEGIN)
        settings: dict[str, Any] = {
            "server": {"listen": "127.0.0.1:0"},
            "token": {"issuer": "bridge.test", "services": ["registry.test"], "keys_dir": "keys"},
            "directory": {"kind": "openldap", "base": sample.BASE, "bind_password_file": "password", **directory},
            "policy": "policy.yaml",
        }
        for name, keys in sections.items():
            settings[name] = settings.get(name, {}) | dict(keys)
        # A key a line, so that places in messages are plain to see.
        lines = [
            f"{name}: {json.dumps(keys)}\n"
            if isinstance(keys, str)
            else f"{name}:\n" + "".join(f"  {key}: {json.dumps(value)}\n" for key, value in keys.items())
            for name, keys in settings.items()
        ]
        path = tmp_path / "bridge.yaml"
        path.write_text("".join(lines))
        return path

    return make


async def connect(config: Path) -> tuple[Item, ...]:
    """The part of the check-up that asks the directory; the files must be good."""
    found = check_files(config, {}, datetime.now(UTC))
    assert found.settings is not None, found.items
    return await check_directory(found.settings, ldap_options(found.settings.directory), found.policy)


def of_slapd(slapd: Slapd, **changes: Any) -> dict[str, Any]:
    """The `directory` section for slapd."""
    return {
        "servers": [slapd.ldaps_url],
        "bind_dn": slapd.bind_dn,
        "tls": {"ca_file": str(slapd.ca_file)},
        **changes,
    }
