"""A token held against a registry's rules, step by step, in the registry's own order.

Written from what registries do (distribution `registry/auth/token/token.go`, 2.8 and 3.1), for diagnosis and tests:
nothing in the bridge grants anything on its strength.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from ldap_token_bridge.values import dataclass

from .compact import Malformed, claims_of, header_of, parts_of, public_key_of, x5c_of
from .public_key import kind_of, libtrust_id, registry_thumbprint
from .trust import distrust, read_bundle

Generation = Literal["2.x", "3.x"]

LEEWAY_SECONDS = 60  # registries since 2.6; 2.4, 2.5 and zot give none
_ALGORITHMS = jwt.algorithms.get_default_algorithms()
_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
_RSA = {"2.x": ("RS256", "RS384", "RS512"), "3.x": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the registry looks at, and what it finds."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The steps up to the first that fails. `header` and `claims` are what could be decoded, verified or not."""

    generation: Generation
    steps: tuple[Step, ...]
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def accepted(self) -> bool:
        """Whether the registry takes the token; what it then allows is another matter."""
        return all(step.ok for step in self.steps)

    @property
    def failure(self) -> Step | None:
        """The step at which the registry refuses the token."""
        return next((step for step in self.steps if not step.ok), None)


def verify_token(
    token: str,
    bundle: str,
    *,
    issuer: str,
    service: str,
    now: float,
    generation: Generation,
    jwks: Mapping[str, Any] | None = None,
) -> Verification:
    """What a registry of that generation makes of the token at `now` (Unix time).

    `bundle` is its `rootcertbundle` in PEM, empty if it has none; `jwks` the content of its `jwks` file (3.x only);
    `issuer` and `service` as configured there.
    """
    walk = _Walk(token, bundle, issuer, service, now, generation, jwks or {})
    steps: list[Step] = []
    for name, look in _ORDER[generation]:
        try:
            steps.append(Step(name, ok=True, detail=look(walk)))
        except (_Refused, Malformed) as refusal:
            steps.append(Step(name, ok=False, detail=str(refusal)))
            break
    return Verification(generation, tuple(steps), walk.header, walk.claims)


class _Refused(Exception):
    """The registry refuses the token; the text says why."""


