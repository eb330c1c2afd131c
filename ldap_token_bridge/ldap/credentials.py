"""The last look at a DN and a password before they become octets on a wire."""

from ldap_token_bridge.identity import Secret

from .errors import InvalidBind

MAX_PASSWORD = 1_024  # octets; slapd drops the connection on far more
MAX_DN = 8_192  # octets


def checked_bind(dn: str, password: Secret) -> tuple[bytes, bytes]:
    """DN and password as octets; raises InvalidBind, before any I/O.

    A server takes an empty DN or an empty password for an anonymous bind and says "success" (RFC 4513 section 5.1).
    """
    try:
        name = dn.encode()
    except UnicodeEncodeError:
        raise InvalidBind("the DN is not text") from None
    secret = password.reveal()
    if not name.strip() or len(name) > MAX_DN or b"\0" in name:
        raise InvalidBind("the DN is empty, too long, or holds a NUL")
    if not secret:
        raise InvalidBind("the password is empty")
    if len(secret) > MAX_PASSWORD or b"\0" in secret:
        raise InvalidBind(f"the password is longer than {MAX_PASSWORD} octets or holds a NUL")
    return name, secret
