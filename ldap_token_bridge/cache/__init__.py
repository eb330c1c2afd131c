"""What the bridge remembers for a while: values with a time to live, proofs of passwords, calls under way.

Knows nothing of directories or policies: callers choose keys and values. Everything is bounded,
nothing is written to disk, and no password is kept: only its keyed hash under a key that dies with the process. Which
refresh tokens were revoked is known here, too: that is read from a file, which commands write. What replicas share
stands in `shared`.
"""

from .expiring import ExpiringCache
from .passwords import PasswordMarks, PasswordProofs, RejectedPasswords
from .relay import Relay
from .revocation_file import FileRevocations, revoke_all, revoke_token, revoke_tokens_of, start_revocations
from .revocations import RevocationList, Revocations, RevocationsUnreadable
from .shared import (
    Entry,
    Found,
    Patience,
    SharedRevocations,
    SharedStore,
    SlowHash,
    SlowHasher,
    StoreAddress,
    StoreDown,
    StoreEvents,
    StoreKey,
    StoreLogin,
    open_backend,
    parse_store,
    unite,
)
from .single_flight import Flight, SingleFlight

__all__ = [
    "Entry",
    "ExpiringCache",
    "FileRevocations",
    "Flight",
    "Found",
    "PasswordMarks",
    "PasswordProofs",
    "Patience",
    "RejectedPasswords",
    "Relay",
    "RevocationList",
    "Revocations",
    "RevocationsUnreadable",
    "SharedRevocations",
    "SharedStore",
    "SingleFlight",
    "SlowHash",
    "SlowHasher",
    "StoreAddress",
    "StoreDown",
    "StoreEvents",
    "StoreKey",
    "StoreLogin",
    "open_backend",
    "parse_store",
    "revoke_all",
    "revoke_token",
    "revoke_tokens_of",
    "start_revocations",
    "unite",
]
