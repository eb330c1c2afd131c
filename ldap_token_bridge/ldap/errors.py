"""What can go wrong between the bridge and a directory server.

The first six are for callers; `ServerFailure` and below are the room's own, turned into `DirectoryDown` at its door.
"""

import asyncio

from ldap_token_bridge.errors import Unavailable

INSUFFICIENT_RIGHTS = 50  # RFC 4511 appendix A.2
_STRONGER_AUTH = frozenset((8, 13))  # RFC 4511: strongerAuthRequired, confidentialityRequired


class DirectoryDown(Unavailable):
    """No server answered. The text is safe for people; `detail` names servers and causes and is for the log.

    `in_doubt`: a user's password was written and no answer came; the directory may have counted it.
    """

    nobody_answers = True
    """Whether no server is there, rather than that one is there and cannot be asked now."""

    def __init__(
        self,
        message: str = "The directory does not answer at the moment. Please try again shortly.",
        *,
        detail: str = "",
        retry_after: int = 5,
        in_doubt: bool = False,
    ) -> None:
        super().__init__(message, detail=detail, retry_after=retry_after)
        self.in_doubt = in_doubt


class Overloaded(DirectoryDown):
    """More is under way already than a server is asked at once."""

    nobody_answers = False


class BindGivenUp(asyncio.CancelledError):
    """Who waited for a bind was cancelled, and the password was written: the directory may have counted it."""


class ServiceAccountRefused(DirectoryDown):
    """The bridge's own bind was refused: `code` and `diagnostic` are the server's. Only operators can mend it."""

    nobody_answers = False

    def __init__(self, code: int, diagnostic: str, *, server: str = "", retry_after: int = 30) -> None:
        super().__init__(
            "The directory does not accept the bridge's own account. Please tell your administrators.",
            detail=f"{server} refused the bind of the service account: {describe(code, diagnostic)}",
            retry_after=retry_after,
        )
        self.code = code
        self.diagnostic = diagnostic
        self.server = server

    @property
    def wants_tls(self) -> bool:
        """Whether the connection was refused and not the account: nothing is counted against that."""
        return self.code in _STRONGER_AUTH


class SearchFailed(Unavailable):
    """A server answered a search with an error (`code`, `diagnostic`), or with more than the bridge takes in."""

    def __init__(self, code: int, diagnostic: str) -> None:
        super().__init__(
            "The directory could not answer a search. Please tell your administrators.",
            detail=f"search failed: {describe(code, diagnostic)}",
        )
        self.code = code
        self.diagnostic = diagnostic


class InvalidBind(ValueError):
    """DN or password that must never reach a server: empty, with a NUL, or too long (RFC 4513 section 5.1.2)."""


class ServerFailure(Exception):
    """This server cannot serve the request; another one may. `remedy` says how an operator mends it."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class ServerBusy(ServerFailure):
    """The server answered that it is busy (51) or unavailable (52)."""


class TransportFailure(ServerFailure):
    """Connect, TLS, time-out, end of stream, or bytes that are not LDAP.

    `counts` is False where the failure says nothing about the server, as when the request's own time was nearly over.
    """

    def __init__(self, reason: str, remedy: str = "", *, counts: bool = True) -> None:
        super().__init__(reason, remedy)
        self.counts = counts


class TimedOut(TransportFailure):
    """No answer in time; the connection may still be alive."""


class BindInterrupted(TransportFailure):
    """The password was written and no answer came: never sent anywhere else, or retries lock the account."""


# RFC 4511 appendix A.1; only what a directory says to a bind or a search.
_CODES = {
    1: "operationsError",
    2: "protocolError",
    3: "timeLimitExceeded",
    4: "sizeLimitExceeded",
    7: "authMethodNotSupported",
    8: "strongerAuthRequired",
    10: "referral",
    11: "adminLimitExceeded",
    12: "unavailableCriticalExtension",
    13: "confidentialityRequired",
    19: "constraintViolation",
    32: "noSuchObject",
    34: "invalidDNSyntax",
    48: "inappropriateAuthentication",
    49: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    53: "unwillingToPerform",
    80: "other",
}


def describe(code: int, diagnostic: str) -> str:
    """A result for the log: `49 invalidCredentials (80090308: ...)`."""
    name = _CODES.get(code, "")
    return f"{code}{' ' if name else ''}{name}{f' ({diagnostic})' if diagnostic else ''}"
