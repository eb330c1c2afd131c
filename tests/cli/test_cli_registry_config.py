"""`registry-config`: text to paste, and what it cannot know."""

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest
import yaml
from click.testing import CliRunner

from ldap_token_bridge.cli import root
from tests.support.settings_file import write_settings

REALM = "https://bridge.corp.example.com/token"


def _print(folder: Path, *arguments: str) -> click.testing.Result:
    return CliRunner().invoke(root, ["registry-config", "-c", str(folder / "bridge.yaml"), *arguments])


def _good(folder: Path, *arguments: str) -> str:
    result = _print(folder, "--realm", REALM, *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_stanza(tmp_path: Path) -> None:
    """A part of config.yml, with a comment on where the file comes from."""
    settings = write_settings(tmp_path)
    printed = _good(tmp_path)
    assert yaml.safe_load(printed) == {
        "auth": {
            "token": {
                "realm": REALM,
                "service": "registry.corp.example.com",
                "issuer": "bridge.corp.example.com",
                "rootcertbundle": "/etc/registry/bundle.pem",
            }
        }
    }
    assert f"#   ldap-token-bridge keys bundle -c {settings} > bundle.pem\n" in printed


def test_variables(tmp_path: Path) -> None:
    """Lines for an env file: a name, a sign, and what the registry reads as YAML."""
    write_settings(tmp_path, token__services=["123"], token__issuer="yes")
    pairs = dict(line.split("=", 1) for line in _good(tmp_path, "--for", "env").splitlines())
    assert {name: yaml.safe_load(value) for name, value in pairs.items()} == {
        "REGISTRY_AUTH": "token",
        "REGISTRY_AUTH_TOKEN_REALM": REALM,
        "REGISTRY_AUTH_TOKEN_SERVICE": "123",
        "REGISTRY_AUTH_TOKEN_ISSUER": "yes",
        "REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE": "/etc/registry/bundle.pem",
    }


def test_helm_values(tmp_path: Path) -> None:
    """The chart's own keys; the folder of the bundle is where the ConfigMap is mounted."""
    write_settings(tmp_path)
    printed = _good(tmp_path, "--for", "helm", "--bundle", "/certs/token/ca.pem")
    values = yaml.safe_load(printed)
    assert values["configData"]["auth"]["token"]["rootcertbundle"] == "/certs/token/ca.pem"
    (volume,), (mount,) = values["extraVolumes"], values["extraVolumeMounts"]
    assert volume["name"] == mount["name"]
    assert mount["mountPath"] == "/certs/token"
    assert f"kubectl create configmap {volume['configMap']['name']} --from-file=ca.pem" in printed


@pytest.mark.parametrize("target", ["stanza", "env", "helm"])
def test_json_says_the_same(tmp_path: Path, target: str) -> None:
    """Which is YAML, too."""
    write_settings(tmp_path)
    printed = _good(tmp_path, "--for", target)
    found: Any = json.loads(_good(tmp_path, "--for", target, "--format", "json"))
    if target == "env":
        assert found == dict(line.split("=", 1) for line in printed.splitlines())
    else:
        assert found == yaml.safe_load(printed)


def test_without_x5c_a_jwks_belongs_to_it(tmp_path: Path) -> None:
    """Registries 3.x find keys by nothing else then."""
    write_settings(tmp_path, token__x5c=False)
    printed = _good(tmp_path)
    assert yaml.safe_load(printed)["auth"]["token"]["jwks"] == "/etc/registry/jwks.json"
    assert "keys jwks" in printed
    assert "--from-file=bundle.pem --from-file=jwks.json" in _good(tmp_path, "--for", "helm")


def test_ed25519_is_for_registries_3x(tmp_path: Path) -> None:
    """What is printed looks the same; a registry 2.x would stop at the bundle."""
    write_settings(tmp_path)
    usual = _good(tmp_path)
    write_settings(tmp_path, token__ed25519=True)
    result = _print(tmp_path, "--realm", REALM)
    assert (result.exit_code, result.stdout) == (0, usual)
    assert "warning: token.ed25519 is on: this is for registries 3.x alone" in result.stderr


@pytest.mark.parametrize(
    ("issuer", "realm"),
    [
        ("bridge.corp.example.com", "https://bridge.corp.example.com/token"),
        ("Our bridge", "https://bridge.example.com/token"),
    ],
)
def test_the_realm_is_guessed_with_a_warning(tmp_path: Path, issuer: str, realm: str) -> None:
    """Only people know under which address clients reach the bridge."""
    write_settings(tmp_path, token__issuer=issuer)
    result = _print(tmp_path)
    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout)["auth"]["token"]["realm"] == realm
    assert "warning: the bridge listens on 0.0.0.0:5001 and cannot know" in result.stderr
    assert "--realm https://HOST/token" in result.stderr


@pytest.mark.parametrize(
    ("realm", "words"),
    [
        ("https://bridge.corp.example.com/", "the bridge answers on /token, /auth, /auth/token"),
        ("http://bridge.corp.example.com/token", "passwords travel to this realm in the clear"),
        ("http://127.0.0.1:5001/auth/token/", ""),
        ("https://[::1]:5001/auth", ""),
    ],
)
def test_a_realm_that_may_not_work(tmp_path: Path, realm: str, words: str) -> None:
    """It is printed as it is, with a warning."""
    write_settings(tmp_path)
    result = _print(tmp_path, "--realm", realm)
    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout)["auth"]["token"]["realm"] == realm
    assert words in result.stderr
    assert bool(result.stderr) is bool(words)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--realm", "bridge.corp.example.com"),
        ("--realm", "ftp://bridge/token"),
        ("--realm", "https://bridge:x/token"),
        ("--realm", "https://user@bridge/token"),
        ("--realm", "https://bridge/token?service=x"),
        ("--realm", "https://bri dge/token"),
        ("--service", "other"),
        ("--bundle", "bundle.pem"),
        ("--for", "nomad"),
    ],
)
def test_unusable_options(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 2 and nothing to paste."""
    write_settings(tmp_path)
    result = _print(tmp_path, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")


def test_several_registries(tmp_path: Path) -> None:
    """One has to be named; each gets its own service."""
    write_settings(tmp_path, token__services=["one", "two"])
    refused = _print(tmp_path)
    assert refused.exit_code == 2
    assert "one, two" in refused.stderr
    assert yaml.safe_load(_good(tmp_path, "--service", "two"))["auth"]["token"]["service"] == "two"


def test_an_unknown_service_is_the_one_thing_that_is_told(tmp_path: Path) -> None:
    """No warning about a guessed realm stands before the error."""
    write_settings(tmp_path)
    result = _print(tmp_path, "--service", "nope")
    assert result.exit_code == 2
    assert "is not in token.services" in result.stderr
    assert "warning" not in result.stderr
