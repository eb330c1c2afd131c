"""A key that signs tokens, with everything about it that no token needs to compute again."""

import base64
import json
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from jwt.algorithms import get_default_algorithms
from jwt.utils import base64url_encode

from ldap_token_bridge.values import dataclass

from .public_key import PrivateKey, PublicKey, algorithm, libtrust_id, public_jwk, thumbprint

_ALGORITHMS = get_default_algorithms()
_ECDSA = {"ES256": ECDSA(SHA256()), "ES384": ECDSA(SHA384())}


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One key pair with its certificate. The private key shows in no repr and takes part in no comparison.

    `kid` is the libtrust id, `thumbprint` that of RFC 7638. `chain` is DER, leaf first; `jwk` the key's JWKS entry.
    """

    name: str
    kid: str
    thumbprint: str
    alg: str
    chain: tuple[bytes, ...] = field(repr=False)
    not_before: datetime
    not_after: datetime
    jwk: dict[str, str] = field(repr=False)
    private: PrivateKey = field(repr=False, compare=False)
    # The token's first part, ready for use: with the certificate in it, and with the key id alone.
    header_x5c: bytes = field(repr=False)
    header_kid: bytes = field(repr=False)
    ends: float = field(init=False, repr=False)
    """`not_after` as Unix time."""
    _ecdsa: ECDSA | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        is_ec = isinstance(self.private, EllipticCurvePrivateKey)
        object.__setattr__(self, "ends", self.not_after.timestamp())
        object.__setattr__(self, "_ecdsa", _ECDSA[self.alg] if is_ec else None)

    @property
    def only_3x(self) -> bool:
        """Whether registries 2.x cannot use it: with its certificate in their bundle they do not even start."""
        return self.alg == "EdDSA"

    @classmethod
    def of(cls, name: str, private: PrivateKey, certificates: Sequence[Certificate]) -> "SigningKey":
        """From a key that `public_key.complaint` passes and its certificates, the matching leaf first."""
        public: PublicKey = private.public_key()
        kid, alg = libtrust_id(public), algorithm(public)
        chain = tuple(certificate.public_bytes(Encoding.DER) for certificate in certificates)
        header: dict[str, object] = {"typ": "JWT", "alg": alg, "kid": kid}
        # Padded standard base64 (RFC 7515 section 4.1.6). The leaf is enough: the registry's bundle holds it.
        x5c = [base64.b64encode(chain[0]).decode("ascii")]
        return cls(
            name=name,
            kid=kid,
            thumbprint=thumbprint(public),
            alg=alg,
            chain=chain,
            not_before=certificates[0].not_valid_before_utc,
            not_after=certificates[0].not_valid_after_utc,
            jwk=public_jwk(public),
            private=private,
            header_x5c=_encode(header | {"x5c": x5c}),
            header_kid=_encode(header),
        )

    def sign(self, message: bytes) -> bytes:
        """The raw signature as JOSE wants it; 64 bytes for ES256 (RFC 7518 section 3.4)."""
        if self._ecdsa is not None:
            # The most common keys, without PyJWT: it makes all that is needed anew for each signature.
            private: Any = self.private
            r, s = decode_dss_signature(private.sign(message, self._ecdsa))
            size = (private.key_size + 7) // 8
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return _ALGORITHMS[self.alg].sign(message, self.private)


def _encode(header: dict[str, object]) -> bytes:
    return base64url_encode(json.dumps(header, separators=(",", ":")).encode("ascii"))
