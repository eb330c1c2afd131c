"""Whom the bridge believes when it connects somewhere by TLS: the same with every version of Python."""

import ssl
from pathlib import Path

# Whoever names an issuing authority means it: it need not be self-signed.
_WITH = ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
# Python 3.13 turns this on: certificates must then have all that RFC 5280 asks of those who issue them, such as the
# identifier of the authority's key. Many an authority leaves it out, and other clients of its servers do not mind.
_WITHOUT = ssl.VerifyFlags.VERIFY_X509_STRICT


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """A client's context that verifies chain and host name, by the authorities in `ca_file` alone, else the system's.

    Raises OSError; ssl.SSLError, which is one, if the file holds no certificate.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.verify_flags = (context.verify_flags | _WITH) & ~_WITHOUT
    return context
