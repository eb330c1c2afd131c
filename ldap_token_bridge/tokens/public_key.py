"""Public keys: which ones registries can use, their ids, and their JWK form.

A registry 2.x finds a key by its libtrust id, a registry 3.x by its RFC 7638 thumbprint (or by whatever `kid` its JWKS
says). Sources: docker/libtrust `keyIDFromCryptoKey`; RFC 7638 section 3; RFC 7518 section 6; RFC 8037 section 2;
distribution `registry/auth/token/util.go`. Registries 2.x know no Ed25519, and stop at such a key in their bundle.
"""

import base64
import hashlib
import json
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PublicKey: TypeAlias = EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey
PrivateKey: TypeAlias = EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey

MIN_RSA_BITS = 2048  # RFC 7518 section 3.3
# Curve names of the cryptography library to those of RFC 7518 sections 3.4 and 6.2.1.1.
_CURVES = {"secp256r1": ("P-256", "ES256"), "secp384r1": ("P-384", "ES384"), "secp521r1": ("P-521", "ES512")}
# We do not sign with P-521: about every second such key has a leading zero byte (see `leading_zero`).
_SIGNING_CURVES = ("secp256r1", "secp384r1")
_NEW_KEY = "Make a key that every registry accepts: `ldap-token-bridge keys new`."


def spki(key: PublicKey) -> bytes:
    """The SubjectPublicKeyInfo in DER: equal for equal keys."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def libtrust_id(key: PublicKey) -> str:
    """Twelve groups of four base32 characters: the first 240 bits of SHA-256 over the key's DER."""
    text = base64.b32encode(hashlib.sha256(spki(key)).digest()[:30]).decode("ascii")
    return ":".join(text[start : start + 4] for start in range(0, len(text), 4))


def thumbprint(key: PublicKey) -> str:
    """The JWK thumbprint with SHA-256 (RFC 7638 section 3)."""
    return _thumbprint(_parameters(key))


def registry_thumbprint(key: PublicKey) -> str:
    """The id by which a registry 3.1 finds the key of a bundle: coordinates lose their leading zero bytes there."""
    parameters = _parameters(key)
    if isinstance(key, EllipticCurvePublicKey):
        numbers = key.public_numbers()
        parameters |= {"x": _number(numbers.x), "y": _number(numbers.y)}
    return _thumbprint(parameters)


def algorithm(key: PublicKey) -> str:
    """The JOSE name of the algorithm that the key signs with; the key must be one that `complaint` passes."""
    if isinstance(key, Ed25519PublicKey):
        return "EdDSA"
    return _CURVES[key.curve.name][1] if isinstance(key, EllipticCurvePublicKey) else "RS256"


def public_jwk(key: PublicKey) -> dict[str, str]:
    """The key as an entry of a JWKS. Its `kid` is the libtrust id, which is what our tokens name."""
    return {**_parameters(key), "kid": libtrust_id(key), "use": "sig", "alg": algorithm(key)}


def leading_zero(key: PublicKey) -> bool:
    """Whether a coordinate begins with a zero byte: registry 3.1 computes a wrong id for such a key."""
    if not isinstance(key, EllipticCurvePublicKey):
        return False
    numbers = key.public_numbers()
    return (min(numbers.x, numbers.y).bit_length() + 7) // 8 < (key.curve.key_size + 7) // 8


def kind_of(key: object) -> str:
    """The kind of a public key for people: `RSA`, `Ed25519`."""
    return type(key).__name__.removesuffix("PublicKey")


def complaint(key: object) -> tuple[str, str] | None:
    """What is wrong with signing by this public key, and the remedy; None if some registry accepts it."""
    if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        return f"is an RSA key of {key.key_size} bits; at least {MIN_RSA_BITS} are needed", _NEW_KEY
    if isinstance(key, RSAPublicKey | Ed25519PublicKey):
        return None
    if not isinstance(key, EllipticCurvePublicKey):
        return f"is a key of type {kind_of(key)}, which is not supported", _NEW_KEY
    if key.curve.name not in _SIGNING_CURVES:
        return f"is a key on the curve {key.curve.name}; P-256 and P-384 are supported", _NEW_KEY
    if leading_zero(key):
        return (
            "has a coordinate that begins with a zero byte; registries 3.x compute a wrong id for such a key",
            "Make another key: `ldap-token-bridge keys new` never makes one like this.",
        )
    return None


def _parameters(key: PublicKey) -> dict[str, str]:
    """The members that make the key what it is (RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2)."""
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(key.public_bytes_raw())}
    if isinstance(key, RSAPublicKey):
        rsa = key.public_numbers()
        return {"kty": "RSA", "n": _number(rsa.n), "e": _number(rsa.e)}
    ec, size = key.public_numbers(), (key.curve.key_size + 7) // 8
    # Other curves only occur in foreign bundles, where the name only has to be distinct.
    curve = _CURVES.get(key.curve.name, (key.curve.name, ""))[0]
    return {"kty": "EC", "crv": curve, "x": _number(ec.x, size), "y": _number(ec.y, size)}


def _thumbprint(parameters: dict[str, str]) -> str:
    canonical = json.dumps(parameters, sort_keys=True, separators=(",", ":"))
    return base64url(hashlib.sha256(canonical.encode("ascii")).digest())


def _number(value: int, size: int = 0) -> str:
    """Big-endian, in `size` bytes or in as few as it needs."""
    return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def base64url(raw: bytes) -> str:
    """Without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
