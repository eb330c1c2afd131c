"""One connection to one server: TCP, TLS, and octets to messages and back.

What may be asked on it is the business of the two kinds below this one: a connection for searches never binds a
user, one for binds never searches. Once broken a connection stays broken; nothing here ever dials a second time.
"""

import asyncio
import ssl
from typing import Self, cast

from ldap_token_bridge.deadline import Deadline

from . import requests
from .address import ServerAddress
from .ber import MessageReader, ProtocolError
from .conversation import Conversation, Disconnected, Exchange
from .dial import dial
from .errors import TimedOut, TransportFailure
from .explain import explain
from .options import LdapOptions
from .responses import EXTENDED_RESPONSE

SMALL_MESSAGE = 64 * 1024  # octets: answers to binds and StartTLS
_READ_SIZE = 64 * 1024  # octets taken from a socket at once
_CLOSING_TIME = 1.0  # seconds that a polite end may take


class Connection(asyncio.BufferedProtocol):
    """Made by `open` only. `closed` is done when the socket is gone."""

    def __init__(self, address: ServerAddress, options: LdapOptions) -> None:
        loop = asyncio.get_running_loop()
        self.address = address
        self.closed: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._options = options
        self._reader = MessageReader(SMALL_MESSAGE)
        self._transport: asyncio.Transport | None = None
        self._broken = ""  # why nothing is written or believed any more
        self._upgrading = False
        self._talk = Conversation()
        self._unwritten: list[bytes] = []
        self._incoming = memoryview(bytearray(_READ_SIZE))

    @classmethod
    async def open(cls, address: ServerAddress, options: LdapOptions, deadline: Deadline) -> Self:
        """A connection that may be written to: TLS is established and verified if it has to be.

        Raises TransportFailure. A server that is to be asked without TLS, and may not be, is not even dialled.
        """
        if options.needs_tls(address) and not (address.tls or options.start_tls):
            raise TransportFailure(
                "passwords would go over the network in the clear", "Use ldaps:// or start_tls: true."
            )
        connection = cls(address, options)
        limit = deadline.within(options.connect_timeout)
        try:
            async with asyncio.timeout_at(limit.at):
                await connection._connect(limit)
        except TransportFailure:
            connection._give_up()
            raise
        except TimeoutError:
            connection._give_up()
            raise TimedOut(
                f"no connection within {options.connect_timeout:g} s",
                "Check host, port and the firewalls between.",
                counts=limit.at < deadline.at,
            ) from None
        except OSError as error:
            connection._give_up()
            raise explain(error, address) from None
        except BaseException:
            connection._give_up()
            raise
        return connection

    @property
    def is_open(self) -> bool:
        """Whether a request may be written."""
        transport = self._transport
        return not self._broken and transport is not None and not transport.is_closing()

    @property
    def load(self) -> int:
        """Requests under way."""
        return self._talk.under_way

    def abort(self, reason: str = "the bridge closed the connection") -> None:
        """Closes the socket at once; whoever waits for an answer gets a TransportFailure."""
        self._break(reason)
        if self._transport is not None:
            self._transport.abort()

    def hang_up(self) -> None:
        """The polite end, for a connection on which nothing is under way."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._break("the bridge closed the connection")
        transport.write(requests.envelope(self._talk.next_id(), requests.unbind()))
        transport.close()

    async def close(self) -> None:
        """Hangs up and waits until the socket is gone."""
        self.hang_up()
        await asyncio.wait((self.closed,), timeout=_CLOSING_TIME)
        if not self.closed.done():
            self.abort()
            await asyncio.wait((self.closed,), timeout=_CLOSING_TIME)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is connected; for LDAPS the handshake is over too."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 -- asyncio asks in this form
        """asyncio: where to put what comes. One buffer for good: asyncio's own way takes 256 KiB anew each time."""
        return self._incoming

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio: so many octets came."""
        self.data_received(bytes(self._incoming[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """These octets came."""
        if self._broken:
            return
        try:
            messages = self._reader.feed(data)
            if self._upgrading and messages:
                self._hold(messages)
            for message in messages:
                overflown = self._talk.receive(message)
                if overflown is not None:
                    self._abandon(overflown)
        except ProtocolError as error:
            self.abort(f"the server does not keep to the protocol: {error}")
        except Disconnected as notice:
            self.abort(f"the server gave notice of disconnection: {notice}")

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the socket is gone."""
        reason = f": {exc.strerror or exc}" if isinstance(exc, OSError) else ""
        self._break(f"the server closed the connection{reason}")
        if not self.closed.done():
            self.closed.set_result(None)

    async def _connect(self, limit: Deadline) -> None:
        host, port, tls = self.address.host, self.address.port, self.address.tls
        # asyncio sets TCP_NODELAY, without which a TLS handshake stalls for 40 ms, and closes the socket if this fails.
        await self._loop.create_connection(
            lambda: self,
            sock=await dial(host, port, limit.at),
            ssl=self._options.tls if tls else None,
            server_hostname=host if tls else None,
            ssl_shutdown_timeout=_CLOSING_TIME if tls else None,
        )
        if self._options.start_tls and not tls:
            await self._upgrade(host)

    async def _upgrade(self, host: str) -> None:
        """StartTLS (RFC 4511 section 4.14). There is no way on without it."""
        transport = self._writable()
        exchange = self._talk.begin(EXTENDED_RESPONSE)
        self._upgrading = True
        transport.write(requests.envelope(exchange.message_id, requests.start_tls()))
        answer = await exchange.answer()
        if answer.code != 0:
            raise TransportFailure(
                f"the server refuses StartTLS: {answer.code} {answer.diagnostic}".rstrip(),
                "Give the server a certificate, or use ldaps:// if it offers that.",
            )
        self._writable()  # lost meanwhile?
        if self._reader.buffered:
            raise TransportFailure("octets came in the clear before the TLS handshake")
        self._transport = await self._loop.start_tls(
            transport, self, self._options.tls, server_hostname=host, ssl_shutdown_timeout=_CLOSING_TIME
        )
        self._upgrading = False
        self._private()

    def _hold(self, messages: list[bytes]) -> None:
        """Stops reading after the answer to StartTLS; what came with it was sent by who knows whom."""
        if len(messages) > 1 or self._reader.buffered:
            raise ProtocolError("octets came in the clear after the answer to StartTLS")
        if self._transport is not None:
            self._transport.pause_reading()

    def _writable(self) -> asyncio.Transport:
        """The transport; raises TransportFailure if nothing may be written any more."""
        if not self.is_open or self._transport is None:
            raise TransportFailure(self._broken or "the connection is closed")
        return self._transport

    def _private(self, *, always: bool = False) -> asyncio.Transport:
        """The transport to which a password may be written, by what the socket is and not by what it should be."""
        transport = self._writable()
        if always or self._options.needs_tls(self.address):
            tls = transport.get_extra_info("ssl_object")
            if self._upgrading or not isinstance(tls, ssl.SSLObject) or tls.version() is None:
                self.abort("TLS is not established")
                raise TransportFailure("TLS is not established, so no password was sent")
        return transport

    def _write_soon(self, message: bytes) -> None:
        """Writes it in this turn of the loop, with all others of the turn at once: system calls are dear.

        Only for what holds no password, since TLS is asserted at the moment of writing and not later.
        """
        if not self._unwritten:
            self._loop.call_soon(self._write_all)
        self._unwritten.append(message)

    def _write_all(self) -> None:
        unwritten, self._unwritten = self._unwritten, []
        if self.is_open and self._transport is not None:
            self._transport.write(b"".join(unwritten))

    def _abandon(self, exchange: Exchange) -> None:
        """Nobody waits for this search any more; the server need not go on with it."""
        if self._talk.abandon(exchange) and self.is_open and self._transport is not None:
            message = requests.abandon(exchange.message_id)
            self._write_soon(requests.envelope(self._talk.next_id(), message))

    def _break(self, reason: str) -> None:
        """From now on nothing is written or believed; whoever waits is told."""
        self._broken = self._broken or reason
        self._talk.end(reason)

    def _give_up(self) -> None:
        """`open` failed: a transport that is in the middle of a handshake reports to nobody."""
        self.abort()
        if not self.closed.done():
            self.closed.set_result(None)
