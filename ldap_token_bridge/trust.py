"""Whom the bridge believes when it connects somewhere by TLS: the same with every version of Python."""

import ssl
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured

# Whoever names an issuing authority means it: it need not be self-signed.
_WITH = ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
# Python 3.13 turns this on: certificates must then have all that RFC 5280 asks of those who issue them, such as the
# identifier of the authority's key. Many an authority leaves it out, and other clients of its servers do not mind.
_WITHOUT = ssl.VerifyFlags.VERIFY_X509_STRICT
_UNREADABLE = "Check the path and the file's permissions."


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """A client's context that verifies chain and host name, by the authorities in `ca_file` alone, else the system's.

    Raises OSError; ssl.SSLError, which is one, if the file holds no certificate.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.verify_flags = (context.verify_flags | _WITH) & ~_WITHOUT
    return context


def client_context(ca_file: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """The same with the bridge's own certificate, for servers that ask for it. Raises Misconfigured naming a file."""
    try:
        context = trusting(ca_file)
    except ssl.SSLError:
        raise Misconfigured.one(
            "this file holds no certificate",
            str(ca_file),
            "Put the certificate of the authority that signed the servers' certificates there, as PEM.",
        ) from None
    except OSError as error:
        raise Misconfigured.one(f"cannot be read: {error.strerror}", str(ca_file), _UNREADABLE) from None
    if certificate is not None:
        _present(context, certificate, key)
    return context


def trusting_nobody() -> ssl.SSLContext:
    """A client's context that ends every connection: for where none is meant to be, so that one by mistake fails.

    The system's authorities, which `trusting` reads, take up 2 MB.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _present(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    for file in filter(None, (certificate, key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise Misconfigured.one(f"cannot be read: {error.strerror}", str(file), _UNREADABLE) from None
    try:
        # The empty passphrase: without one OpenSSL would ask for it on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError):
        raise Misconfigured.one(
            "certificate and key cannot be used together",
            str(certificate),
            f"Both must be PEM, the key must belong to the certificate and have no passphrase ({key or certificate}).",
        ) from None
