"""What aiohttp does below the handlers, made fit for a server that passwords arrive at.

aiohttp logs a request that it cannot parse with the offending line, and sends that line back: an Authorization header
with a stray space would show its password in both.
"""

import logging
import math
from asyncio import Future, Task, current_task
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol, cast

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.http_parser import HttpRequestParser
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

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
        """The whole reply in octets, as soon as it is known."""


class Direct(Protocol):
    """Answers GET and POST on a path by itself: without the application's router and middlewares."""

    def begin(self, peer: str | None, path: str, headers: Any) -> Begun | None:
        """Look at a GET that has no body: `path` with its query as sent. None if it is for `answer`. Raises nothing."""

    async def finish(self, begun: Any) -> None:
        """See to its reply. Raises nothing."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The response to any other request."""


Finish = Callable[[web.Request, web.StreamResponse], Awaitable[None]]
NO_DIRECT: Mapping[str, Direct] = MappingProxyType({})
_METHODS = ("GET", "POST")
_TELL_AGAIN = 10.0  # seconds
# Octets of a request's line and fields. aiohttp bounds each of them and their number, which comes to 8 MB together.
_MAX_HEAD = 128 * 1024
# What `_Handler.data_received` needs of aiohttp's inside; a release that lacks it answers everything the general way.
_IS_KNOWN_INSIDE = hasattr(HttpRequestParser, "message_consumed") and all(
    hasattr(web.RequestHandler, name)
    for name in (
        *("_waiter", "_messages", "_parser", "_paused", "_force_close", "_handler_waiter", "_request_in_progress"),
        *("_keepalive_handle", "_next_keepalive_close_time", "_keepalive_timeout", "_process_keepalive"),
    )
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

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            direct = find(request.raw_path.partition("?")[0]) if request.method in _METHODS else None
            if direct is None or hdrs.EXPECT in request.headers:  # aiohttp heeds it in the application alone
                return await general(request)
            response = await direct.answer(cast("web.Request", request))
            await finish(cast("web.Request", request), response)
            return response

        server = _Server(handle, request_factory=made.request_factory, **self._kwargs)
        server.max_connections = self._max_connections
        server.direct = self._direct if _IS_KNOWN_INSIDE else NO_DIRECT
        return server

    def answer_nothing_directly(self) -> None:
        """From now on each response passes `finish`."""
        if isinstance(self.server, _Server):
            self.server.direct = NO_DIRECT


class _Server(web.Server):
    max_connections = 0
    direct = NO_DIRECT

    _told_at = -math.inf
    _refused = 0  # since it was told

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.coming: set[_Handler] = set()  # accepted, and not made yet: in TLS for as long as the handshake takes

    def __call__(self) -> web.RequestHandler:
        """In a task that asyncio has for each connection, until it is made or its handshake has failed."""
        handler = _Handler(self, loop=self._loop, **self._kwargs)
        if task := current_task():
            self.coming.add(handler)
            task.add_done_callback(lambda _: self.coming.discard(handler))
            # Descriptors are needed for the directory, too: whoever comes beyond the bound is not served at all.
            if len(self.connections) + len(self.coming) > self.max_connections:
                self._refuse(task, self._loop.time())
        return handler

    def _refuse(self, task: "Task[Any]", now: float) -> None:
        """Whoever comes beyond the bound may come as fast as can be: the log hears of it once in a while."""
        task.cancel()
        self._refused += 1
        if now - self._told_at >= _TELL_AGAIN:
            log().warning("too many connections were refused", limit=self.max_connections, refused=self._refused)
            self._told_at, self._refused = now, 0


class _Handler(web.RequestHandler):
    """One connection.

    aiohttp wakes a task for each request, which begins another one: the way through both costs as much as a token. What
    memory decides is answered where it comes in, and any other GET for a token by one task. Everything unusual goes
    aiohttp's way: bodies, requests that come before the last reply, connections that are to end.
    """

    __slots__ = ("_answering", "_body", "_head", "_is_chunked", "_peer", "_server")

    def __init__(self, server: _Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._peer: str | None = None
        self._answering: Task[None] | None = None
        self._head = 0  # octets of which no request has come yet: of a head, or of those that aiohttp holds back
        self._body: StreamReader = EMPTY_PAYLOAD
        self._is_chunked = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._server.coming.discard(self)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if peer else None

    def data_received(self, data: bytes) -> None:
        waiter = self._waiter if self._server.direct else None
        # Between two requests, and who asks reads the replies.
        if waiter is None or waiter.done() or self._messages or self._paused:
            self._read(data)
            return
        self._waiter = None  # nobody is to wake for what is answered here
        try:
            self._read(data)
            if len(self._messages) == 1 and self._is_taken(*self._messages[0], waiter):
                self._messages.clear()
                if self._parser:
                    self._parser.message_consumed()
        finally:
            if not self._answering:
                self._wait_on(waiter)

    def _read(self, data: bytes) -> None:
        """To aiohttp's parser, as long as there is an end to what comes before a body."""
        before = len(self._messages)
        super().data_received(data)
        if len(self._messages) > before:
            message, self._body = self._messages[-1]
            # After a body in chunks come trailers, which are bounded as fields are; the body itself is smaller.
            self._head, self._is_chunked = 0, getattr(message, "chunked", False)
        elif self._is_chunked or self._body.is_eof():
            self._head += len(data)
            if self._head > _MAX_HEAD:
                log().debug("a request whose head does not end", octets=self._head)
                self.force_close()

    def _is_taken(self, message: Any, payload: object, waiter: Future[None]) -> bool:
        """Whether a reply was sent, or will be."""
        if payload is not EMPTY_PAYLOAD or getattr(message, "method", "") != "GET" or hdrs.EXPECT in message.headers:
            return False
        direct = self._server.direct.get(message.path.partition("?")[0])
        if direct is None or message.should_close or message.upgrade or message.version != HttpVersion11:
            return False
        begun = direct.begin(self._peer, message.path, message.headers)
        if begun is None:
            return False
        self._server.requests_count += 1
        if begun.reply is None:
            self._request_in_progress = True  # aiohttp waits for it before it closes the connection
            answering = self._answer(direct, begun, waiter)
            self._answering = Task(answering, loop=self._loop, name="token request")  # a name of its own takes time
        else:
            self._send(begun.reply)
        return True

    async def _answer(self, direct: Direct, begun: Begun, waiter: Future[None]) -> None:
        reply = None
        try:
            await direct.finish(begun)
            reply = begun.reply
        finally:
            if reply:
                self._send(reply)
            else:  # whoever waits for one hears at least that none will come
                self.force_close()
            self._answering = None
            self._request_in_progress = False
            if self._handler_waiter is not None:
                self._handler_waiter.set_result(None)
            self._wait_on(waiter)

    def _send(self, reply: bytes) -> None:
        if self.transport is None:  # the client went away
            return
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)
        if self._server.direct:
            self.transport.write(reply)
        else:  # the listener has begun to stop
            self.transport.write(reply.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            self.force_close()

    def _wait_on(self, waiter: Future[None]) -> None:
        """As aiohttp waits for a request; those that have come meanwhile are its own."""
        self._waiter = waiter
        if self._force_close:
            waiter.cancel()
        elif self._messages and not waiter.done():
            waiter.set_result(None)

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
