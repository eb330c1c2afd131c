"""The bridge's own bind: a refusal is remembered, or a changed password would lock the account within seconds."""

import asyncio
import math

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Secret

from .channels import SearchChannel
from .credentials import checked_bind
from .errors import ServerBusy, ServiceAccountRefused, describe

REFUSAL_SECONDS = 30.0
BUSY = frozenset((51, 52))  # RFC 4511: busy, unavailable
_OWN_LIMIT = Deadline(math.inf)


class ServiceAccount:
    """One for all servers, for they ask the same directory: one try at a time, and one in 30 s once refused."""

    def __init__(self, dn: str, password: Secret) -> None:
        checked_bind(dn, password)
        self._dn = dn
        self._password = password
        self._lock = asyncio.Lock()
        self._refusal: tuple[int, str, str] | None = None
        self._refused_until = 0.0

    def check(self) -> None:
        """Raises ServiceAccountRefused while a refusal is remembered."""
        left = self._refused_until - asyncio.get_running_loop().time()
        if self._refusal is not None and left > 0:
            code, diagnostic, server = self._refusal
            raise ServiceAccountRefused(code, diagnostic, server=server, retry_after=math.ceil(left))

    async def login(self, channel: SearchChannel) -> None:
        """Binds the channel. Raises ServiceAccountRefused, ServerBusy or TransportFailure."""
        async with self._lock:
            self.check()
            answer = await channel.login(*checked_bind(self._dn, self._password), _OWN_LIMIT)
            if answer.code in BUSY:
                raise ServerBusy(f"answered {describe(answer.code, answer.diagnostic)}")
            if answer.code == 0:
                self._refusal = None
                return
            self._refusal = answer.code, answer.diagnostic, str(channel.address)
            self._refused_until = asyncio.get_running_loop().time() + REFUSAL_SECONDS
            self.check()
