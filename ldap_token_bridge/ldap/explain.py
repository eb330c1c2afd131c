"""Why a connection could not be made, in words for an operator, with what to do about it."""

import socket
import ssl

from .address import ServerAddress
from .errors import TransportFailure

# OpenSSL's X509_V_ERR_* (x509_vfy.h)
_EXPIRED = 10
_UNKNOWN_ISSUER = frozenset((2, 18, 19, 20, 21))
_WRONG_NAME = frozenset((62, 64))


def explain(error: Exception, address: ServerAddress) -> TransportFailure:
    """The failure to report for what connecting or the TLS handshake raised."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error)
    if isinstance(error, ssl.SSLError):
        return TransportFailure(
            f"the TLS handshake failed: {error.reason or error.strerror or 'no reason given'}",
            "LDAPS usually answers on port 636; StartTLS goes with ldap:// and start_tls: true.",
        )
    if isinstance(error, socket.gaierror):
        return TransportFailure(
            f"the name {address.host} cannot be resolved: {error.strerror}",
            "Check the spelling of the host, and the name servers of this machine.",
        )
    if isinstance(error, ConnectionRefusedError):
        return TransportFailure(
            f"nothing listens on port {address.port} of {address.host}",
            "Check host and port, and that the server runs.",
        )
    if isinstance(error, ConnectionError):
        return TransportFailure(
            "the server closed the connection before it was ready",
            "Check that this port speaks LDAP in the way that is configured, and the server's own log.",
        )
    return TransportFailure(f"cannot connect: {error}", "Check the network between this machine and the server.")


def _certificate(error: ssl.SSLCertVerificationError) -> TransportFailure:
    said = error.verify_message
    if error.verify_code in _WRONG_NAME:
        return TransportFailure(
            f"the server's certificate is for another name: {said}",
            "Write the server's name as it stands in its certificate, or give it a certificate for this name.",
        )
    if error.verify_code == _EXPIRED:
        return TransportFailure(f"the server's certificate cannot be used: {said}", "Renew the server's certificate.")
    if error.verify_code in _UNKNOWN_ISSUER:
        return TransportFailure(
            f"the server's certificate is not signed by a trusted authority: {said}",
            "Set tls.ca_file to the PEM file of the authority that signed it.",
        )
    return TransportFailure(f"the server's certificate cannot be used: {said}", "Check the server's certificate.")
