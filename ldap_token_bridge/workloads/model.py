"""Issuers and their workloads as values, and what can come of a login."""

import ssl
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from ldap_token_bridge.tokens import TrustedKeys
from ldap_token_bridge.values import dataclass

from .pattern import ClaimPattern


class WorkloadRefusal(StrEnum):
    """Why a workload may not log in, for the audit line and the metric."""

    UNKNOWN_ISSUER = "workload-unknown-issuer"
    MALFORMED = "workload-malformed"
    UNKNOWN_KEY = "workload-unknown-key"
    BAD_SIGNATURE = "workload-bad-signature"
    WRONG_ISSUER = "workload-wrong-issuer"
    EXPIRED = "workload-expired"
    NOT_YET_VALID = "workload-not-yet-valid"
    LIVES_TOO_LONG = "workload-lives-too-long"
    WRONG_AUDIENCE = "workload-wrong-audience"
    NO_SUBJECT = "workload-no-subject"
    AMBIGUOUS = "workload-ambiguous"

    @property
    def is_proved(self) -> bool:
        """Whether it was found after the signature: only then is the sender told which it is."""
        return self not in _UNPROVED


_UNPROVED = frozenset(
    (
        WorkloadRefusal.UNKNOWN_ISSUER,
        WorkloadRefusal.MALFORMED,
        WorkloadRefusal.UNKNOWN_KEY,
        WorkloadRefusal.BAD_SIGNATURE,
    )
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A token with all of these claims is the workload `name` of the policy."""

    name: str
    claims: Mapping[str, ClaimPattern]

    def fits(self, claims: Mapping[str, str]) -> bool:
        """Whether a token's claims, as texts, are all there and match."""
        return all(name in claims and pattern.matches(claims[name]) for name, pattern in self.claims.items())

    def covers(self, other: "Entry") -> bool:
        """Whether it is certain that every token that fits the other fits this one, too."""
        return all(name in other.claims and pattern.covers(other.claims[name]) for name, pattern in self.claims.items())


@dataclass(frozen=True, slots=True)
class KeysAddress:
    """Where an issuer's JWKS is fetched: `jwks_url`, or what discovery from `issuer` says if that is empty.

    `ca` is the content of the file that `tls` trusts, empty for the system's; `seconds` how long a set is used.
    """

    issuer: str
    jwks_url: str
    ca: bytes = field(repr=False)
    seconds: float
    tls: ssl.SSLContext = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues tokens, for whom, and whose they are. `issuer` and `audience` are `iss` and `aud`, to the letter."""

    issuer: str
    audience: str
    max_lifetime: float
    entries: tuple[Entry, ...]
    keys: TrustedKeys | KeysAddress
