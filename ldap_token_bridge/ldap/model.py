"""What goes into the room and comes out of it, as values."""

from collections.abc import Mapping
from enum import IntEnum

from ldap_token_bridge.values import dataclass

# Octets that are not UTF-8 show as \xNN: two different values never become one, and no legal account has that.
_AS_TEXT = "utf-8", "backslashreplace"


class SearchScope(IntEnum):
    """How far below its base a search looks (RFC 4511 section 4.5.1.2)."""

    BASE = 0
    ONE = 1
    SUBTREE = 2


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search; `filter` is BER from FilterTemplate or any_equal.

    With `size_limit` n, at most n entries come and more matches are no error: ask for 2 to tell "one" from "several".
    `paged` reads everything page by page, past a server's limit for one answer.
    """

    base: str
    scope: SearchScope
    filter: bytes
    attributes: tuple[str, ...]
    size_limit: int = 0
    paged: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry found: its DN as the server spells it, and its attributes by lower-case name."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]

    def first(self, name: str) -> bytes | None:
        """The first value, None if there is none."""
        values = self.attributes.get(name.lower())
        return values[0] if values else None

    def text(self, name: str) -> str:
        """The first value as text, empty if there is none."""
        values = self.attributes.get(name.lower())
        return values[0].decode(*_AS_TEXT) if values else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """All values as text."""
        return tuple([value.decode(*_AS_TEXT) for value in self.attributes.get(name.lower(), ())])


@dataclass(frozen=True, slots=True)
class BindResult:
    """A server's answer to a bind: the result code, and what it says in words (Active Directory: the reason).

    `policy_error` is OpenLDAP's reason by number (draft-behera-ldap-password-policy-10 section 6.2), None without one.
    """

    code: int
    diagnostic: str
    policy_error: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the server took the password; with a policy error it may still be good for a change only."""
        return self.code == 0
