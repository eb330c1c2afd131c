"""What the Helm chart gives the bridge is what the bridge takes."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ldap_token_bridge.cli import root
from tests.support.helm_chart import only, template
from tests.support.helm_values import MATRIX
from tests.support.key_folder import ec_key
from tests.support.key_folder import write_pair as write_key

Objects = list[dict[str, Any]]


@pytest.mark.parametrize("name", MATRIX)
def test_the_bridge_takes_its_file(tmp_path: Path, name: str) -> None:
    """`check` finds nothing wrong with bridge.yaml and what is mounted beside it, where it is mounted."""
    things = template(MATRIX[name])
    mount(things, tmp_path)
    settings = tmp_path / "config" / "bridge.yaml"
    environment = dict.fromkeys(MATRIX[name].get("secretEnv", {}), "CN=bridge,DC=corp,DC=example,DC=com")
    result = CliRunner().invoke(root, ["check", "-c", str(settings)], env=environment)
    assert result.exit_code == 0, result.output
    assert "error" not in result.output.lower().replace("0 errors", "")


_POLICY = 'version: 1\nallow:\n  - {id: public, who: [anyone], repositories: ["public/**"], actions: [pull]}\n'
_ROBOTS = "version: 1\nrobots: []\n"
# The example of RFC 7517, appendix A.1, cut down to its curve.
_JWKS = """{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig",
  "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"""
# What people put into ConfigMaps and Secrets of theirs, by the folder where it is mounted.
_THEIRS = {
    "policy": {"policy.yaml": _POLICY},
    "shadow-policy": {"policy.yaml": _POLICY},
    "robots": {"robots.yaml": _ROBOTS},
    "directory": {"password": "x", "bind": "x"},
    "files": {"gitlab.json": _JWKS},
    "shared-store": {"key": secrets.token_hex(32), "password": "x"},
}
_PAIRS = {"tls": "tls", "directory-client": "tls", "directory-ca": "ca", "shared-store-ca": "ca"}


def mount(things: Objects, folder: Path) -> None:
    """What the kubelet would put under /etc/bridge: the chart's ConfigMaps, and good files in place of people's own."""
    spec = only(things, "Deployment")["spec"]["template"]["spec"]
    for each in spec["containers"][0]["volumeMounts"]:
        assert each["mountPath"] == f"/etc/bridge/{each['name']}"
        # The kubelet renews folders alone.
        assert "subPath" not in each
    maps = {each["metadata"]["name"]: each["data"] for each in things if each["kind"] == "ConfigMap"}
    for volume in spec["volumes"]:
        place = folder / volume["name"]
        place.mkdir()
        files = dict(_THEIRS.get(place.name, {}))
        for source in volume.get("projected", {}).get("sources", [volume]):
            files |= maps.get(source.get("configMap", {}).get("name"), {})
            for name in {Path(item["path"]).stem for item in source.get("secret", {}).get("items", ())}:
                write_key(place, name, ec_key())
        for file, text in files.items():
            (place / file).write_text(text.replace("/etc/bridge", str(folder)))
        if place.name in _PAIRS:
            write_key(place, _PAIRS[place.name], ec_key())
    if (folder / "refresh").is_dir():
        made = CliRunner().invoke(root, ["keys", "refresh-key", "-c", str(folder / "config" / "bridge.yaml")])
        assert made.exit_code == 0, made.output
