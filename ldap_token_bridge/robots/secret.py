"""A robot's secret: its form, by which scanners find a leaked one.

`ltbr_`, 40 random characters and 6 of a checksum, all of [0-9A-Za-z]: 238 bits that nobody guesses. The checksum tells
a typing mistake, or a person's password in the wrong place, from a secret without the cost of a hash.
"""

import re
import secrets
import string
import zlib

from ldap_token_bridge.identity import Secret

PREFIX = "ltbr_"
_RANDOM = 40
_CHECKSUM = 6  # characters of base 62 that hold 32 bits
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_PATTERN = rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECKSUM}}}"
_FORM = re.compile(SECRET_PATTERN.encode()).fullmatch


def new_secret() -> Secret:
    """A secret that was never seen before."""
    text = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return Secret((text + _checksum(text)).encode())


def is_secret(candidate: Secret) -> bool:
    """Whether it has the form of a secret, checksum included; says nothing of whose it is."""
    value = candidate.reveal()
    if not _FORM(value):
        return False
    text = value.decode()
    return _checksum(text[:-_CHECKSUM]) == text[-_CHECKSUM:]


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = []
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
