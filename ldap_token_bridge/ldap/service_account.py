"""The bridge's own bind: a refusal is remembered, or a changed password would lock the account within seconds."""

import asyncio
import math

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Secret

from .channels import SearchChannel
from .credentials import checked_bind
from .errors import INSUFFICIENT_RIGHTS, ServerBusy, ServiceAccountRefused, describe

# A pause after a refusal, doubled with each: five tries within half an hour lock many an account.
REFUSAL_SECONDS = 30.0
_LONGEST_PAUSE = 900.0
# RFC 4511 appendix A.2: authentication and access, and names that are not there; 19 and 53 are how 389 Directory Server
# says "locked" and "inactivated". Anything else is the server's own trouble, and the next one may be better.
_REFUSALS = frozenset((7, 8, 13, 14, 19, 32, 34, 48, 49, 50, 53))
_CHANGE_AFTER_RESET = 2  # draft-behera-ldap-password-policy-10 section 6.2
BUSY = frozenset((51, 52))  # RFC 4511: busy, unavailable
_OWN_LIMIT = Deadline(math.inf)


class ServiceAccount:
    """One for all servers, for they ask the same directory: one try at a time, and a growing pause once refused."""

    def __init__(
        self, dn: str, password: Secret, *, by_certificate: bool = False, above: "ServiceAccount | None" = None
    ) -> None:
        """With `by_certificate` there is neither DN nor password: the server knows the client certificate.

        `above` is the same account on the servers of the whole directory: what they refuse is not tried here.
        """
        if not by_certificate:
            checked_bind(dn, password)
        self._by_certificate = by_certificate
        self._above = above
        self._dn = dn
        self._password = password
        self._lock = asyncio.Lock()
        self._refusal: tuple[int, str, str] | None = None
        self._refused_until = 0.0
        self._pause = REFUSAL_SECONDS
        self._may_be_early = self._is_early = False

    @property
    def refusal(self) -> ServiceAccountRefused | None:
        """Of its last try, None if that was good; `retry_after` is 0 once it may be tried again."""
        if self._refusal is None:
            return None
        code, diagnostic, server = self._refusal
        left = max(0.0, self._refused_until - asyncio.get_running_loop().time())
        return ServiceAccountRefused(code, diagnostic, server=server, retry_after=math.ceil(left))

    def try_again(self) -> None:
        """An operator says that it may be right by now. Once in a pause, for some say so every few minutes."""
        if self._may_be_early:
            self._refused_until = 0.0
            self._may_be_early, self._is_early = False, True

    def check(self) -> None:
        """Raises ServiceAccountRefused while a refusal is remembered."""
        if self._above is not None:
            self._above.check()
        refusal = self.refusal
        if refusal is not None and refusal.retry_after > 0:
            raise refusal

    async def login(self, channel: SearchChannel) -> None:
        """Binds the channel. Raises ServiceAccountRefused, ServerBusy or TransportFailure."""
        async with self._lock:
            self.check()
            if self._by_certificate:
                answer = await channel.login_by_certificate(_OWN_LIMIT)
            else:
                answer = await channel.login(*checked_bind(self._dn, self._password), _OWN_LIMIT)
            if answer.code in BUSY:
                raise ServerBusy(f"answered {describe(answer.code, answer.diagnostic)}")
            if answer.code == 0 and answer.policy_error == _CHANGE_AFTER_RESET:
                # The bind is good, and every search would be refused (OpenLDAP's ppolicy): what it would say.
                answer = answer._replace(code=INSUFFICIENT_RIGHTS, diagnostic="its password must be changed first")
            if answer.code == 0:
                self._refusal = None
                self._may_be_early = self._is_early = False
                self._pause = REFUSAL_SECONDS
                return
            if answer.code not in _REFUSALS:
                raise ServerBusy(f"answered the service account's bind with {describe(answer.code, answer.diagnostic)}")
            self._refusal = answer.code, answer.diagnostic, str(channel.address)
            self._may_be_early, self._is_early = not self._is_early, False
            self._refused_until = asyncio.get_running_loop().time() + self._pause
            self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
            self.check()
