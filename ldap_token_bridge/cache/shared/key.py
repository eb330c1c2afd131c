"""The key of the shared store: without it nobody can read what is in there, guess at it, or write anything we believe.

Everything that the store gets to see is either a keyed hash or sealed:

- the name of an entry is HMAC-SHA256 over what it is about, so that no account's name stands there;
- its value is AES-256-GCM with the entry's name as associated data, so that none can be put in another's place, and
  with the time of its writing inside, so that none lives longer than it may.

Each value has an AES key of its own, made from 256 random bits: the limit of random nonces under one key
(NIST SP 800-38D section 8.3) is never reached, however many replicas write.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.values import dataclass
from ldap_token_bridge.whole_files import read_secret

# What stands in an entry, and how. Another number, and no old bridge meets what a new one wrote.
_SCHEMA = 1
_HEX = re.compile(rb"[0-9a-fA-F]{64}").fullmatch
_MAX_FILE = 4096
_SALT, _STAMP, _TAG = 32, 8, 16
_NONCE = bytes(12)  # the AES key is used once
OVERHEAD = _SALT + _STAMP + _TAG  # octets of a sealed value beyond what is in it
_MAKE_ONE = "Make one, the same for all replicas: (umask 077; openssl rand -hex 32 > {path})"


@dataclass(frozen=True, slots=True)
class StoreKey:
    """The key from `cache.shared_key_file`, and what should be mended about that file."""

    _secret: bytes = field(repr=False)
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> "StoreKey":
        """From a file with 64 hexadecimal digits. Raises Misconfigured, and never with what the file holds."""
        remedy = _MAKE_ONE.format(path=path)
        content, mode = read_secret(path, "key for the shared store", remedy, _MAX_FILE)
        text = content.strip()
        if not _HEX(text):
            what = "holds no key for the shared store: it must be 64 hexadecimal digits and nothing else"
            raise Misconfigured.one(what, str(path), remedy)
        secret = bytes.fromhex(text.decode())
        if len(set(secret)) < _FEWEST_VALUES:
            raise Misconfigured.one("the key for the shared store is not random", str(path), remedy)
        warning = (
            f"{path}: others than its owner may read or change this key (mode {mode:03o} beside the owner's). "
            f"Whoever reads it and can write to the store can be anyone: chmod 600 {path}"
        )
        return cls(secret, (warning,) if mode else ())

    def vault(self, issuer: str) -> "Vault":
        """What seals and names the entries of all bridges of one issuer."""
        space = hashlib.sha256(issuer.encode()).hexdigest()[:16]
        # The braces keep all of it in one slot of a cluster, so that several entries are one question.
        prefix = f"ltb:{{{space}}}:{_SCHEMA}:"
        return Vault(prefix, *(self._derived(use, issuer) for use in ("names", "values", "passwords")))

    def _derived(self, use: str, issuer: str) -> bytes:
        return hmac.digest(self._secret, f"ldap-token-bridge {_SCHEMA} {use} {issuer}".encode(), hashlib.sha256)


# 32 random octets have as few different ones about once in 10^30 keys; a key typed by hand has.
_FEWEST_VALUES = 12


@dataclass(frozen=True, slots=True)
class Vault:
    """Names and seals entries; nothing here knows what is in them."""

    prefix: str
    _names: bytes = field(repr=False)
    _values: bytes = field(repr=False)
    _passwords: bytes = field(repr=False)

    def name(self, kind: str, *parts: bytes) -> str:
        """The name of an entry; no two lists of parts run together."""
        told = b"".join(len(part).to_bytes(4, "big") + part for part in (kind.encode(), *parts))
        digest = hmac.digest(self._names, told, hashlib.sha256)
        return f"{self.prefix}{kind}:{urlsafe_b64encode(digest).rstrip(b'=').decode()}"

    def peppered(self, account: bytes, password: bytes) -> bytes:
        """A keyed hash of a password, bound to its account: of no use to who guesses and lacks the key."""
        told = len(account).to_bytes(4, "big") + account + password
        return hmac.digest(self._passwords, told, hashlib.sha256)

    def seal(self, name: str, value: bytes, now: float) -> bytes:
        """The value for this entry alone, written at `now` (seconds since 1970)."""
        salt = secrets.token_bytes(_SALT)
        stamped = int(now * 1000).to_bytes(_STAMP, "big") + value
        return salt + self._aes(salt).encrypt(_NONCE, stamped, name.encode())

    def unseal(self, name: str, sealed: bytes) -> tuple[bytes, float] | None:
        """The value and the second of its writing; None for anything that `seal` did not make for this entry."""
        try:
            stamped = self._aes(sealed[:_SALT]).decrypt(_NONCE, sealed[_SALT:], name.encode())
        except (InvalidTag, ValueError):
            return None
        return stamped[_STAMP:], int.from_bytes(stamped[:_STAMP], "big") / 1000

    def _aes(self, salt: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._values, salt, hashlib.sha256))
