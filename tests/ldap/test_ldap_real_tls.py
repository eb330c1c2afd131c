"""TLS with a real OpenLDAP: versions, names, and what the check says of a server that does not fit."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import client_tls, parse_server
from ldap_token_bridge.ldap.channels import BindChannel
from tests.conftest import MakeSlapd
from tests.ldap.conftest import MakeClient
from tests.support import canaries
from tests.support.certificates import Authority
from tests.support.ldap_room import PATIENT, options_for, soon
from tests.support.slapd import Slapd

# Debian's slapd is built with GnuTLS, whose priority strings these are.
ONLY = {
    "1.2": "TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.2",
    "1.3": "TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.3",
    "1.1": "TLSCipherSuite NORMAL:%COMPAT:-VERS-ALL:+VERS-TLS1.1:+SHA1:+SIGN-ALL",
}
SPEAKS = {"1.2": "TLSv1.2", "1.3": "TLSv1.3"}


def account(minimum: str, slapd: Slapd) -> dict[str, Any]:
    """The service account of slapd, and the least version of TLS."""
    return {
        **PATIENT,
        "tls": client_tls(slapd.ca_file, None, None, minimum),
        "bind_dn": slapd.bind_dn,
        "bind_password": Secret(canaries.password("svc-registry").encode()),
    }


@pytest.mark.parametrize("start_tls", [False, True])
@pytest.mark.parametrize(
    ("minimum", "server", "works"),
    [("1.2", "1.2", True), ("1.2", "1.3", True), ("1.3", "1.3", True), ("1.3", "1.2", False), ("1.2", "1.1", False)],
)
async def test_the_least_version_of_tls(
    make_slapd: MakeSlapd, make_client: MakeClient, minimum: str, server: str, *, works: bool, start_tls: bool
) -> None:
    """A server that speaks an older one only is refused before any bind, with a word about TLS."""
    slapd = make_slapd(settings=[ONLY[server]])
    url = slapd.url if start_tls else slapd.ldaps_url
    options = options_for(url, start_tls=start_tls, **account(minimum, slapd))
    binds = slapd.log_text().count("BIND dn=")
    (check,) = await make_client(options).check(soon())
    if works:
        assert check.problem == ""
        channel = await BindChannel.open(parse_server(url), options, soon())
        assert channel._transport is not None
        tls = channel._transport.get_extra_info("ssl_object")
        await channel.close()
        assert isinstance(tls, ssl.SSLObject)
        assert tls.version() == SPEAKS[server]
    else:
        assert "TLS" in check.problem or "closed the connection" in check.problem
        assert check.remedy
        assert slapd.log_text().count("BIND dn=") == binds


@pytest.mark.parametrize("start_tls", [False, True])
async def test_a_name_that_is_not_in_the_certificate_is_refused(
    make_slapd: MakeSlapd, make_client: MakeClient, authority: Authority, *, start_tls: bool
) -> None:
    """Of a real server with a certificate of the right authority; no bind is written."""
    issued = authority.issue("dc9", ["dc9.example.com", "127.0.0.2"])
    slapd = make_slapd(certificate=issued)
    url = slapd.url if start_tls else slapd.ldaps_url
    binds = slapd.log_text().count("BIND dn=")
    (check,) = await make_client(options_for(url, start_tls=start_tls, **account("1.2", slapd))).check(soon())
    assert "is for another name" in check.problem
    assert slapd.log_text().count("BIND dn=") == binds


async def test_a_certificate_of_another_authority_is_refused(
    slapd: Slapd, make_client: MakeClient, tmp_path: Path
) -> None:
    """Also where the name is right."""
    other = client_tls(Authority(tmp_path / "other", "Another CA").ca_file, None, None, "1.2")
    options = options_for(slapd.ldaps_url, **{**account("1.2", slapd), "tls": other})
    (check,) = await make_client(options).check(soon())
    assert "not signed by a trusted authority" in check.problem
