"""A token from claims: one signature, no file, no clock of its own.

Source: distribution, docs/content/spec/auth/jwt.md; registry/auth/token/token.go for what is really verified.
"""

from jwt.utils import base64url_encode

from ldap_token_bridge.ascii_json import to_json
from ldap_token_bridge.registry import Access
from ldap_token_bridge.values import dataclass

from .signing_key import SigningKey

# Registries since 2.6 forgive a clock that is 60 s behind ours; 2.4, 2.5 and zot forgive nothing. Dating `nbf` and
# `iat` back by as much treats all alike. It gives nothing away: the token did not exist then, and `exp` is not moved.
BACKDATE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. `subject` is empty for an anonymous client; `lifetime` in seconds from now."""

    issuer: str
    service: str
    subject: str
    access: tuple[Access, ...]
    lifetime: int


def mint(key: SigningKey, claims: Claims, *, now: float, token_id: str, x5c: bool, audience_list: bool = False) -> str:
    """The signed token. `now` is Unix time, `token_id` a unique text; `x5c` puts the certificate into the header.

    Registries 2.x refuse a token with a list as its audience: that is how `doctor` tells them from 3.x.
    """
    instant = int(now)
    start = instant - BACKDATE_SECONDS
    body = {
        "iss": claims.issuer,
        "sub": claims.subject,
        "aud": [claims.service] if audience_list else claims.service,
        "exp": instant + claims.lifetime,
        "nbf": start,
        "iat": start,
        "jti": token_id,
        "access": [access.claim() for access in claims.access],
    }
    payload = base64url_encode(to_json(body))
    message = b"%b.%b" % (key.header_x5c if x5c else key.header_kid, payload)
    signature = base64url_encode(key.sign(message))
    return f"{message.decode('ascii')}.{signature.decode('ascii')}"
