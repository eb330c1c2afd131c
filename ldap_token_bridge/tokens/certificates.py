"""Certificates read whole: what is malformed anywhere in one is found when it is read, not when it is used.

The library parses a certificate's fields only when they are asked for; a registry parses all of them at once.
"""

import warnings
from collections.abc import Callable

from cryptography import x509

_LAZY = ("subject", "issuer", "not_valid_before_utc", "not_valid_after_utc", "extensions", "signature_algorithm_oid")
_FAULTS = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


def from_der(der: bytes) -> x509.Certificate:
    """One certificate in DER; raises ValueError."""
    return _whole(lambda: [x509.load_der_x509_certificate(der)])[0]


def from_pem(pem: bytes) -> list[x509.Certificate]:
    """One or more certificates in PEM, in order, text around them skipped; raises ValueError."""
    return _whole(lambda: x509.load_pem_x509_certificates(pem))


def _whole(load: Callable[[], list[x509.Certificate]]) -> list[x509.Certificate]:
    try:
        # The library warns of what it will refuse one day; what registries refuse today is looked at below.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            certificates = load()
            for certificate in certificates:
                for field in _LAZY:
                    getattr(certificate, field)
                # RFC 5280 section 4.1.2.2; Go since 1.23 refuses negative ones, and so do registries 3.x.
                if certificate.serial_number <= 0:
                    raise ValueError("the serial number is not positive")
    except _FAULTS:
        raise ValueError("a certificate is malformed") from None
    return certificates
