"""What replicas share: a store that is believed only as far as it can prove, and never waited for.

Owns redis. Everything in the store is named by keyed hashes and sealed (`key`); a server that is slow, down, robbed or
hostile costs no login (`health`, `store`).
"""

from .address import StoreAddress, parse_store
from .backend import Backend, StoreDown, Write
from .entries import Entry, Found
from .health import StoreEvents
from .key import StoreKey, Vault
from .login import StoreLogin
from .open import open_backend
from .questions import Patience
from .revocations import SharedRevocations, unite
from .slow_hash import SlowHash, SlowHasher
from .store import SharedStore

__all__ = [
    "Backend",
    "Entry",
    "Found",
    "Patience",
    "SharedRevocations",
    "SharedStore",
    "SlowHash",
    "SlowHasher",
    "StoreAddress",
    "StoreDown",
    "StoreEvents",
    "StoreKey",
    "StoreLogin",
    "Vault",
    "Write",
    "open_backend",
    "parse_store",
    "unite",
]
