"""The two kinds of connection: for searches, bound as the service account, and for users' binds. Never mixed."""

import asyncio
import math
from collections.abc import Coroutine

from ldap_token_bridge.deadline import Deadline

from . import requests
from .address import ServerAddress
from .connection import Connection
from .errors import BindGivenUp, BindInterrupted, TimedOut, TransportFailure
from .model import Entry, SearchRequest, SearchScope
from .options import LdapOptions
from .responses import BIND_RESPONSE, SEARCH_DONE, Answer

LARGE_MESSAGE = 16 * 1024 * 1024  # octets: one entry of a search
MAX_ABANDONED = 1_000  # searches that were given up on and never answered, before the connection is let go

_ASK_WHY = requests.password_policy()
_ROOT_DSE = SearchRequest("", SearchScope.BASE, b"\x87\x0bobjectClass", ("1.1",), size_limit=1)


class _Channel(Connection):
    def _limit(self, deadline: Deadline) -> float:
        """Until when an operation that begins now may take, on the loop's clock."""
        return min(deadline.at, self._loop.time() + self._options.operation_timeout)

    async def _bind(self, message: bytes, deadline: Deadline, *, in_tls: bool = False) -> Answer:
        """The one place that writes a bind, and with it a password. With `in_tls` there is no leave for plaintext.

        Nothing else may be under way (RFC 4511 section 4.2.1).
        Raises BindInterrupted once anything is written, plain TransportFailure before. If the wait ends in any other
        way than with an answer the socket is closed, so that a late answer can never meet another user's bind.
        """
        if self._talk.under_way:
            raise RuntimeError("a bind while something else is under way")
        limit = self._limit(deadline)
        transport = self._private(always=in_tls)
        exchange = self._talk.begin(BIND_RESPONSE, limit)
        transport.write(requests.envelope(exchange.message_id, message, _ASK_WHY))
        try:
            return await exchange.answer()
        except TimeoutError:
            self.abort("a bind was not answered in time")
            raise BindInterrupted(_silence("a bind", self._options), counts=limit < deadline.at) from None
        except TransportFailure as failure:
            raise BindInterrupted(failure.reason) from None
        except BaseException as error:
            self.abort("a bind was given up")
            if isinstance(error, asyncio.CancelledError):
                raise BindGivenUp from None
            raise


class BindChannel(_Channel):
    """Binds users, one at a time, and does nothing else."""

    def bind(self, dn: bytes, password: bytes, deadline: Deadline) -> Coroutine[object, object, Answer]:
        """The server's answer. Raises BindInterrupted if there is none, TransportFailure if nothing was written."""
        return self._bind(requests.simple_bind(dn, password), deadline)


class SearchChannel(_Channel):
    """Searches as the service account, many at a time."""

    async def login(self, dn: bytes, password: bytes, deadline: Deadline) -> Answer:
        """The service account's own bind, before the first search."""
        return await self._login(requests.simple_bind(dn, password), deadline, in_tls=False)

    async def login_by_certificate(self, deadline: Deadline) -> Answer:
        """The same by the client certificate that TLS has shown to the server; only in TLS."""
        return await self._login(requests.external_bind(), deadline, in_tls=True)

    async def _login(self, message: bytes, deadline: Deadline, *, in_tls: bool) -> Answer:
        try:
            answer = await self._bind(message, deadline, in_tls=in_tls)
        except BindGivenUp:
            # Nobody's password is to be held back, and the time-outs of asyncio know the plain error alone.
            raise asyncio.CancelledError from None
        except BindInterrupted as failure:
            # The service account may be tried on the next server, a user may not.
            raise TransportFailure(failure.reason, counts=failure.counts) from None
        self._reader.limit = LARGE_MESSAGE
        return answer

    async def search(self, request: SearchRequest, deadline: Deadline, page: bytes = b"") -> tuple[Answer, list[Entry]]:
        """The final answer and the entries; `page` are the controls of a paged search.

        Raises TransportFailure, and SearchFailed for more than the bridge takes in. A time-out closes the connection
        only if it heard nothing at all meanwhile: otherwise one slow search would end all others on it.
        """
        limit = self._limit(deadline)
        message = requests.search(request, math.ceil(self._options.operation_timeout))
        self._writable()
        heard = self._talk.heard
        exchange = self._talk.begin(SEARCH_DONE, limit)
        self._write_soon(requests.envelope(exchange.message_id, message, page))
        try:
            return await exchange.answer(), exchange.entries
        except TimeoutError:
            self._abandon(exchange)
            full = limit < deadline.at
            if full and self._talk.heard == heard:
                self.abort("the server fell silent")
            raise TimedOut(_silence("a search", self._options), counts=full) from None
        except asyncio.CancelledError:
            self._abandon(exchange)
            raise

    @property
    def is_worn(self) -> bool:
        """Whether the connection is to be replaced for searches that were never answered."""
        return self._talk.given_up > MAX_ABANDONED

    @classmethod
    async def probe(cls, address: ServerAddress, options: LdapOptions, deadline: Deadline) -> int:
        """Connects, reads the root DSE as nobody and hangs up: is the server back? No password is risked on it.

        The result code; whatever it is, the server answers. Raises TransportFailure.
        """
        channel = await cls.open(address, options, deadline)
        try:
            answer, _ = await channel.search(_ROOT_DSE, deadline)
        finally:
            channel.hang_up()
        return answer.code


def _silence(what: str, options: LdapOptions) -> str:
    return f"{what} was not answered within {options.operation_timeout:g} s"
