"""The three parts of a token, decoded as strictly as a registry decodes them (RFC 7515 section 7.1).

Python's own decoders skip what they do not know; Go's do not, so everything is looked at first.
"""

import base64
import binascii
import json
import re
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from .certificates import from_der

_INT64 = 2**63  # what a registry decodes a time into
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*").fullmatch


class Malformed(Exception):
    """The token cannot be decoded; the text says what is wrong with it."""


def parts_of(token: str) -> tuple[bytes, bytes, bytes]:
    """Header, claims and signature as bytes."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 -- the three parts of a JWT
        raise Malformed(f"a token has three parts between dots; this one has {len(parts)}")
    header, payload, signature = (_base64url(part) for part in parts)
    if not signature:
        raise Malformed("the token is not signed")
    return header, payload, signature


def header_of(raw: bytes) -> dict[str, Any]:
    """The header, with `alg`, `kid` and `x5c` of their types."""
    header = _object(raw, "header")
    _require(header, "header", ("typ", "alg", "kid"), str, "a text")
    x5c = header.get("x5c")
    if x5c is not None and not (isinstance(x5c, list) and all(isinstance(entry, str) for entry in x5c)):
        raise Malformed("x5c in the header is not a list of texts")
    return header


def claims_of(raw: bytes, *, audience_list: bool) -> dict[str, Any]:
    """The claims, with those that the registry reads of their types; whether `aud` may be a list depends on it."""
    claims = _object(raw, "claims")
    _require(claims, "claims", ("iss", "sub", "jti"), str, "a text")
    _require(claims, "claims", ("exp", "nbf", "iat"), int, "an integer")
    audience = claims.get("aud")
    listed = isinstance(audience, list) and all(isinstance(entry, str) for entry in audience)
    if not (audience is None or isinstance(audience, str) or (audience_list and listed)):
        raise Malformed("the claim aud is not a text" + (" or a list of texts" if audience_list else ""))
    if not isinstance(claims.get("access"), list | None):
        raise Malformed("the claim access is not a list")
    return claims


def contents(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as they are, for people to look at; raises Malformed for what is no token."""
    header, claims, _ = parts_of(token)
    return _object(header, "header"), _object(claims, "claims")


def x5c_of(header: dict[str, Any]) -> list[x509.Certificate]:
    """The certificates of the header: padded standard base64 of DER (RFC 7515 section 4.1.6)."""
    try:
        return [from_der(base64.b64decode(entry, validate=True)) for entry in header["x5c"]]
    except (ValueError, binascii.Error):
        raise Malformed("x5c holds something that is no certificate in padded standard base64") from None


def public_key_of(certificate: x509.Certificate) -> CertificatePublicKeyTypes:
    """The certificate's key, of whatever kind."""
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed("a certificate holds a key of an unknown kind") from None


def _require(values: dict[str, Any], part: str, names: tuple[str, ...], kind: type, called: str) -> None:
    for name in names:
        value = values.get(name)
        # A bool is an int for Python, not for a registry.
        if value is not None and type(value) is not kind:
            raise Malformed(f"{name} in the {part} is not {called}")
        if isinstance(value, int) and abs(value) >= _INT64:
            raise Malformed(f"{name} in the {part} is beyond any date")


def _object(raw: bytes, part: str) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Malformed(f"the {part} is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed(f"the {part} is not a JSON object")
    return value


def _base64url(text: str) -> bytes:
    if not _BASE64URL(text) or len(text) % 4 == 1:
        raise Malformed("a part of the token is not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
