"""The service account by a client certificate (SASL EXTERNAL, RFC 4513 section 5.2.3): in TLS or not at all."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import (
    LdapClient,
    SearchFailed,
    SearchRequest,
    SearchScope,
    ServiceAccountRefused,
    client_tls,
    parse_server,
)
from ldap_token_bridge.ldap.channels import SearchChannel
from ldap_token_bridge.ldap.errors import TransportFailure
from tests.conftest import MakeSlapd
from tests.ldap.conftest import MakeClient, MakeServer
from tests.support import canaries, slapd_tree
from tests.support.certificates import Authority
from tests.support.ldap_room import BY_UID, FIND_ALICE, PATIENT, bind_alice, options_for, soon
from tests.support.scripted_ldap import Reply
from tests.support.slapd import Slapd

NOBODY: Any = {"bind_dn": "", "bind_password": Secret(b""), "bind_by_certificate": True}
FIND_BOB = SearchRequest(slapd_tree.BASE, SearchScope.SUBTREE, BY_UID.fill(login=b"bob"), ("uid",), size_limit=2)


def mapped(certificate_name: str) -> tuple[str, ...]:
    """OpenLDAP's settings: every client shows a certificate, and this name is the service account."""
    return (
        "TLSVerifyClient demand",
        f'authz-regexp "^cn={certificate_name}$" "{slapd_tree.SERVICE_DN}"',
    )


def shown(authority: Authority, name: str, minimum: str = "1.2") -> ssl.SSLContext:
    """A client's context with a certificate of that name."""
    issued = authority.issue(name, [f"{name}.corp.example.com"])
    return client_tls(authority.ca_file, issued.certificate, issued.key, minimum)


def options(url: str, ca_file: Path, tls: ssl.SSLContext, **changes: Any) -> Any:
    """The service account is the certificate."""
    return options_for(url, ca_file=ca_file, tls=tls, **{**PATIENT, **NOBODY, **changes})


@pytest.fixture
def slapd(make_slapd: MakeSlapd) -> Slapd:
    """OpenLDAP that knows the bridge by its certificate."""
    return make_slapd(settings=mapped("bridge-client"))


@pytest.mark.parametrize("start_tls", [False, True])
async def test_a_real_server_knows_the_certificate(
    slapd: Slapd, make_client: MakeClient, authority: Authority, *, start_tls: bool
) -> None:
    """It searches as the service account, which alone may; users' binds stay simple, on connections of their own."""
    url = slapd.url if start_tls else slapd.ldaps_url
    client = make_client(options(url, slapd.ca_file, shown(authority, "bridge-client"), start_tls=start_tls))
    (bob,) = await client.search(FIND_BOB, soon())
    right = await client.bind(bob.dn, Secret(canaries.password("bob").encode()), soon())
    wrong = await client.bind(bob.dn, Secret(b"wrong"), soon())
    assert (bob.text("uid"), right.code, wrong.code) == ("bob", 0, 49)
    assert [check.problem for check in await client.check(soon())] == [""]
    assert f'bind dn="{slapd_tree.SERVICE_DN.lower()}" mech=external' in slapd.log_text().lower()


async def test_a_certificate_of_another_name_is_nobody(
    slapd: Slapd, make_client: MakeClient, authority: Authority
) -> None:
    """It is signed by the right authority, and stands for no account: it may read nothing."""
    client = make_client(options(slapd.ldaps_url, slapd.ca_file, shown(authority, "somebody-else")))
    with pytest.raises(SearchFailed) as caught:
        await client.search(FIND_BOB, soon())
    assert caught.value.code == 50


async def test_a_server_that_wants_a_certificate_refuses_one_without(
    slapd: Slapd, make_client: MakeClient, authority: Authority, tmp_path: Path
) -> None:
    """So does one that gets one of another authority; both are told as trouble with the connection."""
    other = Authority(tmp_path / "other", "Another CA").issue("bridge-client", ["x.test"])
    for tls in (
        client_tls(authority.ca_file, None, None, "1.2"),
        client_tls(authority.ca_file, other.certificate, other.key, "1.2"),
    ):
        (check,) = await make_client(options(slapd.ldaps_url, slapd.ca_file, tls)).check(soon())
        assert check.problem


async def test_a_refusal_is_the_service_accounts(
    make_server: MakeServer, make_client: MakeClient, authority: Authority
) -> None:
    """Told with code and words, and remembered, as for a password."""
    server = await make_server()
    server.on_bind = lambda _: Reply(48, "no such mechanism")
    client = make_client(options_for(server.url, ca_file=authority.ca_file, **NOBODY))
    for _ in range(2):
        with pytest.raises(ServiceAccountRefused) as caught:
            await client.search(FIND_ALICE, soon())
        assert caught.value.code == 48
    assert len(server.seen("bind")) == 1
    assert await bind_alice(client) == 48


async def test_it_is_never_written_without_tls(make_server: MakeServer) -> None:
    """Not even with leave for plaintext, and however the options came about."""
    server = await make_server(tls=False)
    with pytest.raises(Misconfigured, match="only be shown in TLS"):
        LdapClient(options_for(server.url, allow_plaintext=True, **NOBODY))
    lenient = options_for(server.url, allow_plaintext=True, **NOBODY)
    channel = await SearchChannel.open(parse_server(server.url), lenient, soon())
    with pytest.raises(TransportFailure, match="TLS is not established"):
        await channel.login_by_certificate(soon())
    await channel.close()
    assert server.seen("bind") == []
