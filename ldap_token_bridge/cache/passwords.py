"""Passwords that were proved or refused a moment ago, without the passwords.

What is kept is a password's mark: keyed BLAKE2b (a MAC, RFC 7693 section 2.9) under a random key of the process, bound
to its account, so that the memory of the process holds nothing that could be tried elsewhere, and equal passwords of
two accounts do not look alike. HMAC-SHA256 would do the same; for so short a message OpenSSL takes four times as long.
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
_NO_MARK = bytes(32)


class PasswordMarks:
    """The mark of a password on an account, made once for all memories that are to know it.

    The account is length-prefixed, so that no two pairs run together.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def __call__(self, account: str, password: Secret) -> bytes:
        """32 octets."""
        name = account.encode()
        message = len(name).to_bytes(4, "big") + name + password.reveal()
        return hashlib.blake2b(message, key=self._key, digest_size=32).digest()


class PasswordProofs:
    """Which password proved which account within the last `seconds`; one password an account."""

    def __init__(self, max_accounts: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._proofs: ExpiringCache[str, bytes] = ExpiringCache(max_accounts, seconds, clock)

    def holds(self, account: str, mark: bytes) -> bool:
        """Whether exactly the password of this mark proved this account; compared in constant time."""
        proof = self._proofs.get(account)
        # Compared for unknown accounts too: the time tells nothing.
        return hmac.compare_digest(proof or _NO_MARK, mark) and proof is not None

    def remember(self, account: str, mark: bytes, age: float = 0.0) -> None:
        """The directory has accepted this password, `age` seconds ago."""
        self._proofs.put(account, mark, age)

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
        self._refusals: ExpiringCache[tuple[str, bytes], V] = ExpiringCache(max_entries, seconds, clock)

    def get(self, account: str, mark: bytes) -> V | None:
        """The answer that this password got, or None."""
        return self._refusals.get((account, mark))

    def put(self, account: str, mark: bytes, answer: V, age: float = 0.0) -> None:
        """The directory has refused this password with `answer`, `age` seconds ago."""
        self._refusals.put((account, mark), answer, age)

    def forget(self, account: str) -> None:
        """Forget every refusal of an account."""
        self._refusals.discard_if(lambda key, _: key[0] == account)

    def clear(self) -> None:
        """Forget everything."""
        self._refusals.clear()

    def __len__(self) -> int:
        return len(self._refusals)
