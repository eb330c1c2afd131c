"""A token that another issuer signed (JWS compact form, RFC 7515 section 7.1): its form, then its signature.

Stricter than RFC 7519 asks. Nothing in the token chooses how it is verified: the algorithm is one of those of the key,
and a key or an address in the header (jwk, jku, x5c, x5u) is never looked at.
"""

from dataclasses import field
from enum import StrEnum
from typing import Any

import jwt

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.values import dataclass

from .compact import Malformed, parts_of
from .jwks import TrustedKeys
from .public_key import base64url
from .strict_json import json_object

# Beyond any that GitLab, GitHub and Kubernetes issue; what is longer is refused before any work.
MAX_SIGNED = 8192
_VERIFIERS = {
    name: algorithm
    for name, algorithm in jwt.algorithms.get_default_algorithms().items()
    if name in {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}


class NotProved(StrEnum):
    """Why nothing that a token says may be believed."""

    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown-key"
    BAD_SIGNATURE = "bad-signature"


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token of the right form. Nothing in it is proved."""

    alg: str
    kid: str | None
    _message: bytes = field(repr=False)
    _signature: bytes = field(repr=False)
    _claims: dict[str, Any] = field(repr=False)

    def claims(self, keys: TrustedKeys) -> dict[str, Any] | NotProved:
        """What it says, if one of the keys signed it."""
        trusted = keys.find(self.kid)
        if trusted is None:
            return NotProved.UNKNOWN_KEY
        proved = self.alg in trusted.algorithms and _VERIFIERS[self.alg].verify(
            self._message, trusted.key, self._signature
        )
        return self._claims if proved else NotProved.BAD_SIGNATURE


def read_signed(token: Secret) -> SignedToken | NotProved:
    """The token, if it has the form of one that could be verified."""
    raw = token.reveal()
    if len(raw) > MAX_SIGNED or not raw.isascii():
        return NotProved.MALFORMED
    text = raw.decode("ascii")
    try:
        parts = parts_of(text)
        header, claims = json_object(parts[0]), json_object(parts[1])
    except (Malformed, ValueError):
        return NotProved.MALFORMED
    alg, kid, typ = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    fine = (
        # Other spellings decode to the same bytes: one token has one spelling here.
        ".".join(map(base64url, parts)) == text
        and isinstance(alg, str)
        and alg in _VERIFIERS
        and (kid is None or isinstance(kid, str))
        and isinstance(typ, str)
        # RFC 8725 section 3.11: what calls itself something else (at+jwt, logout+jwt) is for another use.
        and typ.upper() == "JWT"
        # RFC 7515 section 4.1.11: an extension that must be understood; and a token within a token.
        and not {"crit", "cty"} & header.keys()
    )
    if not fine:
        return NotProved.MALFORMED
    return SignedToken(str(alg), kid, text.rpartition(".")[0].encode("ascii"), parts[2], claims)
