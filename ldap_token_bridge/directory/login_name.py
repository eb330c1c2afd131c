r"""The name that someone typed, in the one form in which it is looked up; and which passwords can be none.

Accepted: `alice`, `alice@corp.example.com`, `CORP\alice`. Refused before any look-up: what no directory holds as a
name, or what clients send for purposes of their own.
"""

import unicodedata
from dataclasses import field

from ldap_token_bridge.identity import Secret, reads_as_machine
from ldap_token_bridge.values import dataclass

MAX_LENGTH = 256
# slapd drops the connection on a password of a megabyte; no directory holds one of a kilobyte.
MAX_PASSWORD_BYTES = 1024
# Cc: control characters, NUL among them. Cf: invisible ones that make two names look alike. Cs: half characters. Zl and
# Zp: ends of lines. None of them is printable to Python, which looks at a whole text at once.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
# docker sends this user name with an identity token as the password; it is no account.
_IDENTITY_TOKEN_USER = "<token>"  # noqa: S105 -- a user name


@dataclass(frozen=True, slots=True)
class LoginName:
    """`name` as it is searched for (NFC), and the domain that stood before a backslash, if any."""

    name: str
    domain: str = ""
    key: str = field(init=False, repr=False, compare=False)
    """Equal for all spellings that a directory takes for the same name, which compares without regard to case."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.domain}\\{self.name}".lower())


def parse_login_name(typed: str) -> LoginName | None:
    """The name to look up, or None if it can be no account's."""
    if len(typed) > MAX_LENGTH:  # first: normalising takes time by the square of the length
        return None
    text = typed if typed.isascii() else unicodedata.normalize("NFC", typed)
    if len(text) > MAX_LENGTH:  # few characters become two or three
        return None
    if not text.isprintable() and any(unicodedata.category(character) in _UNSEEN for character in text):
        return None
    domain, backslash, name = text.rpartition("\\")
    if not name or name == _IDENTITY_TOKEN_USER or name != name.strip() or domain != domain.strip():
        return None
    if (backslash and (not domain or "\\" in domain)) or _is_meant_for_a_machine(name):
        return None
    return LoginName(name, domain)


def _is_meant_for_a_machine(name: str) -> bool:
    r"""`Robot+ci`, `CORP\robot+ci`: nobody has such a name, and the secret is none of the directory's business."""
    return ("+" in name or not name.isascii()) and reads_as_machine(unicodedata.normalize("NFKC", name))


def is_possible_password(password: Secret) -> bool:
    """An empty password would be an unauthenticated bind, which succeeds (RFC 4513 section 5.1.2)."""
    value = password.reveal()
    return 0 < len(value) <= MAX_PASSWORD_BYTES and b"\0" not in value
