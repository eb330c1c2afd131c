"""Signing keys and tokens: key ids, the key folder, minting, and verification as a registry does it.

Owns PyJWT and cryptography. Knows nothing of people, policies or HTTP: who may do what is settled before it is signed.
"""

from .access import check_access
from .compact import Malformed, contents
from .generate import Algorithm
from .install import DEFAULT_DAYS, NewKey, new_key
from .keyring import Keyring
from .listing import KeyList, KeyState, ListedKey, list_keys
from .mint import BACKDATE_SECONDS, Claims, mint
from .rotate import Rotation, activate_key, retire_key
from .signing_key import SigningKey
from .verify import STEPS, Generation, Step, Verification, verify_token

__all__ = [
    "BACKDATE_SECONDS",
    "DEFAULT_DAYS",
    "STEPS",
    "Algorithm",
    "Claims",
    "Generation",
    "KeyList",
    "KeyState",
    "Keyring",
    "ListedKey",
    "Malformed",
    "NewKey",
    "Rotation",
    "SigningKey",
    "Step",
    "Verification",
    "activate_key",
    "check_access",
    "contents",
    "list_keys",
    "mint",
    "new_key",
    "retire_key",
    "verify_token",
]
