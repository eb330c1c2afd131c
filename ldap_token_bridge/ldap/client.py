"""The room's door: searches and binds against the first server that answers."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import TypeVar

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Secret

from .breaker import BreakerState
from .check import ServerCheck, check_server
from .credentials import checked_bind
from .errors import BindInterrupted, DirectoryDown, ServerFailure, ServiceAccountRefused
from .model import BindResult, Entry, SearchRequest
from .options import LdapOptions, Observer, check_options, observe_nothing
from .server import Server, ServerState
from .server_list import ServerList
from .service_account import ServiceAccount

_Answered = TypeVar("_Answered")


class LdapClient:
    """Nothing is dialled before it is needed; used within one event loop. `close` when done.

    Raises Misconfigured for options that are unsafe: plaintext without leave, a context that verifies nothing,
    a service account without DN or password.
    """

    domains: Mapping[str, "LdapClient"] = MappingProxyType({})
    """A client for each domain that has servers of its own; closed, checked and shown with this one."""
    _account: ServiceAccount

    def __init__(
        self,
        options: LdapOptions,
        observe: Observer = observe_nothing,
        above: ServiceAccount | None = None,
        *,
        before: "LdapClient | None" = None,
    ) -> None:
        """`above` is for the domains' clients: the account on the servers of the whole directory.

        `before` has the same account on the same servers, closed or not: its refusal and its pause hold here, too.
        """
        check_options(options)
        self._options = options
        own = before._account if before else None  # noqa: SLF001 -- of another of this class
        account = self._account = own or ServiceAccount(
            options.bind_dn, options.bind_password, by_certificate=options.bind_by_certificate, above=above
        )
        self._list = ServerList(options, lambda address: Server(address, options, account, observe))
        self._closed = False
        self.domains = {
            name: LdapClient(inner, observe, account, before=before.domains[name] if before else None)
            for name, inner in options.domains.items()
        }

    def search(self, request: SearchRequest, deadline: Deadline) -> Coroutine[object, object, tuple[Entry, ...]]:
        """All entries that match, from the first server that answers.

        Raises DirectoryDown, ServiceAccountRefused or SearchFailed. Referrals are passed over, never followed.
        """
        return self._first(lambda server: server.search(request, deadline), deadline)

    def bind(self, dn: str, password: Secret, deadline: Deadline) -> Coroutine[object, object, BindResult]:
        """The outcome of a user's bind, by one server only: once written it is never repeated.

        Raises DirectoryDown; InvalidBind, before any I/O, for an empty DN or password, a NUL, or more than 1 KiB.
        """
        name, secret = checked_bind(dn, password)
        return self._first(lambda server: server.bind(name, secret, deadline), deadline)

    async def check(self, deadline: Deadline) -> tuple[ServerCheck, ...]:
        """Connects and binds as the service account to every server. Raises DirectoryDown if none is known."""
        started: list[asyncio.Task[ServerCheck]] = []
        for server in await self._list.current(deadline):
            # In the order of searches, which go to the first: whichever was the quickest would decide else.
            turn = started[-1] if started else None
            check = check_server(server.address, self._options, self._account, deadline, after=turn)
            started.append(asyncio.create_task(check))
        checks = await asyncio.gather(*started)
        if self._account.refusal:
            if all(check.problem for check in checks):  # the domains do not see it, and are not to be blamed
                return tuple(checks)
            self._account.try_again()  # that server knows another password, and the one that took ours is to be used
        more = await asyncio.gather(*(_check_if_found(client, deadline) for client in self.domains.values()))
        return tuple(check for part in (checks, *more) for check in part)

    def states(self) -> tuple[ServerState, ...]:
        """Every server as it is now, in the order in which they are asked; none before they are found."""
        own = tuple(server.state for server in self._servers)
        return own + tuple(state for client in self.domains.values() for state in client.states())

    def try_again(self) -> None:
        """Do not wait any longer if the service account was refused: an operator has mended something."""
        self._account.try_again()
        for client in self.domains.values():
            client.try_again()

    @property
    def refusal(self) -> ServiceAccountRefused | None:
        """Of the service account's last try, here or in a domain; None if that was good, or there was none."""
        every = (self._account.refusal, *(client.refusal for client in self.domains.values()))
        return next((each for each in every if each), None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was odd when the servers were looked for last, for operators."""
        return self._list.notes + tuple(note for client in self.domains.values() for note in client.notes)

    @property
    def _servers(self) -> tuple[Server, ...]:
        return self._list.servers

    async def close(self) -> None:
        """Ends every connection and task. What is under way raises DirectoryDown."""
        self._closed = True
        await asyncio.gather(self._list.close(), *(client.close() for client in self.domains.values()))

    async def _first(self, ask: Callable[[Server], Awaitable[_Answered]], deadline: Deadline) -> _Answered:
        failures: list[str] = []
        written = False
        loop = asyncio.get_running_loop()
        servers = self._list.written_down or await self._list.current(deadline)
        for server, in_doubt in self._candidates(servers, failures):
            if self._closed or deadline.at <= loop.time():
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
        self._list.doubt()
        raise DirectoryDown(detail="; ".join(failures), in_doubt=written)

    def _candidates(self, servers: tuple[Server, ...], failures: list[str]) -> list[tuple[Server, bool]]:
        """Whom to ask, in order; last and with True those that must first show that they are back.

        A server that has just failed comes after the others until it answers a probe: someone's bind that was written
        to a hung one is lost, and may be repeated nowhere.
        """
        if all(server.breaker.is_sound for server in servers):
            return [(server, False) for server in servers]
        healthy: list[tuple[Server, bool]] = []
        shaky: list[tuple[Server, bool]] = []
        in_doubt: list[tuple[Server, bool]] = []
        for server in servers:
            state = server.breaker.state
            if state is BreakerState.CLOSED:
                (healthy if server.breaker.is_sound else shaky).append((server, False))
            elif state is BreakerState.OPEN:
                failures.append(f"{server.address}: failed just now, left alone for some seconds")
            elif not self._closed:
                server.start_probe()
                in_doubt.append((server, True))
        if healthy and not self._closed:
            for server, _ in shaky:
                server.start_probe()
        return healthy + shaky + in_doubt


async def _check_if_found(client: LdapClient, deadline: Deadline) -> tuple[ServerCheck, ...]:
    """A domain without a server is told of in its notes, and is no reason to say nothing of the others."""
    try:
        return await client.check(deadline)
    except DirectoryDown:
        return ()
