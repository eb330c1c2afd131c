"""Sockets: where an application listens, and how it stops without dropping a request."""

import asyncio
import os
import socket
import ssl
from asyncio import constants, sslproto
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.listen_address import ListenAddress
from ldap_token_bridge.whole_files import open_file

from .not_listening import not_listening
from .protocol import NO_DIRECT, Direct, Runner
from .public import MAX_LINE, name_no_versions

# Longer than any request may take (server.request_deadline is at most 14 s): those under way are finished.
_DRAIN = 15.0
# An idle connection, one on which a request begins and never ends, and one whose replies nobody reads are closed after
# this: all cost a descriptor.
_IDLE = 15.0
# Whoever is connected when the end begins may send one request more for so long: it may be on its way already, and
# clients repeat neither a POST nor the first request of a connection.
_LAST_REQUESTS = 1.0
_LOOK = 0.05
# What asyncio gives each connection in TLS, before anybody has said who it is: 256 KiB, a minute for the handshake and
# half of one for the farewell. A record has 16 KiB at most (RFC 8446 section 5.1).
_TLS_BUFFER = 16 * 1024
_HANDSHAKE = 10.0
_FAREWELL = 2.0


class Listener:
    """One application on one address."""

    def __init__(
        self,
        app: web.Application,
        address: ListenAddress,
        tls: "ServerTls | None" = None,
        *,
        max_connections: int,
        direct: Mapping[str, Direct] = NO_DIRECT,
    ) -> None:
        """`direct`: what answers GET and POST, by path, and raises nothing.

        What else the application does for a request costs as much as that answer.
        """
        self._runner = Runner(
            app,
            direct,
            self._finish,
            max_connections=max_connections,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            shutdown_timeout=_DRAIN,
            keepalive_timeout=_IDLE,
            auto_decompress=False,  # a megabyte may unpack to a gigabyte, and nobody has to send a body packed
        )
        app.on_response_prepare.append(self._send_away)
        self._is_stopping = False
        self._wanted = address
        self._tls = tls.context if tls else None
        if tls:
            _bound_tls()

    async def start(self) -> ListenAddress:
        """Listen; gives the address with the port that was found. Raises Misconfigured if it cannot be had."""
        await self._runner.setup()
        wanted = self._wanted
        try:
            if wanted.path:
                await web.UnixSite(self._runner, wanted.path, ssl_context=self._tls).start()
                return wanted
            site = web.TCPSite(self._runner, wanted.host or None, wanted.port, ssl_context=self._tls)
            await site.start()
            _close_what_nobody_reads(site)
        except OSError as error:
            await self._runner.cleanup()
            raise Misconfigured([not_listening(wanted, error)]) from None
        host, port = self._runner.addresses[0][:2]
        return ListenAddress(str(host), int(port))

    async def stop(self) -> None:
        """Take no new connections, answer what those that are there still ask, then close."""
        self._is_stopping = True
        self._runner.answer_nothing_directly()
        if server := self._runner.server:
            end = asyncio.get_running_loop().time() + _LAST_REQUESTS
            for site in self._runner.sites:
                await self._stop_listening(site, server)
            while asyncio.get_running_loop().time() < end:
                await asyncio.sleep(_LOOK)
                # One whose TLS handshake is under way is not among the connections yet.
                if not server.connections and not self._tls:
                    break
        await self._runner.cleanup()

    async def _stop_listening(self, site: web.BaseSite, server: web.Server) -> None:
        """The system resets connections that wait to be accepted when their socket is closed: those are taken, too."""
        loop = asyncio.get_running_loop()
        listening = _sockets_of(site)
        for one in listening:
            loop.remove_reader(one)
        await asyncio.sleep(0)  # asyncio drops what it accepted in this turn if its server is closed before the next
        waiting = [connection for one in listening for connection in _waiting_at(one)]
        await site.stop()
        timeout = _LAST_REQUESTS if self._tls else None
        taken = (
            loop.connect_accepted_socket(server, one, ssl=self._tls, ssl_handshake_timeout=timeout) for one in waiting
        )
        await asyncio.gather(*taken, return_exceptions=True)

    async def _finish(self, request: web.Request, response: web.StreamResponse) -> None:
        await name_no_versions(request, response)
        await self._send_away(request, response)

    async def _send_away(self, request: web.Request, response: web.StreamResponse) -> None:
        # aiohttp's parser takes the trailers of a body in chunks for fields of the next request, which behind a proxy
        # may be somebody else's.
        if self._is_stopping or hdrs.TRANSFER_ENCODING in request.headers:
            response.force_close()
            response.headers["Connection"] = "close"


def _bound_tls() -> None:
    """For the whole process: aiohttp passes none of these on."""
    sslproto.SSLProtocol.max_size = _TLS_BUFFER
    constants.SSL_HANDSHAKE_TIMEOUT = _HANDSHAKE
    constants.SSL_SHUTDOWN_TIMEOUT = _FAREWELL


def _sockets_of(site: web.BaseSite) -> tuple[Any, ...]:
    served = site._server  # noqa: SLF001 -- aiohttp shows its addresses alone
    return served.sockets if isinstance(served, asyncio.Server) else ()


def _close_what_nobody_reads(site: web.TCPSite) -> None:
    """Whoever asks and reads no reply would have a connection for ever: only the system can tell, and ends it.

    Connections have this of the socket that they were accepted at (RFC 5482; TCP_USER_TIMEOUT of Linux).
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        for one in _sockets_of(site):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(_IDLE * 1000))


def _waiting_at(listening: socket.socket) -> Iterator[socket.socket]:
    """The connections that the system has made and nobody has accepted."""
    with listening.dup() as same:
        while True:
            try:
                connection, _ = same.accept()
            except OSError:  # none is left
                return
            connection.setblocking(False)
            yield connection


class ServerTls:
    """The certificate that a listener shows, replaced while it listens."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises Misconfigured naming the file."""
        self._current = _context(certificate, key)
        self.context = _context(certificate, key)
        # A context keeps one certificate for each type of key: a new one of another type would stand beside the old.
        self.context.sni_callback = self._choose

    def replace(self, certificate: Path, key: Path) -> None:
        """Show another certificate from now on; raises Misconfigured and keeps the old one."""
        self._current = _context(certificate, key)

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in (certificate, key):
        try:
            open_file(path).close()
        except OSError as error:
            what = f"cannot be read: {(error.strerror or 'unknown reason').lower()}"
            remedy = f"Check server.tls in bridge.yaml, and the file's permissions for uid {os.geteuid()}."
            raise Misconfigured.one(what, str(path), remedy) from None
    try:
        # A key with a passphrase must not make the service wait at a prompt.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "cannot be read"
        remedy = "Both must be PEM, the key without a passphrase, and belong together."
        raise Misconfigured.one(
            f"the TLS certificate or key cannot be used: {reason}", str(certificate), remedy
        ) from None
    return context
