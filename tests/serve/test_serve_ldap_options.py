"""What bridge.yaml means to the ldap room: whom its connections trust."""

from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.serve import ldap_options
from ldap_token_bridge.settings import load_settings
from tests.support.certificates import Authority
from tests.support.settings_file import ABSENT, write_settings

PLAIN = {"directory__servers": ["ldap://dc1", "ldap://dc2"], "directory__tls__allow_plaintext": True}
FOREST = {"directory__servers": ABSENT, "directory__global_catalog": ["ldap://dc1:3268"]}
START_TLS = {"directory__tls__start_tls": True}
BY_DNS = {"directory__servers": ABSENT, "directory__domain": "corp.example.com"}


@pytest.mark.parametrize(
    ("changes", "trusts"),
    [
        (PLAIN, False),
        (PLAIN | START_TLS, True),
        (PLAIN | {"directory__tls__ca_file": "ca.pem"}, True),
        ({}, True),
        (BY_DNS, True),
        (PLAIN | FOREST | {"directory__domains": {"corp.example.com": ["ldap://dc1"]}}, False),
        (PLAIN | FOREST | {"directory__domains": {"corp.example.com": ["ldap://dc1"]}} | START_TLS, True),
        (FOREST | {"directory__domains": {"corp.example.com": "dns"}} | START_TLS, True),
    ],
)
def test_authorities_are_read_where_a_server_is_asked_in_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], *, trusts: bool
) -> None:
    """Elsewhere nobody is trusted: the system's authorities take up 2 MB, and no connection is to need them."""
    authority = Authority(tmp_path)
    (tmp_path / "ca.pem").write_bytes(authority.ca_file.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    settings = load_settings(write_settings(tmp_path, **changes), {})
    options = ldap_options(settings.directory)
    for each in (options, *options.domains.values()):
        assert bool(each.tls.get_ca_certs()) is trusts
