"""`directory.global_catalog` and `directory.domains`: what they need, and what cannot stand beside them."""

from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.ldap import parse_server
from ldap_token_bridge.settings import load_settings
from tests.support.settings_file import ABSENT, write_settings

CATALOG = ["ldaps://dc1.corp.example.com:3269"]
CORP = {"corp.example.com": ["ldaps://dc1.corp.example.com"]}
EMEA = {"EMEA.corp.example.com": ["ldaps://dc1.emea.corp.example.com", "ldaps://dc2.emea.corp.example.com"]}
GOOD: dict[str, Any] = {
    "server": {"listen": "127.0.0.1:5001"},
    "directory__servers": ABSENT,
    "directory__global_catalog": CATALOG,
    "directory__domains": CORP | EMEA,
    "directory__bind_dn": "svc-registry@corp.example.com",
}


def test_a_forest(tmp_path: Path) -> None:
    """The catalog stands where servers do, and every domain with its own; nothing is warned of."""
    settings = load_settings(write_settings(tmp_path, **GOOD), {})
    assert settings.directory.servers == tuple(map(parse_server, CATALOG))
    assert list(settings.directory.domains) == ["corp.example.com", "emea.corp.example.com"]
    emea = settings.directory.domains["emea.corp.example.com"]
    assert [str(server) for server in emea] == EMEA["EMEA.corp.example.com"]
    assert not settings.warnings


def test_a_domain_by_dns(tmp_path: Path) -> None:
    """Its servers are not known yet; what is known is that DNS can be forged."""
    domains = CORP | {"emea.corp.example.com": "dns"}
    settings = load_settings(write_settings(tmp_path, **GOOD | {"directory__domains": domains}), {})
    assert settings.directory.domains["emea.corp.example.com"] == ()
    (warning,) = settings.warnings
    assert "forges DNS" in warning.what


def test_a_dn_of_the_service_account(tmp_path: Path) -> None:
    """It may be unknown to another domain; with one domain it is fine."""
    dn = "CN=svc-registry,OU=Service,DC=corp,DC=example,DC=com"
    (warning,) = load_settings(write_settings(tmp_path, **GOOD | {"directory__bind_dn": dn}), {}).warnings
    assert warning.remedy == "Write directory.bind_dn as user@domain."
    changes = GOOD | {"directory__bind_dn": dn, "directory__domains": CORP}
    assert not load_settings(write_settings(tmp_path, **changes), {}).warnings


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"directory__domains": ABSENT}, "directory.domains must say which domains"),
        ({"directory__global_catalog": ABSENT}, "directory.domains is of use with directory.global_catalog only"),
        ({"directory__servers": ["ldaps://dc1.corp.example.com"]}, "directory.global_catalog and directory.servers"),
        ({"directory__domain": "corp.example.com"}, "directory.global_catalog and directory.domain are set"),
        ({"directory__site": "Headquarters"}, "directory.global_catalog and directory.site"),
        ({"directory__kind": "openldap", "directory__bind_dn": "cn=x,dc=y"}, "only Active Directory"),
        ({"directory__groups": {"strategy": "member-of"}}, "strategy member-of cannot be used"),
        ({"directory__global_catalog": ["ldaps://dc1.corp.example.com"]}, "is no global catalog"),
        ({"directory__global_catalog": []}, "directory.global_catalog is empty"),
        ({"directory__global_catalog": ["ldap://dc1.corp.example.com:3268"]}, "in plain text"),
        ({"directory__domains": {"corp.example.com": CATALOG}}, "is a global catalog"),
        ({"directory__domains": {"corp.example.com": ["ldap://dc1.corp.example.com"]}}, "in plain text"),
        ({"directory__domains": {"other.example.com": ["ldaps://dc1.other.example.com"]}}, "does not lie below"),
        ({"directory__domains": {"notcorp.example.com": ["ldaps://dc1.notcorp.example.com"]}}, "does not lie below"),
        ({"directory__domains": {}}, "at least one domain"),
        ({"directory__domains": "emea"}, "at least one domain"),
        ({"directory__domains": {"corp.example.com": []}}, "must be a list of servers, or dns"),
        ({"directory__domains": {"corp.example.com": "srv"}}, "must be a list of servers, or dns"),
        ({"directory__domains": {"corp": ["ldaps://dc1"]}}, "is no DNS domain"),
        ({"directory__domains": {"corp.example.com": ["dc1"]}}, "is not the address of a directory server"),
        ({"directory__domains": CORP | {"CORP.example.com": ["ldaps://dc2"]}}, "stands there twice"),
        (
            {"directory__domains": {"corp.example.com": "dns"}, "directory__tls": {"allow_plaintext": True}},
            "allow_plaintext cannot be used with domains by dns",
        ),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    """With its place, in words, and what to do about it."""
    path = write_settings(tmp_path, **GOOD | changes)
    with pytest.raises(Misconfigured) as raised:
        load_settings(path, {})
    (problem,) = raised.value.problems
    assert words in problem.what
    assert problem.remedy
    assert problem.where
    assert problem.where.line