@dataclass
class _Walk:
    """One token on its way through the registry. Each look returns what it found or raises."""

    token: str
    bundle: str
    issuer: str
    service: str
    now: float
    generation: Generation
    jwks: Mapping[str, Any]
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    roots: list[Certificate] = field(default_factory=list)
    key: Any = None

    def trust(self) -> str:
        try:
            self.roots = read_bundle(self.bundle)
            keys = [public_key_of(root) for root in self.roots]
        except (ValueError, Malformed):
            raise _Refused("the registry does not start: its bundle holds a certificate that cannot be read") from None
        if self.generation == "2.x":
            for root, key in zip(self.roots, keys, strict=True):
                if not isinstance(key, EllipticCurvePublicKey | RSAPublicKey):
                    raise _Refused(
                        "the registry does not start: 2.x knows no keys like that of "
                        f"{root.subject.rfc4514_string()} ({kind_of(key)})"
                    )
        entries = self._jwks_keys()
        if not self.roots and not entries:
            raise _Refused("the registry does not start: it trusts no certificate and no key")
        return f"{len(self.roots)} certificate(s), {len(entries)} key(s) in the JWKS"

    def form(self) -> str:
        header, payload, _ = parts_of(self.token)
        self.header = header_of(header)
        if self.generation == "2.x":
            self.claims = claims_of(payload, audience_list=False)
        elif self.header.get("alg") not in _ALGORITHMS or self.header["alg"] == "none":
            raise _Refused(f"the algorithm {self.header.get('alg')!r} is not one that the registry accepts")
        return f"alg {self.header.get('alg')}"

    def decode_claims(self) -> str:
        self.claims = claims_of(parts_of(self.token)[1], audience_list=True)
        return "decoded"

    def check_issuer(self) -> str:
        found = self.claims.get("iss") or ""
        if found != self.issuer:
            raise _Refused(f"the token's issuer is {found!r}; the registry trusts {self.issuer!r}")
        return found

    def check_audience(self) -> str:
        found = self.claims.get("aud") or ""
        if self.service not in ([found] if isinstance(found, str) else found):
            raise _Refused(f"the token is for the service {found!r}; this registry is {self.service!r}")
        return self.service

    def check_expiry(self) -> str:
        left = (self.claims.get("exp") or 0) - self.now
        if left < -LEEWAY_SECONDS:
            raise _Refused(f"it expired {-left:.0f} s ago; the registry allows {LEEWAY_SECONDS} s")
        return f"{left:.0f} s left"

    def check_start(self) -> str:
        since = self.now - (self.claims.get("nbf") or 0)
        if since < -LEEWAY_SECONDS:
            raise _Refused(
                f"it is valid only in {-since:.0f} s; the registry allows {LEEWAY_SECONDS} s. "
                "The registry's clock is behind, or the bridge's is ahead"
            )
        return f"valid for {since:.0f} s already"

    def find_key(self) -> str:
        kid = self.header.get("kid") or ""
        if self.header.get("x5c"):
            # No registry falls back to `kid` when the certificate is not trusted.
            leaf, *others = x5c_of(self.header)
            if reason := distrust(leaf, others, self.roots, self.now):
                raise _Refused(reason)
            self.key = public_key_of(leaf)
            return f"by the certificate in x5c ({leaf.subject.rfc4514_string()})"
        if "jwk" in self.header:
            # Some registries 3.x before 3.0.0 even trusted such a key by its mere id; the bridge never sends one.
            raise _Refused("the token brings its own key (jwk); no token of the bridge does, and none is accepted here")
        if not kid:
            raise _Refused("the token names no key: neither x5c nor kid is there")
        known = self._known_keys()
        if kid not in known:
            raise _Refused(f"untrusted key {kid}; the registry knows {', '.join(known) or 'none'}")
        self.key = known[kid]
        unsure = self.generation == "3.x" and isinstance(self.key, EllipticCurvePublicKey) and not self.jwks
        # distribution #4683: 3.0.0 gives every key of one curve the same id.
        return f"by kid {kid}" + ("; registry 3.0.0 finds no EC key this way, 3.1 does" if unsure else "")

    def _known_keys(self) -> dict[str, Any]:
        identify = libtrust_id if self.generation == "2.x" else registry_thumbprint
        keys = [public_key_of(root) for root in self.roots]
        known: dict[str, Any] = {
            identify(key): key for key in keys if isinstance(key, EllipticCurvePublicKey | RSAPublicKey)
        }
        return known | self._jwks_keys()

    def _jwks_keys(self) -> dict[str, Any]:
        if self.generation == "2.x":
            return {}
        try:
            return {entry.get("kid", ""): jwt.PyJWK(entry).key for entry in self.jwks.get("keys", ())}
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            raise _Refused("the registry does not start: its JWKS holds a key that cannot be read") from None

    def check_signature(self) -> str:
        algorithm = str(self.header.get("alg"))
        if isinstance(self.key, EllipticCurvePublicKey):
            fits = _CURVES.get(algorithm) == self.key.curve.name
        elif isinstance(self.key, RSAPublicKey):
            fits = algorithm in _RSA[self.generation]
        else:
            fits = algorithm == "EdDSA" and isinstance(self.key, Ed25519PublicKey)
        if not fits:
            raise _Refused(f"a registry {self.generation} does not verify {algorithm} with this kind of key")
        message = self.token.rpartition(".")[0].encode("ascii")
        if not _ALGORITHMS[algorithm].verify(message, self.key, parts_of(self.token)[2]):
            raise _Refused("the signature does not fit: the token was changed, or another key made it")
        return algorithm


_Look = Callable[[_Walk], str]
_CLAIMS: tuple[tuple[str, _Look], ...] = (
    ("issuer", _Walk.check_issuer),
    ("audience", _Walk.check_audience),
    ("expiry", _Walk.check_expiry),
    ("not before", _Walk.check_start),
)
_KEY: tuple[tuple[str, _Look], ...] = (("key", _Walk.find_key), ("signature", _Walk.check_signature))
_START: tuple[tuple[str, _Look], ...] = (("trust", _Walk.trust), ("form", _Walk.form))
# 2.x reads the claims before it asks who signed; 3.x the other way round.
_ORDER: dict[Generation, tuple[tuple[str, _Look], ...]] = {
    "2.x": (*_START, *_CLAIMS, *_KEY),
    "3.x": (*_START, *_KEY, ("claims", _Walk.decode_claims), *_CLAIMS),
}
# The names of the steps, in order: those behind a refusal are not reached.
STEPS: dict[Generation, tuple[str, ...]] = {
    generation: tuple(name for name, _ in looks) for generation, looks in _ORDER.items()
}
