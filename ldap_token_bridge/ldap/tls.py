"""How the bridge knows a directory server: always by a certificate that is verified, for the name that was dialled."""

import ssl
from pathlib import Path

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.trust import client_context

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def client_tls(ca_file: Path | None, certificate: Path | None, key: Path | None, minimum: str) -> ssl.SSLContext:
    """A context that verifies chain and host name, trusting `ca_file` only, or the system's authorities without one.

    `certificate` and `key` are the bridge's own, for servers that ask for them. Raises Misconfigured naming the file.
    """
    if minimum not in _VERSIONS:
        raise Misconfigured.one(f"TLS {minimum!r} is not known", remedy='Write "1.2" or "1.3".')
    if key is not None and certificate is None:
        raise Misconfigured.one("a TLS key without its certificate", str(key), "Set the certificate too, or neither.")
    context = client_context(ca_file, certificate, key)
    context.minimum_version = _VERSIONS[minimum]
    return context
