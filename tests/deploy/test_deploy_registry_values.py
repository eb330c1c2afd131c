"""The values for the registry's chart: what `registry-config` prints, and what a real registry starts with."""

from pathlib import Path

import yaml
from click.testing import CliRunner

from ldap_token_bridge.cli import root
from tests.support.bridge import RunningBridge, openldap
from tests.support.clients import Docker
from tests.support.documents import ROOT
from tests.support.registry import Registry
from tests.support.settings_file import write_settings
from tests.support.slapd import Slapd

VALUES = yaml.safe_load((ROOT / "deploy/helm/registry-values.yaml").read_text(encoding="utf-8"))


def test_they_are_what_registry_config_prints(tmp_path: Path) -> None:
    """For the settings of the README, word for word."""
    settings = write_settings(tmp_path)
    asked = ["--realm", "https://bridge.corp.example.com/token", "--for", "helm"]
    printed = CliRunner().invoke(root, ["registry-config", "-c", str(settings), *asked])
    assert yaml.safe_load(printed.stdout) == VALUES
    shown = (ROOT / "deploy/helm/registry-values.yaml").read_text(encoding="utf-8")
    (command,) = [line for line in printed.stdout.splitlines() if "kubectl create configmap" in line]
    assert command in shown


def test_a_registry_takes_what_the_chart_would_write(tmp_path: Path, slapd: Slapd, docker: Docker) -> None:
    """The section `auth` of configData, with the addresses of this test; the mounted file is the bundle."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    with RunningBridge(tmp_path / "bridge", settings) as bridge:
        trusted = bridge.token_auth()
        token = {
            **VALUES["configData"]["auth"]["token"],
            "realm": trusted.realm,
            "service": trusted.service,
            "issuer": trusted.issuer,
        }
        mounts = {each["name"]: each["mountPath"] for each in VALUES["extraVolumeMounts"]}
        (volume,) = VALUES["extraVolumes"]
        assert token["rootcertbundle"] == f"{mounts[volume['name']]}/bundle.pem"
        token["rootcertbundle"] = str(trusted.bundle)
        with Registry(tmp_path / "registry", {"token": token}) as registry:
            assert docker.login(registry.address, "bob").ok
            assert not docker.login(registry.address, "bob", "not the password").ok
