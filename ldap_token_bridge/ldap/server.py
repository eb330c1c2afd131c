"""One server: its two pools, and whether it is worth asking."""

import asyncio
import math
import time

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.values import dataclass

from .address import ServerAddress
from .bind_pool import BindPool
from .breaker import Breaker, BreakerState
from .channels import BindChannel, SearchChannel
from .errors import (
    INSUFFICIENT_RIGHTS,
    BindInterrupted,
    SearchFailed,
    ServerBusy,
    ServerFailure,
    ServiceAccountRefused,
    TimedOut,
    TransportFailure,
)
from .lifetime import Roster
from .model import BindResult, Entry, SearchRequest
from .options import LdapOptions, Observer
from .search_pool import SearchPool
from .service_account import BUSY, ServiceAccount

LOOK_AGAIN_AFTER = 10.0  # seconds, at a server that failed: nobody may log in for hours, and it is to be known as back
_OWN_LIMIT = Deadline(math.inf)


@dataclass(frozen=True, slots=True)
class ServerState:
    """A server as it is at a moment: its breaker, its open connections by kind, and what failed last. For operators.

    `up` is False from a failure on until it answers again; meanwhile the other servers are preferred. `failed_at` in
    seconds since 1970; 0 and an empty text if nothing has failed yet.
    """

    server: ServerAddress
    up: bool
    breaker: BreakerState
    search_connections: int
    bind_connections: int
    last_failure: str
    failed_at: float
    searching: int = 0  # connections that wait for an answer
    binding: int = 0
    waiting: int = 0  # binds in line for a connection


class Server:
    """Raises ServerFailure where another server may be asked in its stead."""

    def __init__(
        self, address: ServerAddress, options: LdapOptions, account: ServiceAccount, observe: Observer
    ) -> None:
        roster = self._roster = Roster()
        self.address = address
        self.breaker = Breaker(time.monotonic)
        self._options = options
        self._searches = SearchPool(address, options, account, observe, roster)
        self._binds = BindPool(address, options, observe, roster)
        self._probe: asyncio.Task[None] | None = None
        self._look_again: asyncio.TimerHandle | None = None
        self._closed = False
        self._last_failure = ""
        self._failed_at = 0.0

    @property
    def state(self) -> ServerState:
        """How it is now."""
        return ServerState(
            self.address,
            self.breaker.is_sound,
            self.breaker.state,
            self._roster.count(SearchChannel),
            self._roster.count(BindChannel),
            self._last_failure,
            self._failed_at,
            self._searches.in_use,
            self._binds.in_use,
            self._binds.waiting,
        )

    async def search(self, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
        """All entries. Raises ServerFailure, SearchFailed, ServiceAccountRefused or DirectoryDown."""
        began = time.monotonic()
        try:
            entries = await self._searches.search(request, deadline)
        except Exception as error:
            self._tell(error, began)
            raise
        self.breaker.answered()
        return entries

    async def bind(self, dn: bytes, password: bytes, deadline: Deadline) -> BindResult:
        """The outcome of a user's bind. Raises ServerFailure; BindInterrupted and DirectoryDown are final."""
        began = time.monotonic()
        try:
            answer = await self._binds.bind(dn, password, deadline)
        except Exception as error:
            self._tell(error, began)
            raise
        self.breaker.answered()
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
        """Ends every connection and task; what is under way raises."""
        self._closed = True
        if self._look_again is not None:
            self._look_again.cancel()
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait((self._probe,))
        await self._searches.close()
        await self._roster.close()

    def _tell(self, error: Exception, began: float) -> None:
        """Tells the breaker that an operation failed; whoever answers, with an error too, is there."""
        match error:
            case TimedOut() | BindInterrupted() if self.breaker.answered_since(began):
                # It serves others: one slow account, or one broken connection, is no reason to leave it alone.
                self._note(error.reason)
            case TransportFailure():
                self._failed(error)
            case ServerBusy():
                self._note(error.reason)
                self.breaker.answered()
            case ServiceAccountRefused():
                self._note(error.detail)
            case SearchFailed():
                self.breaker.answered()
                if error.code == INSUFFICIENT_RIGHTS:  # nobody else would say why no login works
                    self._note(error.detail)

    async def _ask(self) -> None:
        try:
            code = await SearchChannel.probe(self.address, self._options, _OWN_LIMIT)
        except TransportFailure as failure:
            self._failed(failure)
        except ServerFailure:
            self._failed(TransportFailure("not ready"))
        else:
            if code in BUSY:
                self._failed(TransportFailure(f"answered {code}"))
            else:
                self.breaker.answered()

    def _failed(self, failure: TransportFailure) -> None:
        self.breaker.failed(failure)
        if failure.counts:
            self._note(failure.reason)
        if self._look_again is None and not self._closed:
            self._look_again = asyncio.get_running_loop().call_later(LOOK_AGAIN_AFTER, self._look)

    def _look(self) -> None:
        self._look_again = None
        if not self.breaker.is_sound:
            self.start_probe()

    def _note(self, reason: str) -> None:
        self._last_failure, self._failed_at = reason, time.time()
