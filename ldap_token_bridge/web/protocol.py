"""What aiohttp does below the handlers, made fit for a server that passwords arrive at.

aiohttp logs a request that it cannot parse with the offending line, and sends that line back: an Authorization header
with a stray space would show its password in both.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.http_parser import HttpRequestParser
from aiohttp.streams import EMPTY_PAYLOAD

from ldap_token_bridge.observe import log

from . import answers

# Taken in place of aiohttp's own logger: it has no handler and passes nothing on.
_SILENT = logging.getLogger("ldap_token_bridge.silent")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class Begun(Protocol):
    """A request that was looked at."""

    @property
    def reply(self) -> bytes | None:
        """The whole reply in octets, if it could be given at once."""


class Direct(Protocol):
    """Answers GET and POST on a path by itself: without the application's router and middlewares."""

    def begin(self, peer: str | None, path: str, headers: Any) -> Begun:
        """Look at a GET that has no body: `path` with its query as sent. Raises nothing."""

    async def answer(self, request: web.Request, begun: Any) -> web.StreamResponse:
        """The reply to a request; `begun` is what came of looking at it, None if nobody has."""


Finish = Callable[[web.Request, web.StreamResponse], Awaitable[None]]
NO_DIRECT: Mapping[str, Direct] = MappingProxyType({})
_METHODS = ("GET", "POST")
# What `_Handler.data_received` needs of aiohttp's inside; a release that lacks it answers everything the general way.
_IS_KNOWN_INSIDE = hasattr(HttpRequestParser, "message_consumed") and all(
    hasattr(web.RequestHandler, name)
    for name in ("_waiter", "_messages", "_parser", "_paused", "_keepalive_handle", "_next_keepalive_close_time")
)


class Runner(web.AppRunner):
    """An AppRunner with bounded connections, and whose protocol errors tell nothing of the request."""

    def __init__(
        self,
        app: web.Application,
        direct: Mapping[str, Direct],
        finish: Finish,
        *,
        max_connections: int,
        **options: Any,
    ) -> None:
        """`direct` by path; `finish` is called with their responses as the application's signals are with its own."""
        super().__init__(app, logger=_SILENT, access_log=None, **options)
        self._direct = direct
        self._finish = finish
        self._max_connections = max_connections

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        general, finish, find = made.request_handler, self._finish, self._direct.get

        async def handle(request: Any) -> web.StreamResponse:
            direct = find(request.raw_path.partition("?")[0]) if request.method in _METHODS else None
            if direct is None or hdrs.EXPECT in request.headers:  # aiohttp heeds it in the application alone
                return await general(request)
            response = await direct.answer(request, request.protocol.take_begun(request))
            await finish(request, response)
            return response

        server = _Server(handle, request_factory=made.request_factory, **self._kwargs)
        server.max_connections = self._max_connections
        server.at_once = self._direct if _IS_KNOWN_INSIDE else NO_DIRECT
        return server

    def answer_nothing_at_once(self) -> None:
        """From now on each response passes `finish`."""
        if isinstance(self.server, _Server):
            self.server.at_once = NO_DIRECT


class _Server(web.Server):
    max_connections = 0
    at_once = NO_DIRECT

    def __call__(self) -> web.RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class _Handler(web.RequestHandler):
    """One connection.

    aiohttp wakes a task for each request, which begins another one. Who needs no wait is answered where the request
    comes in: the way through those tasks costs as much as a token does. Everything unusual goes that way.
    """

    __slots__ = ("_begun", "_peer", "_server")

    def __init__(self, server: _Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._peer: str | None = None
        self._begun: tuple[object, Begun] | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if peer else None
        # Descriptors are needed for the directory, too: whoever comes beyond the bound is not served at all.
        if len(self._server.connections) > self._server.max_connections:
            log().warning("too many connections; one was refused", limit=self._server.max_connections)
            transport.abort()

    def data_received(self, data: bytes) -> None:
        waiter = self._waiter if self._server.at_once else None
        # Between two requests, and who asks reads the replies.
        if waiter is None or waiter.done() or self._messages or self._keepalive_handle is None or self._paused:
            super().data_received(data)
            return
        self._waiter = None  # nobody is to wake for what is answered here
        super().data_received(data)
        self._waiter = waiter
        if len(self._messages) == 1 and self._is_answered(*self._messages[0]):
            self._messages.clear()
            if self._parser:
                self._parser.message_consumed()
        elif self._messages:
            waiter.set_result(None)

    def _is_answered(self, message: Any, payload: object) -> bool:
        """Whether a reply was sent."""
        if payload is not EMPTY_PAYLOAD or getattr(message, "method", "") != "GET" or self.transport is None:
            return False
        direct = self._server.at_once.get(message.path.partition("?")[0])
        if direct is None or message.should_close or message.upgrade or message.version != HttpVersion11:
            return False
        if hdrs.EXPECT in message.headers:
            return False
        begun = direct.begin(self._peer, message.path, message.headers)
        if begun.reply is None:
            self._begun = message, begun
            return False
        self._server.requests_count += 1
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        self.transport.write(begun.reply)
        return True

    def take_begun(self, request: web.Request) -> Begun | None:
        """What came of this request when it came in."""
        begun, self._begun = self._begun, None
        return begun[1] if begun and begun[0] is request._message else None  # noqa: SLF001 -- who else could be meant

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A fixed text; neither the exception's words nor `message` are shown, both may hold the request's bytes."""
        del message
        log().debug("a request that is not HTTP", status=status, error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        response = answers.error(status, "UNSUPPORTED", "The request is not well-formed HTTP.")
        response.headers["Server"] = answers.SERVER
        response.force_close()
        return response
