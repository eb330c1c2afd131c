"""Requests as octets (RFC 4511 section 4): written directly, equal to ldap3's octet by octet (see the tests)."""

from functools import lru_cache

from .ber import BOOLEAN, ENUMERATED, OCTET_STRING, SEQUENCE, element, integer
from .model import SearchRequest, SearchScope

MAX_MESSAGE_ID = 2**31 - 1
PAGED_RESULTS = b"1.2.840.113556.1.4.319"  # RFC 2696
PASSWORD_POLICY = b"1.3.6.1.4.1.42.2.27.8.5.1"  # draft-behera-ldap-password-policy-10 section 6.1

_START_TLS = b"1.3.6.1.4.1.1466.20037"  # RFC 4511 section 4.14.1
_BIND, _UNBIND, _SEARCH, _ABANDON, _EXTENDED = 0x60, 0x42, 0x63, 0x50, 0x77
_CONTROLS = 0xA0
_VERSION_3 = integer(3)
_SIMPLE = 0x80
_SASL = 0xA3
_REQUEST_NAME = 0x80
_NEVER_DEREFERENCE = integer(0, ENUMERATED)  # an alias must not lead a login to another entry
_TYPES_AND_VALUES = element(BOOLEAN, b"\x00")


def envelope(message_id: int, operation: bytes, controls: bytes = b"") -> bytes:
    """A whole LDAPMessage."""
    return element(SEQUENCE, integer(message_id), operation, controls)


def simple_bind(dn: bytes, password: bytes) -> bytes:
    """BindRequest with the password's octets verbatim: no preparation, or `pw¹` would log in as `pw1`."""
    return element(_BIND, _VERSION_3, element(OCTET_STRING, dn), element(_SIMPLE, password))


def external_bind() -> bytes:
    """BindRequest by the certificate of the TLS connection: SASL EXTERNAL (RFC 4513 section 5.2.3).

    Its credentials are empty: the identity that the certificate stands for (RFC 4422 appendix A). If they were left
    out, OpenLDAP would ask for them (14, saslBindInProgress).
    """
    sasl = element(_SASL, element(OCTET_STRING, b"EXTERNAL"), element(OCTET_STRING))
    return element(_BIND, _VERSION_3, element(OCTET_STRING), sasl)


def search(request: SearchRequest, time_limit: int) -> bytes:
    """SearchRequest; `time_limit` in whole seconds, for the server to stop by itself."""
    head = _search_head(request.base, request.scope, request.size_limit, time_limit)
    return element(_SEARCH, head, request.filter, _attribute_list(request.attributes))


def paging(size: int, cookie: bytes) -> bytes:
    """The controls of a search for one page, the first with an empty cookie. Not critical: RFC 2696 section 3."""
    value = element(SEQUENCE, integer(size), element(OCTET_STRING, cookie))
    control = element(SEQUENCE, element(OCTET_STRING, PAGED_RESULTS), element(OCTET_STRING, value))
    return element(_CONTROLS, control)


def password_policy() -> bytes:
    """The controls of a bind: OpenLDAP says why it refuses only to those who ask. Not critical, so others pass over."""
    return element(_CONTROLS, element(SEQUENCE, element(OCTET_STRING, PASSWORD_POLICY)))


def start_tls() -> bytes:
    """ExtendedRequest for StartTLS."""
    return element(_EXTENDED, element(_REQUEST_NAME, _START_TLS))


def unbind() -> bytes:
    """UnbindRequest: a polite end; no answer comes."""
    return element(_UNBIND)


def abandon(message_id: int) -> bytes:
    """AbandonRequest for a search that nobody waits for any more; no answer comes."""
    return integer(message_id, _ABANDON)


@lru_cache(maxsize=256)  # most searches differ in their filter alone
def _search_head(base: str, scope: SearchScope, size_limit: int, time_limit: int) -> bytes:
    return b"".join(
        (
            element(OCTET_STRING, base.encode()),
            integer(scope, ENUMERATED),
            _NEVER_DEREFERENCE,
            integer(size_limit),
            integer(time_limit),
            _TYPES_AND_VALUES,
        )
    )


@lru_cache(maxsize=256)
def _attribute_list(names: tuple[str, ...]) -> bytes:
    return element(SEQUENCE, *(element(OCTET_STRING, name.encode()) for name in names))
