"""How the bridge knows a directory server: always by a certificate that is verified, for the name that was dialled."""

import ssl
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.trust import trusting

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def client_tls(ca_file: Path | None, certificate: Path | None, key: Path | None, minimum: str) -> ssl.SSLContext:
    """A context that verifies chain and host name, trusting `ca_file` only, or the system's authorities without one.

    `certificate` and `key` are the bridge's own, for servers that ask for them. Raises Misconfigured naming the file.
    """
    if minimum not in _VERSIONS:
        raise Misconfigured.one(f"TLS {minimum!r} is not known", remedy='Write "1.2" or "1.3".')
    context = _trusting(ca_file)
    context.minimum_version = _VERSIONS[minimum]
    if certificate is not None:
        _present(context, certificate, key)
    elif key is not None:
        raise Misconfigured.one("a TLS key without its certificate", str(key), "Set the certificate too, or neither.")
    return context


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return trusting(ca_file)
    except ssl.SSLError:
        raise Misconfigured.one(
            "this file holds no certificate",
            str(ca_file),
            "Put the certificate of the authority that signed the servers' certificates there, as PEM.",
        ) from None
    except OSError as error:
        raise Misconfigured.one(f"cannot be read: {error.strerror}", str(ca_file)) from None


def _present(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    for file in filter(None, (certificate, key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise Misconfigured.one(f"cannot be read: {error.strerror}", str(file)) from None
    try:
        # The empty passphrase: without one OpenSSL would ask for it on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError):
        raise Misconfigured.one(
            "certificate and key cannot be used together",
            str(certificate),
            f"Both must be PEM, the key must belong to the certificate and have no passphrase ({key or certificate}).",
        ) from None
