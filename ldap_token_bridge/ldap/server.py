"""One server: its two pools, and whether it is worth asking."""

import asyncio
import math
import time
from collections.abc import Awaitable
from typing import TypeVar

from ldap_token_bridge.deadline import Deadline

from .address import ServerAddress
from .bind_pool import BindPool
from .breaker import Breaker, BreakerState
from .channels import SearchChannel
from .errors import SearchFailed, ServerBusy, ServerFailure, TransportFailure
from .lifetime import Roster
from .model import BindResult, Entry, SearchRequest
from .options import LdapOptions, Observer
from .search_pool import SearchPool
from .service_account import BUSY, ServiceAccount

_Answered = TypeVar("_Answered")
_OWN_LIMIT = Deadline(math.inf)


class Server:
    """Raises ServerFailure where another server may be asked in its stead."""

    def __init__(
        self, address: ServerAddress, options: LdapOptions, account: ServiceAccount, observe: Observer, roster: Roster
    ) -> None:
        self.address = address
        self.breaker = Breaker(time.monotonic)
        self._options = options
        self._searches = SearchPool(address, options, account, observe, roster)
        self._binds = BindPool(address, options, observe, roster)
        self._probe: asyncio.Task[None] | None = None

    async def search(self, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
        """All entries. Raises ServerFailure, SearchFailed, ServiceAccountRefused or DirectoryDown."""
        return await self._counted(self._searches.search(request, deadline))

    async def bind(self, dn: bytes, password: bytes, deadline: Deadline) -> BindResult:
        """The outcome of a user's bind. Raises ServerFailure; BindInterrupted and DirectoryDown are final."""
        answer = await self._counted(self._binds.bind(dn, password, deadline))
        if answer.code in BUSY:
            # The server says that it has not looked at the password, so another one may.
            raise ServerBusy(f"busy ({answer.code} {answer.diagnostic})".replace(" )", ")"))
        return BindResult(answer.code, answer.diagnostic, answer.policy_error)

    def start_probe(self) -> None:
        """Asks in the background whether the server is back; its breaker gets the answer."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.get_running_loop().create_task(self._ask(), name=f"probe {self.address}")

    async def is_back(self, deadline: Deadline) -> bool:
        """Whether the server may be used, after the probe under way if there is one."""
        if self.breaker.state is BreakerState.PROBE and self._probe is not None:
            await asyncio.wait((self._probe,), timeout=deadline.remaining())
        return self.breaker.state is BreakerState.CLOSED

    async def close(self) -> None:
        """Ends what the server itself has started."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait((self._probe,))
        await self._searches.close()

    async def _counted(self, operation: Awaitable[_Answered]) -> _Answered:
        """Tells the breaker how an operation went."""
        try:
            result = await operation
        except TransportFailure as failure:
            self.breaker.failed(failure)
            raise
        except (SearchFailed, ServerBusy):
            self.breaker.answered()
            raise
        self.breaker.answered()
        return result

    async def _ask(self) -> None:
        try:
            code = await SearchChannel.probe(self.address, self._options, _OWN_LIMIT)
        except TransportFailure as failure:
            self.breaker.failed(failure)
        except ServerFailure:
            self.breaker.failed(TransportFailure("not ready"))
        else:
            if code in BUSY:
                self.breaker.failed(TransportFailure(f"answered {code}"))
            else:
                self.breaker.answered()
