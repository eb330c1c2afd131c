"""What aiohttp does below the handlers, made fit for a server that passwords arrive at.

aiohttp logs a request that it cannot parse with the offending line, and sends that line back: an Authorization header
with a stray space would show its password in both.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import hdrs, web

from ldap_token_bridge.observe import log

from . import answers

# Taken in place of aiohttp's own logger: it has no handler and passes nothing on.
_SILENT = logging.getLogger("ldap_token_bridge.silent")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


Direct = Mapping[tuple[str, str], Callable[[Any], Awaitable[web.StreamResponse]]]


class Runner(web.AppRunner):
    """An AppRunner with bounded connections, and whose protocol errors tell nothing of the request."""

    def __init__(self, app: web.Application, direct: Direct, *, max_connections: int, **options: Any) -> None:
        """`direct` are handlers by method and path that the application's router and middlewares are left out for."""
        super().__init__(app, logger=_SILENT, access_log=None, **options)
        self._direct = direct
        self._max_connections = max_connections

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        general, direct = made.request_handler, self._direct

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            handler = direct.get((request.method, request.raw_path.partition("?")[0]))
            if handler is None or hdrs.EXPECT in request.headers:  # aiohttp heeds it in the application alone
                return await general(request)
            return await handler(request)

        server = _Server(handle, request_factory=made.request_factory, **self._kwargs)
        server.max_connections = self._max_connections
        return server


class _Server(web.Server):
    max_connections = 0

    def __call__(self) -> web.RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class _Handler(web.RequestHandler):
    __slots__ = ()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        server = self._manager
        # Descriptors are needed for the directory, too: whoever comes beyond the bound is not served at all.
        if isinstance(server, _Server) and len(server.connections) > server.max_connections:
            log().warning("too many connections; one was refused", limit=server.max_connections)
            transport.abort()

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
