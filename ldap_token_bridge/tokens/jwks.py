"""The public keys of another issuer, as it publishes them (JWKS: RFC 7517 section 5, RFC 7518 section 6, RFC 8037).

Only keys that verify signatures count. What is not one is passed over with a note: sets hold keys for other uses, too.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Self

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ldap_token_bridge.values import dataclass

from .public_key import MIN_RSA_BITS, PublicKey
from .strict_json import json_object

MAX_JWKS = 256 * 1024
_MAX_KEYS = 100
_MAX_RSA_BITS = 8192  # a larger one makes each token cost too much
_MAX_SHOWN = 60
_RSA = frozenset(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"))
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_PUBLIC = ("kty", "n", "e", "crv", "x", "y")
# RFC 7518 sections 6.2.2, 6.3.2: the parts of a key that nobody else may know.
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth"))


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key, and the algorithms whose signatures it verifies."""

    key: PublicKey
    algorithms: frozenset[str]


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """The keys by `kid`; `lone` is the only one there is. `notes` say what was passed over."""

    by_kid: Mapping[str, TrustedKey] = field(repr=False)
    lone: TrustedKey | None = field(repr=False)
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.by_kid) or int(self.lone is not None)

    def find(self, kid: str | None) -> TrustedKey | None:
        """The key that a token names; one that names none means the only key there is."""
        return self.lone if kid is None else self.by_kid.get(kid)

    @classmethod
    def of_jwks(cls, text: bytes) -> Self:
        """Raises ValueError if no key in it can be used, or if it gives a private key away."""
        if len(text) > MAX_JWKS:
            raise ValueError(f"it is larger than {MAX_JWKS // 1024} KiB")
        entries = json_object(text).get("keys")
        if not isinstance(entries, list):
            raise ValueError("it is no JWKS: there is no list 'keys'")  # noqa: TRY004 -- as in json_object
        if len(entries) > _MAX_KEYS:
            raise ValueError(f"it holds more than {_MAX_KEYS} keys")
        notes: list[str] = []
        found: list[tuple[str | None, TrustedKey]] = []
        for number, entry in enumerate(entries, 1):
            name = f"key {number}"
            try:
                kid = _kid(entry)
                name = f"key {kid[:_MAX_SHOWN]!r}" if kid else name
                found.append((kid, _key(entry)))
            except _Unusable as reason:
                notes.append(f"{name} is not used: {reason}")
        named = [kid for kid, _ in found if kid is not None]
        twice = {kid for kid in named if named.count(kid) > 1}
        notes += (f"key {kid[:_MAX_SHOWN]!r} is not used: two keys have this kid" for kid in sorted(twice))
        by_kid = {kid: key for kid, key in found if kid is not None and kid not in twice}
        lone = found[0][1] if len(found) == 1 else None
        if not by_kid and not lone:
            raise ValueError("; ".join(("it holds no key that can be used", *notes)))
        return cls(by_kid, lone, tuple(notes))


class _Unusable(Exception):
    """This entry is passed over; the text says why."""


def _kid(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        raise _Unusable("it is no JSON object")
    if _PRIVATE & entry.keys():
        raise ValueError("it holds a private key: whoever has read it can sign. Replace that key at the issuer")
    kid = entry.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise _Unusable("its kid is no text")
    return kid


def _key(entry: Mapping[str, Any]) -> TrustedKey:
    if entry.get("kty") not in ("RSA", "EC", "OKP"):
        raise _Unusable("it is of another kind than RSA, EC and Ed25519")
    operations = entry.get("key_ops", ["verify"])
    if entry.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise _Unusable("it is not for signatures")
    try:
        key = jwt.PyJWK({name: entry[name] for name in _PUBLIC if name in entry}).key
    except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, AttributeError):
        raise _Unusable("it cannot be read") from None
    algorithms = _algorithms(key)
    if "alg" in entry:
        algorithms &= {entry["alg"]} if isinstance(entry["alg"], str) else frozenset()
    if not algorithms:
        raise _Unusable("its alg is none that such a key signs with")
    return TrustedKey(key, algorithms)


def _algorithms(key: object) -> frozenset[str]:
    if isinstance(key, RSAPublicKey):
        if not MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS:
            raise _Unusable(f"an RSA key of {key.key_size} bits; from {MIN_RSA_BITS} to {_MAX_RSA_BITS} are taken")
        return _RSA
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return frozenset((_CURVES[key.curve.name],))
    if isinstance(key, Ed25519PublicKey):
        return frozenset(("EdDSA",))
    raise _Unusable("its curve is none of P-256, P-384, P-521 and Ed25519")
