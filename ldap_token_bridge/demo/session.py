"""One connection's conversation with the sample directory: a request in, the bytes of its answers out. No I/O.

It answers as a domain controller of Active Directory does, but for what a sample has no use for: it changes nothing,
speaks no SASL and no StartTLS, and counts no wrong passwords.
"""

from collections.abc import Iterator

from ldap_token_bridge.dn import DistinguishedName, InvalidName
from ldap_token_bridge.identity import Secret

from .answers import PAGED_RESULTS, encode_entry, encode_result
from .messages import Bind, Control, MalformedMessage, Other, Request, Search, read_page
from .people import BASE, DOMAIN
from .tree import Entry, Tree

# Result codes: RFC 4511 appendix A.
SUCCESS = 0
OPERATIONS_ERROR = 1
PROTOCOL_ERROR = 2
SIZE_LIMIT_EXCEEDED = 4
AUTH_METHOD_NOT_SUPPORTED = 7
UNAVAILABLE_CRITICAL_EXTENSION = 12
NO_SUCH_OBJECT = 32
INVALID_DN_SYNTAX = 34
INVALID_CREDENTIALS = 49
UNWILLING_TO_PERFORM = 53

_LDAP_VERSION = 3
_BASE_OBJECT, _ONE_LEVEL = 0, 1
_WRONG_PASSWORD = "52e"  # noqa: S105 -- Active Directory's reason, no password
# Computed by the server, handed out only by name ([MS-ADTS] 3.1.1.4.5) and, for groups, only on a base search.
_BY_NAME_ONLY = frozenset({"tokengroups", "msds-user-account-control-computed"})
_ROOT_DSE = Entry.of(
    "",
    {
        "defaultNamingContext": [BASE],
        "rootDomainNamingContext": [BASE],
        "namingContexts": [BASE],
        "dnsHostName": [f"demo.{DOMAIN}"],
        "supportedLDAPVersion": [_LDAP_VERSION],
        "supportedControl": [PAGED_RESULTS],
        # LDAP_CAP_ACTIVE_DIRECTORY_OID: clients tell Active Directory by it.
        "supportedCapabilities": ["1.2.840.113556.1.4.800"],
    },
)
_ANSWER_TO = {
    "modifyRequest": "modifyResponse",
    "addRequest": "addResponse",
    "delRequest": "delResponse",
    "modDNRequest": "modDNResponse",
    "compareRequest": "compareResponse",
}


