"""Refresh tokens: what they hold, how they are sealed, and what speaks against one by itself.

A token is base64url of `version, key id, nonce, AES-256-GCM(contents)`; the first two are authenticated with the
contents. Nothing is stored: who holds the key can make and read them. No password and no hash of one is inside, only a
fingerprint of the date on which it was last changed.
"""

import base64
import binascii
import hashlib
import json
from enum import StrEnum

from cryptography.exceptions import InvalidTag

from ldap_token_bridge.identity import Secret
from ldap_token_bridge.values import dataclass

from .refresh_keys import KEY_ID, RefreshKeys

_SKEW = 60  # seconds by which clocks of replicas may differ
_VERSION = b"\x01"
_NONCE = 12
_TAG = 16
_HEADER = len(_VERSION) + KEY_ID
# Beyond any that is made: what is longer is refused before any work.
MAX_LENGTH = 2048


class RefreshRefusal(StrEnum):
    """Why a refresh token is not taken, for the audit line and the metric; who sent it is told one text for all."""

    DISABLED = "refresh-disabled"
    UNKNOWN = "refresh-unknown"
    EXPIRED = "refresh-expired"
    OTHER_SERVICE = "refresh-other-service"
    OTHER_CLIENT = "refresh-other-client"
    REVOKED = "refresh-revoked"
    ACCOUNT_GONE = "refresh-account-gone"
    PASSWORD_CHANGED = "refresh-password-changed"  # noqa: S105 -- a reason, no password


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """What a refresh token stands for. Times in whole seconds since 1970.

    `account` and `unique_id` as in identity.Account; `client` and `password_date` are fingerprints, the latter empty
    where the directory tells no date.
    """

    token_id: str
    account: str
    unique_id: str
    service: str
    client: str
    issued_at: int
    expires_at: int
    password_date: str

    def complaint(self, service: str, client_id: str | None, now: float, lifetime: int) -> RefreshRefusal | None:
        """What speaks against using it for this service by this client (None: any) now; None if nothing does.

        A `lifetime` that became shorter since holds for old tokens, too; one that became longer does not. One of a
        time to come was made while the clock was wrong: no revocation of today would end it.
        """
        if self.issued_at > now + _SKEW:
            return RefreshRefusal.UNKNOWN
        if now >= min(self.expires_at, self.issued_at + lifetime):
            return RefreshRefusal.EXPIRED
        if service != self.service:
            return RefreshRefusal.OTHER_SERVICE
        if client_id is not None and fingerprint(client_id) != self.client:
            return RefreshRefusal.OTHER_CLIENT
        return None

    def has_password_of(self, date: str) -> bool:
        """Whether the password was last changed when it was at the issue; `date` as the directory writes it."""
        return self.password_date == fingerprint(date)


def fingerprint(text: str) -> str:
    """The same short text for the same input, empty for none: nothing that was sent can make a token grow."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24] if text else ""


def seal(grant: RefreshGrant, keys: RefreshKeys, nonce: bytes) -> str:
    """The refresh token; `nonce` is 12 random bytes, never used again. Empty if it would be longer than is read."""
    contents = [
        grant.token_id,
        grant.account,
        grant.unique_id,
        grant.service,
        grant.client,
        grant.issued_at,
        grant.expires_at,
        grant.password_date,
    ]
    header = _VERSION + keys.first_id
    sealed = keys.first.encrypt(nonce, json.dumps(contents, separators=(",", ":")).encode("ascii"), header)
    token = base64.urlsafe_b64encode(header + nonce + sealed).rstrip(b"=").decode("ascii")
    return token if len(token) <= MAX_LENGTH else ""


def unseal(token: Secret, keys: RefreshKeys) -> RefreshGrant | None:
    """What a refresh token stands for; None for everything that `seal` did not make with one of the keys."""
    text = token.reveal()
    if not 0 < len(text) <= MAX_LENGTH:
        return None
    try:
        raw = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    # Other spellings decode to the same bytes: padding, `+` for `-`, stray bits at the end.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text or len(raw) < _HEADER + _NONCE + _TAG:
        return None
    header, nonce, sealed = raw[:_HEADER], raw[_HEADER : _HEADER + _NONCE], raw[_HEADER + _NONCE :]
    key = keys.by_id(header[len(_VERSION) :])
    if not header.startswith(_VERSION) or key is None:
        return None
    try:
        return RefreshGrant(*json.loads(key.decrypt(nonce, sealed, header)))
    except InvalidTag:
        return None
