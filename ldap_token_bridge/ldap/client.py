"""The room's door: searches and binds against the first server that answers."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Secret

from .breaker import BreakerState
from .check import ServerCheck, check_server
from .credentials import checked_bind
from .errors import BindInterrupted, DirectoryDown, ServerFailure
from .lifetime import Roster
from .model import BindResult, Entry, SearchRequest
from .options import LdapOptions, Observer, check_options, observe_nothing
from .server import Server
from .service_account import ServiceAccount

_Answered = TypeVar("_Answered")


class LdapClient:
    """Nothing is dialled before it is needed; used within one event loop. `close` when done.

    Raises Misconfigured for options that are unsafe: plaintext without leave, a context that verifies nothing,
    a service account without DN or password.
    """

    def __init__(self, options: LdapOptions, observe: Observer = observe_nothing) -> None:
        check_options(options)
        self._options = options
        self._account = ServiceAccount(options.bind_dn, options.bind_password)
        self._roster = Roster()
        self._servers = tuple(
            Server(address, options, self._account, observe, self._roster) for address in options.servers
        )
        self._closed = False

    async def search(self, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
        """All entries that match, from the first server that answers.

        Raises DirectoryDown, ServiceAccountRefused or SearchFailed. Referrals are passed over, never followed.
        """
        return await self._first(lambda server: server.search(request, deadline), deadline)

    async def bind(self, dn: str, password: Secret, deadline: Deadline) -> BindResult:
        """The outcome of a user's bind, by one server only: once written it is never repeated.

        Raises DirectoryDown; InvalidBind, before any I/O, for an empty DN or password, a NUL, or more than 1 KiB.
        """
        name, secret = checked_bind(dn, password)
        return await self._first(lambda server: server.bind(name, secret, deadline), deadline)

    async def check(self, deadline: Deadline) -> tuple[ServerCheck, ...]:
        """Connects and binds as the service account to every server, one after the other."""
        return tuple(
            [await check_server(server, self._options, self._account, deadline) for server in self._options.servers]
        )

    async def close(self) -> None:
        """Ends every connection and task. What is under way raises DirectoryDown."""
        self._closed = True
        for server in self._servers:
            await server.close()
        await self._roster.close()

    async def _first(self, ask: Callable[[Server], Awaitable[_Answered]], deadline: Deadline) -> _Answered:
        failures: list[str] = []
        written = False
        for server, in_doubt in self._candidates(failures):
            if self._closed or deadline.remaining() <= 0:
                failures.append("the client is closed" if self._closed else "the request's time is over")
                break
            if in_doubt and not await server.is_back(deadline):
                failures.append(f"{server.address}: not back yet")
                continue
            try:
                return await ask(server)
            except BindInterrupted as failure:
                failures.append(f"{server.address}: {failure.reason}")
                written = True
                break
            except ServerFailure as failure:
                failures.append(f"{server.address}: {failure.reason}")
        raise DirectoryDown(detail="; ".join(failures), in_doubt=written)

    def _candidates(self, failures: list[str]) -> list[tuple[Server, bool]]:
        """Whom to ask, in order; last and with True those that must first show that they are back."""
        healthy: list[tuple[Server, bool]] = []
        in_doubt: list[tuple[Server, bool]] = []
        for server in self._servers:
            state = server.breaker.state
            if state is BreakerState.CLOSED:
                healthy.append((server, False))
            elif state is BreakerState.OPEN:
                failures.append(f"{server.address}: failed just now, left alone for some seconds")
            elif not self._closed:
                server.start_probe()
                in_doubt.append((server, True))
        return healthy + in_doubt
