"""Signing keys and tokens: key ids, the key folder, minting, and verification as a registry does it.

Owns PyJWT and cryptography. Knows nothing of people, policies or HTTP: who may do what is settled before it is signed.
"""

from .generate import Algorithm
from .install import DEFAULT_DAYS, NewKey, new_key
from .keyring import Keyring
from .mint import BACKDATE_SECONDS, Claims, mint
from .signing_key import SigningKey
from .verify import Generation, Step, Verification, verify_token

__all__ = [
    "BACKDATE_SECONDS",
    "DEFAULT_DAYS",
    "Algorithm",
    "Claims",
    "Generation",
    "Keyring",
    "NewKey",
    "SigningKey",
    "Step",
    "Verification",
    "mint",
    "new_key",
    "verify_token",
]
