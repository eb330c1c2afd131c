"""A hash of a password that is slow on purpose, computed beside the event loop and never too often at once.

What is hashed is a keyed hash already (`Vault.peppered`): who has the store alone cannot try anything. This is for the
day when someone has the key as well.
"""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import field

from ldap_token_bridge.values import dataclass

# RFC 7914 section 2: 16 MiB and some 50 ms.
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1
_MEMORY = 64 * 1024 * 1024
_LENGTH = 32
SALT = 16
_AT_ONCE = 1
_MOST_WAITING = 4


@dataclass(frozen=True, slots=True)
class SlowHash:
    """The hash, with the salt it was made with."""

    salt: bytes
    digest: bytes = field(repr=False)

    def equals(self, octets: bytes) -> bool:
        """Whether `octets` are this hash as `octets()` gives it; in constant time."""
        return hmac.compare_digest(self.octets(), octets)

    def octets(self) -> bytes:
        """Salt and hash."""
        return self.salt + self.digest


class SlowHasher:
    """Computes them one after the other; who would have to wait long gets none."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def hash(self, peppered: bytes, like: bytes | None) -> SlowHash | None:
        """With the salt of another one's octets, or a new one; None if too many wait."""
        if self._waiting >= _MOST_WAITING:
            return None
        salt = like[:SALT] if like else secrets.token_bytes(SALT)
        self._waiting += 1
        try:
            async with self._turn:
                return SlowHash(salt, await asyncio.to_thread(_scrypt, peppered, salt))
        finally:
            self._waiting -= 1


def _scrypt(peppered: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(peppered, salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, maxmem=_MEMORY, dklen=_LENGTH)