class Session:
    """The state of one connection: who is bound to it."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._bound = ""  # a DN; empty for anonymous
        self.finished = False  # after an unbind

    def answer(self, request: Request) -> Iterator[bytes]:
        """The messages that answer a request; none for an unbind or an abandon."""
        match request.operation:
            case Bind() as bind:
                yield self._bind(request, bind)
            case Search() as search:
                yield from self._search(request, search)
            case Other(name="unbindRequest"):
                self.finished = True
            case Other(name="extendedReq"):
                # RFC 4511 section 4.12: an extended operation that is not known is a protocol error.
                text = "the sample directory knows no extended operation, StartTLS among them"
                yield encode_result(request.message_id, "extendedResp", PROTOCOL_ERROR, text)
            case Other(name=name) if name in _ANSWER_TO:
                text = "the sample directory only answers binds and searches"
                yield encode_result(request.message_id, _ANSWER_TO[name], UNWILLING_TO_PERFORM, text)
            case Other():
                pass  # an abandon has no answer

    def _bind(self, request: Request, bind: Bind) -> bytes:
        self._bound = ""  # RFC 4511 section 4.2.1: a bind, whatever its end, first makes the connection anonymous
        code, diagnostic = self._bind_outcome(request, bind)
        return encode_result(request.message_id, "bindResponse", code, diagnostic)

    def _bind_outcome(self, request: Request, bind: Bind) -> tuple[int, str]:
        if bind.version != _LDAP_VERSION:
            return PROTOCOL_ERROR, "only LDAP version 3 is spoken here"
        if any(control.critical for control in request.controls):
            return UNAVAILABLE_CRITICAL_EXTENSION, "no control goes with a bind here"
        if bind.password is None:
            return AUTH_METHOD_NOT_SUPPORTED, "only simple binds are answered here"
        if not bind.password.reveal():
            # A name without a password proves nothing (RFC 4513 section 5.1.2).
            return (UNWILLING_TO_PERFORM, "a name needs a password") if bind.name else (SUCCESS, "")
        return self._log_in(bind.name, bind.password)

    def _log_in(self, name: str, password: Secret) -> tuple[int, str]:
        account = self._tree.account(name)
        right = account is not None and account.accepts(password)
        if account and account.condition and (right or account.condition.tells_anybody):
            return INVALID_CREDENTIALS, _reason(account.condition)
        if account is None or not right:
            return INVALID_CREDENTIALS, _reason(_WRONG_PASSWORD)
        self._bound = account.dn
        return SUCCESS, ""

    def _search(self, request: Request, search: Search) -> Iterator[bytes]:
        found: list[Entry] = []
        code, diagnostic = self._refuse_search(request, search)
        if code == SUCCESS:
            code, diagnostic, found = self._find(search)
        cookie = None
        if 0 < search.size_limit < len(found):
            code, found = SIZE_LIMIT_EXCEEDED, found[: search.size_limit]
        elif code == SUCCESS:
            try:
                found, cookie = _page(request.controls, found)
            except MalformedMessage as error:
                code, diagnostic, found = PROTOCOL_ERROR, str(error), []
        for entry in found:
            yield encode_entry(request.message_id, entry.dn, _select(entry, search))
        yield encode_result(request.message_id, "searchResDone", code, diagnostic, cookie=cookie)

    def _refuse_search(self, request: Request, search: Search) -> tuple[int, str]:
        if any(control.critical and control.oid != PAGED_RESULTS for control in request.controls):
            return UNAVAILABLE_CRITICAL_EXTENSION, "the only control known here is paged results"
        if not self._bound and (search.base or search.scope != _BASE_OBJECT):
            return OPERATIONS_ERROR, (
                "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind "
                "must be completed on the connection., data 0, v4563"
            )
        if search.scope != _BASE_OBJECT and "tokengroups" in {name.lower() for name in search.attributes}:
            return OPERATIONS_ERROR, "tokenGroups is only answered on a base search"
        return SUCCESS, ""

    def _find(self, search: Search) -> tuple[int, str, list[Entry]]:
        try:
            base = DistinguishedName.parse(search.base)
        except InvalidName as error:
            return INVALID_DN_SYNTAX, f"the search base is no name: {error}", []
        entry = self._tree.find(base) if base.rdns else _ROOT_DSE
        if entry is None or (entry is _ROOT_DSE and search.scope != _BASE_OBJECT):
            return NO_SUCH_OBJECT, "0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT), data 0", []
        if search.scope == _BASE_OBJECT:
            candidates = [entry]
        else:
            candidates = self._tree.below(base, levels=1 if search.scope == _ONE_LEVEL else None)
        return SUCCESS, "", [candidate for candidate in candidates if search.filter.matches(candidate)]


def _reason(code: str) -> str:
    """Active Directory's diagnostic message for result 49; `code` is a Windows error code in hexadecimal."""
    return f"80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {code}, v4563"


def _select(entry: Entry, search: Search) -> dict[str, tuple[bytes, ...]]:
    """The attributes asked for (RFC 4511 section 4.5.1.8): none named or `*` is all, `1.1` is none."""
    asked = {name.lower() for name in search.attributes}
    everything = not asked or "*" in asked
    return {
        name: () if search.types_only else values
        for key, (name, values) in entry.attributes.items()
        if key in asked or (everything and key not in _BY_NAME_ONLY)
    }


def _page(controls: tuple[Control, ...], found: list[Entry]) -> tuple[list[Entry], bytes | None]:
    """The page that a paged results control asks for, and the cookie to go on with (RFC 2696).

    The tree never changes, so the cookie is just the position of the next entry.
    """
    asked = next((control for control in controls if control.oid == PAGED_RESULTS), None)
    if asked is None:
        return found, None
    size, cookie = read_page(asked.value)
    if size < 1 or (cookie and not cookie.isdigit()):
        raise MalformedMessage("a page needs a size, and a cookie must be one that was given here")
    start = int(cookie or b"0")
    end = start + size
    return found[start:end], str(end).encode() if end < len(found) else b""
