"""Whether a registry trusts the certificate in a token: the rules of Go's `x509.Certificate.Verify`.

As distribution calls it: any key usage, no host name, the token's further certificates as intermediates. Unlike a
token's own times, a certificate's get no leeway.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from .certificates import from_pem

_MAX_DEPTH = 8


def distrust(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: float
) -> str:
    """Why the certificate is not trusted at `now` (Unix time); empty if it is."""
    instant = datetime.fromtimestamp(now, UTC)
    if out_of_time := _out_of_time(leaf, instant):
        return out_of_time
    # A certificate that is itself in the bundle needs no issuer (Go since 1.8, so registries since 2.7).
    if leaf in roots or any(_paths(leaf, others, roots, instant, _MAX_DEPTH)):
        return ""
    return (
        f"the certificate in x5c ({_describe(leaf)}) is not in the registry's bundle, and no certificate of the bundle "
        f"issued it (in the bundle: {', '.join(map(_describe, roots))})"
    )


def _paths(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    instant: datetime,
    depth: int,
) -> Iterator[bool]:
    """One True for each way from the certificate to a root."""
    for issuer in roots:
        if _issued(issuer, certificate, instant):
            yield True
    if depth:
        for issuer in others:
            if issuer != certificate and _issued(issuer, certificate, instant):
                yield from _paths(issuer, others, roots, instant, depth - 1)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate, instant: datetime) -> bool:
    if _out_of_time(issuer, instant) or not _may_issue(issuer):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
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
