"""Passwords that were proved or refused a moment ago, without the passwords.

A password is kept as keyed BLAKE2b (a MAC, RFC 7693 section 2.9) under a random key of the process, bound to its
account, so that the memory of the process holds nothing that could be tried elsewhere, and equal passwords of two
accounts do not look alike. HMAC-SHA256 would do the same; OpenSSL's takes four times as long for so short a message.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from ldap_token_bridge.identity import Secret

from .expiring import ExpiringCache

V = TypeVar("V")


class _KeyedHash:
    """The keyed hash of (account, password); both are length-prefixed so that no two pairs run together."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def __call__(self, account: str, password: Secret) -> bytes:
        name = account.encode()
        message = len(name).to_bytes(4, "big") + name + password.reveal()
        return hashlib.blake2b(message, key=self._key, digest_size=32).digest()


class PasswordProofs:
    """Which password proved which account within the last `seconds`; one password an account."""

    def __init__(self, max_accounts: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._hash = _KeyedHash()
        self._proofs: ExpiringCache[str, bytes] = ExpiringCache(max_accounts, seconds, clock)

    def holds(self, account: str, password: Secret) -> bool:
        """Whether exactly this password proved this account; compared in constant time."""
        proof = self._proofs.get(account)
        # The hash is computed and compared for unknown accounts too: the time tells nothing.
        return hmac.compare_digest(proof or bytes(32), self._hash(account, password)) and proof is not None

    def remember(self, account: str, password: Secret, age: float = 0.0) -> None:
        """The directory has accepted this password, `age` seconds ago."""
        self._proofs.put(account, self._hash(account, password), age)

    def forget(self, account: str) -> None:
        """The directory has just refused this account."""
        self._proofs.discard(account)

    def clear(self) -> None:
        """Forget everything."""
        self._proofs.clear()

    def __len__(self) -> int:
        return len(self._proofs)


class RejectedPasswords(Generic[V]):
    """Which passwords an account was refused with within the last `seconds`, and with what answer."""

    def __init__(self, max_entries: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._hash = _KeyedHash()
        self._refusals: ExpiringCache[tuple[str, bytes], V] = ExpiringCache(max_entries, seconds, clock)

    def get(self, account: str, password: Secret) -> V | None:
        """The answer that this password got, or None."""
        return self._refusals.get((account, self._hash(account, password)))

    def put(self, account: str, password: Secret, answer: V, age: float = 0.0) -> None:
        """The directory has refused this password with `answer`, `age` seconds ago."""
        self._refusals.put((account, self._hash(account, password)), answer, age)

    def forget(self, account: str) -> None:
        """Forget every refusal of an account."""
        self._refusals.discard_if(lambda key, _: key[0] == account)

    def clear(self) -> None:
        """Forget everything."""
        self._refusals.clear()

    def __len__(self) -> int:
        return len(self._refusals)

    def flight_key(self, account: str, password: Secret) -> bytes:
        """One key for all who try this very password on this account at the same time."""
        return self._hash(account, password)
