"""Addresses, TLS material and options: what is unsafe or cannot work is refused with words for people."""

import ssl
from pathlib import Path

import pytest

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import InvalidBind, ServerAddress, client_tls, parse_server
from ldap_token_bridge.ldap.credentials import checked_bind
from ldap_token_bridge.ldap.options import check_options
from tests.support.certificates import Authority
from tests.support.ldap_room import options_for


@pytest.mark.parametrize(
    ("url", "address", "text"),
    [
        ("ldaps://dc1.example.com", ServerAddress("dc1.example.com", 636, tls=True), "ldaps://dc1.example.com"),
        (
            "LDAPS://DC1.Example.com.:3269/",
            ServerAddress("dc1.example.com", 3269, tls=True),
            "ldaps://dc1.example.com:3269",
        ),
        ("ldap://10.0.0.1", ServerAddress("10.0.0.1", 389, tls=False), "ldap://10.0.0.1"),
        ("ldap://[::1]:1389", ServerAddress("::1", 1389, tls=False), "ldap://[::1]:1389"),
        ("ldaps://[2001:DB8:0::1]", ServerAddress("2001:db8::1", 636, tls=True), "ldaps://[2001:db8::1]"),
    ],
)
def test_an_address_reads_and_prints(url: str, address: ServerAddress, text: str) -> None:
    """Host in small letters, the port that goes with the scheme, and back to the shortest URL."""
    assert parse_server(url) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dc1.example.com",
        "https://dc1",
        "ldaps:/dc1",
        "ldaps://",
        "ldaps://:636",
        "ldaps://dc1:",
        "ldaps://dc1:0",
        "ldaps://dc1:65536",
        "ldaps://dc1:\uff16\uff13\uff16",
        "ldaps://user@dc1",
        "ldaps://dc1/dc=x",
        "ldaps://dc1?x",
        "ldaps://dc 1",
        "ldaps://dc1\n",
        "ldaps://dc1\0.evil",
        "ldaps://[::1",
        "ldaps://[dc1]",
        "ldaps://::1",
        "ldaps://-dc1",
        "ldaps://dc1 ",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """With a ValueError that shows what was written."""
    with pytest.raises(ValueError, match="ldap") as caught:
        parse_server(url)
    assert repr(url) in str(caught.value)


def test_a_client_context_verifies_chain_and_name(authority: Authority) -> None:
    """By default, with the system's authorities or with one file."""
    for ca_file in (None, authority.ca_file):
        context = client_tls(ca_file, None, None, "1.3")
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        assert context.minimum_version == ssl.TLSVersion.TLSv1_3
    assert len(context.get_ca_certs()) == 1


def test_a_client_certificate_is_taken_up(authority: Authority) -> None:
    """Certificate and key in two files."""
    issued = authority.issue("bridge-client", ["bridge"])
    context = client_tls(authority.ca_file, issued.certificate, issued.key, "1.2")
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_unusable_tls_files_are_named(authority: Authority, tmp_path: Path) -> None:
    """Missing, empty, not matching, or a key without its certificate: the error names the file."""
    one, other = authority.issue("one", ["one"]), authority.issue("other", ["other"])
    empty, missing = tmp_path / "empty.pem", tmp_path / "missing.pem"
    empty.touch()
    for ca_file, certificate, key, named in (
        (missing, None, None, missing),
        (empty, None, None, empty),
        (None, missing, None, missing),
        (None, one.certificate, missing, missing),
        (None, one.certificate, other.key, one.certificate),
        (None, None, one.key, one.key),
    ):
        with pytest.raises(Misconfigured, match=str(named)):
            client_tls(ca_file, certificate, key, "1.2")
    with pytest.raises(Misconfigured, match=r"1\.1"):
        client_tls(None, None, None, "1.1")


def test_options_that_are_unsafe_are_refused_all_at_once() -> None:
    """Plaintext without leave, no server, a context that verifies nothing, an empty password, no connections."""
    with pytest.raises(Misconfigured, match="in the clear to ldap://dc1"):
        check_options(options_for("ldap://dc1", "ldaps://dc2"))
    with pytest.raises(Misconfigured) as caught:
        check_options(
            options_for(
                tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
                bind_password=Secret(b""),
                bind_connections=0,
                operation_timeout=0.0,
            )
        )
    assert len(caught.value.problems) == 5


def test_options_that_are_safe_pass() -> None:
    """LDAPS, StartTLS, and plaintext where it is allowed."""
    check_options(options_for("ldaps://dc1"))
    check_options(options_for("ldap://dc1", start_tls=True))
    check_options(options_for("ldap://dc1", allow_plaintext=True))
    assert "service-secret" not in repr(options_for("ldaps://dc1"))


@pytest.mark.parametrize(
    ("dn", "password"),
    [
        ("", b"x"),
        ("  ", b"x"),
        ("cn=a\0", b"x"),
        ("cn=\udc80", b"x"),
        ("cn=" + "a" * 9000, b"x"),
        ("cn=a", b""),
        ("cn=a", b"x\0y"),
        ("cn=a", b"x" * 1025),
    ],
)
def test_a_bind_that_must_not_be_written_is_refused(dn: str, password: bytes) -> None:
    """Empty, with a NUL, or too long; the error does not show the password."""
    with pytest.raises(InvalidBind) as caught:
        checked_bind(dn, Secret(password))
    assert "x" * 9 not in str(caught.value)


def test_a_password_of_one_kib_passes_verbatim() -> None:
    """Any octets but NUL, spaces and superscripts too."""
    password = (" pw¹ ".encode() * 200)[:1024]
    assert checked_bind("cn=ü", Secret(password)) == ("cn=ü".encode(), password)
