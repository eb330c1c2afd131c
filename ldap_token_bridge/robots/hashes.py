"""What is kept of a robot's secret: an argon2id hash.

Imported where a hash is met, for most bridges have no robots: argon2 takes up 0.3 MB.
"""

import re
from functools import cache

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from ldap_token_bridge.identity import Secret

from .secret import new_secret

# OWASP's least for argon2id (Password Storage Cheat Sheet): the secret is random, so more would protect nothing more.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
# What a hash in the file may ask for: a hostile one could ask for all memory. Memory in KiB.
_MOST_MEMORY, _MOST_TIME, _MOST_LANES = 262_144, 10, 8
_LEAST_MEMORY, _LEAST_BYTES = 8192, 16
# More than argon2-cffi looks at before it checks a secret: what it cannot use then would be an error at each login.
_HASH = re.compile(r"\$argon2i?d?\$v=[0-9]+\$m=[0-9]+,t=[1-9][0-9]*,p=[1-9][0-9]*(?:\$[A-Za-z0-9+/]+){2}").fullmatch


def hash_secret(secret: Secret) -> str:
    """The argon2id hash in its usual form, `$argon2id$v=19$...`; takes some 20 ms and 19 MiB."""
    return _HASHER.hash(secret.reveal())


def proves(secret: Secret, hashed: str) -> bool:
    """Whether the hash is of this secret; takes as long as `hash_secret`, or what the hash asks for."""
    try:
        return _HASHER.verify(hashed, secret.reveal())
    except (VerificationError, InvalidHashError):
        return False


def proves_one(secret: Secret, hashes: tuple[str, ...], at_least: int) -> bool:
    """Whether one of the hashes is of this secret; if not, it has taken the time of `at_least` hashes."""
    if any(proves(secret, hashed) for hashed in hashes):
        return True
    for _ in range(at_least - len(hashes)):
        proves(secret, _hash_of_nobody())
    return False


def fault_of(hashed: str) -> str:
    """What is wrong with a hash that stands in a file; empty if nothing is."""
    try:
        found = extract_parameters(hashed if _HASH(hashed) else "")
    except InvalidHashError:
        return "it is no argon2 hash"
    if found.type is not Type.ID:
        return "it is not of argon2id"
    if found.memory_cost > _MOST_MEMORY or found.time_cost > _MOST_TIME or found.parallelism > _MOST_LANES:
        return f"to check it costs too much: more than {_MOST_MEMORY} KiB, {_MOST_TIME} rounds or {_MOST_LANES} lanes"
    if found.memory_cost < _LEAST_MEMORY or found.hash_len < _LEAST_BYTES:
        return f"it is too weak: less than {_LEAST_MEMORY} KiB or {_LEAST_BYTES} bytes"
    return ""


@cache
def _hash_of_nobody() -> str:
    return hash_secret(new_secret())
