"""Whether a registry trusts the certificate in a token: the rules of Go's `x509.Certificate.Verify`.

As distribution calls it: any key usage, no host name, the token's further certificates as intermediates. Unlike a
token's own times, a certificate's get no leeway.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from .certificates import from_pem


def distrust(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: float
) -> str:
    """Why the certificate is not trusted at `now` (Unix time); empty if it is."""
    instant = datetime.fromtimestamp(now, UTC)
    if out_of_time := _out_of_time(leaf, instant):
        return out_of_time
    # A certificate that is itself in the bundle needs no issuer (Go since 1.8, so registries since 2.7).
    if leaf in roots or _has_chain(leaf, others, roots, instant):
        return ""
    return (
        f"the certificate in x5c ({_describe(leaf)}) is not in the registry's bundle, and no certificate of the bundle "
        f"issued it (in the bundle: {', '.join(map(_describe, roots))})"
    )


def _has_chain(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], instant: datetime
) -> bool:
    """Whether a chain of issuers leads from the certificate to a root, with `others` as the links between.

    Level by level, each certificate once: many that look alike cost their number squared, not their orders. The first
    way to a certificate is the shortest, so no path length that allows another way forbids this one.
    """
    unseen = dict.fromkeys(other for other in others if other != leaf)
    level, below = [leaf], 0
    while level:
        if any(_issued(root, certificate, instant, below) for certificate in level for root in roots):
            return True
        level = [other for other in unseen if any(_issued(other, certificate, instant, below) for certificate in level)]
        for other in level:
            del unseen[other]
        below += 1
    return False


def _issued(issuer: x509.Certificate, certificate: x509.Certificate, instant: datetime, below: int) -> bool:
    """Whether `issuer` signed the certificate and may do so above `below` other issuers."""
    if issuer.subject != certificate.issuer or _out_of_time(issuer, instant) or not _may_issue(issuer, below):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_issue(certificate: x509.Certificate, below: int) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        # RFC 5280 section 4.2.1.9: how many issuers may stand between this one and the leaf.
        if not constraints.ca or (constraints.path_length is not None and below > constraints.path_length):
            return False
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as error:
        # Without KeyUsage any use is allowed (RFC 5280 section 4.2.1.3); without BasicConstraints it is no CA.
        return error.oid == x509.KeyUsage.oid
    except ValueError:
        return False


def _out_of_time(certificate: x509.Certificate, instant: datetime) -> str:
    if instant > certificate.not_valid_after_utc:
        return (
            f"the certificate {_describe(certificate)} expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        )
    if instant < certificate.not_valid_before_utc:
        return (
            f"the certificate {_describe(certificate)} is not valid before "
            f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        )
    return ""


def _describe(certificate: x509.Certificate) -> str:
    return f"{certificate.subject.rfc4514_string() or 'without a name'}, serial {certificate.serial_number:x}"


def read_bundle(pem: str) -> list[x509.Certificate]:
    """The certificates of a bundle, in order; anything else in it is skipped. ValueError if one cannot be read."""
    if "-----BEGIN CERTIFICATE-----" not in pem:
        return []
    return from_pem(pem.encode())
