"""What the bridge remembers for a while: values with a time to live, proofs of passwords, calls under way.

Owns cachetools. Knows nothing of directories or policies: callers choose keys and values. Everything is bounded,
nothing is written to disk, and no password is kept: only its keyed hash under a key that dies with the process.
"""

from .expiring import ExpiringCache
from .passwords import PasswordProofs, RejectedPasswords
from .single_flight import SingleFlight

__all__ = ["ExpiringCache", "PasswordProofs", "RejectedPasswords", "SingleFlight"]
