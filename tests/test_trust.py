"""Whom the bridge believes in TLS: what a company's own authority signs, with every Python, and nobody else."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.trust import client_context, trusting, trusting_nobody
from tests.support.certificates import Authority, Issued

HOST = "ldap.example.com"


def handshake(
    client_context: ssl.SSLContext, shown: Issued, host: str = HOST, clients: Authority | None = None
) -> bytes | None:
    """In memory; raises ssl.SSLCertVerificationError if the client does not believe the server.

    Where the server asks for certificates of `clients`: what the client has shown.
    """
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(shown.certificate, shown.key)
    if clients:
        server_context.verify_mode = ssl.CERT_OPTIONAL
        server_context.load_verify_locations(clients.ca_file)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.version() is not None
    return server.getpeercert(binary_form=True)


@pytest.mark.parametrize("by_hand", [False, True])
def test_an_authority_that_is_named_is_believed(tmp_path: Path, *, by_hand: bool) -> None:
    """Python 3.13 by itself refuses one made by hand, and 3.11 does not: nobody is locked out by a newer image."""
    authority = Authority(tmp_path, by_hand=by_hand)
    handshake(trusting(authority.ca_file), authority.issue("server", [HOST]))


def test_the_name_must_be_right(tmp_path: Path) -> None:
    """Whatever else is not asked for."""
    authority = Authority(tmp_path, by_hand=True)
    with pytest.raises(ssl.SSLCertVerificationError, match="match"):
        handshake(trusting(authority.ca_file), authority.issue("server", [HOST]), "other.example.com")


def test_the_time_must_be_right(tmp_path: Path) -> None:
    """A certificate that has ended is refused."""
    authority = Authority(tmp_path, by_hand=True)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(trusting(authority.ca_file), authority.issue("server", [HOST], days=-1))


def test_another_authority_is_not_believed(tmp_path: Path) -> None:
    """Neither by the file of another one, nor by the system's."""
    authority = Authority(tmp_path, by_hand=True)
    for other in (trusting(Authority(tmp_path / "other", "Other CA").ca_file), trusting(None)):
        with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
            handshake(other, authority.issue("server", [HOST]))


def test_who_trusts_nobody_is_connected_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the whole system trusts the server."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    server = authority.issue("server", [HOST])
    handshake(trusting(None), server)
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        handshake(trusting_nobody(), server)


def test_what_is_named_need_not_have_signed_itself(tmp_path: Path) -> None:
    """An issuing authority below a root that nobody has, or the certificate of the one server, as with Python 3.13."""
    one = Authority(tmp_path).issue("one", [HOST])
    handshake(trusting(one.certificate), one)


def test_the_certificate_of_a_server_vouches_for_no_other(tmp_path: Path) -> None:
    """Not even as the file of authorities: who has one server's key is not every server."""
    authority = Authority(tmp_path)
    one, other = (authority.issue(name, [HOST]) for name in ("one", "other"))
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(trusting(one.certificate), other)


@pytest.mark.parametrize("lacking", ["authority", "certificate", "key"])
def test_a_file_that_is_not_there_is_named_with_what_to_do(tmp_path: Path, lacking: str) -> None:
    """`serve` and the commands that ask the directory print it as it stands."""
    authority = Authority(tmp_path)
    own = authority.issue("registry-bridge", [HOST])
    gone = tmp_path / "gone.pem"
    files = {"authority": authority.ca_file, "certificate": own.certificate, "key": own.key, lacking: gone}
    with pytest.raises(Misconfigured) as refused:
        client_context(files["authority"], files["certificate"], files["key"])
    (problem,) = refused.value.problems
    assert str(problem.where) == str(gone)
    assert problem.remedy == "Check the path and the file's permissions."


def test_the_certificate_is_shown_to_who_asks(tmp_path: Path) -> None:
    """The bridge's own; none where none is set."""
    authority = Authority(tmp_path)
    server, own = authority.issue("server", [HOST]), authority.issue("registry-bridge", [HOST])
    shown = handshake(client_context(authority.ca_file, own.certificate, own.key), server, clients=authority)
    assert shown == ssl.PEM_cert_to_DER_cert(own.certificate.read_text())
    assert handshake(client_context(authority.ca_file, None, None), server, clients=authority) is None


def test_a_certificate_and_its_key_may_stand_in_one_file(tmp_path: Path) -> None:
    """As many programs write them."""
    authority = Authority(tmp_path)
    server, own = authority.issue("server", [HOST]), authority.issue("registry-bridge", [HOST])
    both = tmp_path / "both.pem"
    both.write_bytes(own.certificate.read_bytes() + own.key.read_bytes())
    assert handshake(client_context(authority.ca_file, both, None), server, clients=authority)


def test_the_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    """And what is no key at all; both files are named."""
    authority = Authority(tmp_path)
    own, other = (authority.issue(name, [HOST]) for name in ("own", "other"))
    for key in (other.key, own.certificate):
        with pytest.raises(Misconfigured) as refused:
            client_context(authority.ca_file, own.certificate, key)
        (problem,) = refused.value.problems
        assert (problem.what, str(problem.where)) == (
            "certificate and key cannot be used together",
            str(own.certificate),
        )
        assert f"({key})" in problem.remedy
    with pytest.raises(Misconfigured) as refused:
        client_context(authority.ca_file, own.certificate, None)
    assert f"({own.certificate})" in refused.value.problems[0].remedy


def test_a_file_of_authorities_without_one_is_refused(tmp_path: Path) -> None:
    """Nobody would be believed, and the system's authorities are not meant."""
    empty = tmp_path / "empty.pem"
    empty.touch()
    with pytest.raises(Misconfigured) as refused:
        client_context(empty, None, None)
    (problem,) = refused.value.problems
    assert (problem.what, str(problem.where)) == ("this file holds no certificate", str(empty))


def test_a_key_with_a_passphrase_is_refused_and_not_asked_for(tmp_path: Path) -> None:
    """OpenSSL would ask on the terminal, and the bridge would hang at its start."""
    authority = Authority(tmp_path)
    own = authority.issue("own", [HOST])
    key = load_pem_private_key(own.key.read_bytes(), None)
    own.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    with pytest.raises(Misconfigured, match="cannot be used together"):
        client_context(authority.ca_file, own.certificate, own.key)
