"""Signing keys and tokens: key ids, the key folder, minting, and verification as a registry does it.

Owns PyJWT and cryptography. Knows nothing of people, policies or HTTP: who may do what is settled before it is signed.

What commands alone need is not imported with the room, for `serve` would carry it around: `install`, `listing` and
`rotate` are imported by their own names.
"""

from .access import check_access
from .compact import Malformed, contents
from .folder import key_files
from .jwks import MAX_JWKS, TrustedKeys
from .keyring import Keyring
from .mint import BACKDATE_SECONDS, Claims, mint
from .refresh import RefreshGrant, RefreshRefusal, fingerprint, seal, unseal
from .refresh_keys import (
    RefreshKeys,
    activate_refresh_key,
    add_refresh_key,
    drop_refresh_keys,
    new_refresh_key,
)
from .signed import NotProved, read_signed
from .signing_key import SigningKey
from .strict_json import json_object
from .verify import LEEWAY_SECONDS, STEPS, Generation, Step, Verification, verify_token

__all__ = [
    "BACKDATE_SECONDS",
    "LEEWAY_SECONDS",
    "MAX_JWKS",
    "STEPS",
    "Claims",
    "Generation",
    "Keyring",
    "Malformed",
    "NotProved",
    "RefreshGrant",
    "RefreshKeys",
    "RefreshRefusal",
    "SigningKey",
    "Step",
    "TrustedKeys",
    "Verification",
    "activate_refresh_key",
    "add_refresh_key",
    "check_access",
    "contents",
    "drop_refresh_keys",
    "fingerprint",
    "json_object",
    "key_files",
    "mint",
    "new_refresh_key",
    "read_signed",
    "seal",
    "unseal",
    "verify_token",
]
