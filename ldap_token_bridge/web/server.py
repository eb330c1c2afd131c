"""Sockets: where an application listens, and how it stops without dropping a request."""

import os
import ssl
from pathlib import Path

from aiohttp import web

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.listen_address import ListenAddress

from .protocol import Runner
from .public import MAX_LINE

# Longer than any request may take (server.request_deadline is at most 14 s): those under way are finished.
_DRAIN = 15.0
# An idle connection, or one on which a request begins and never ends, is closed after this; both cost a descriptor.
_IDLE = 15.0


class Listener:
    """One application on one address."""

    def __init__(
        self, app: web.Application, address: ListenAddress, tls: "ServerTls | None" = None, *, max_connections: int
    ) -> None:
        self._runner = Runner(
            app,
            max_connections=max_connections,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            shutdown_timeout=_DRAIN,
            keepalive_timeout=_IDLE,
        )
        self._wanted = address
        self._tls = tls.context if tls else None

    async def start(self) -> ListenAddress:
        """Listen; gives the address with the port that was found. Raises Misconfigured if it cannot be had."""
        await self._runner.setup()
        wanted = self._wanted
        try:
            if wanted.path:
                await web.UnixSite(self._runner, wanted.path, ssl_context=self._tls).start()
                return wanted
            await web.TCPSite(self._runner, wanted.host or None, wanted.port, ssl_context=self._tls).start()
        except OSError as error:
            await self._runner.cleanup()
            raise Misconfigured.one(
                f"cannot listen on {wanted}: {os.strerror(error.errno or 0).lower()}",
                remedy="Stop what uses the address, or set another in server.listen or server.admin_listen.",
            ) from None
        host, port = self._runner.addresses[0][:2]
        return ListenAddress(str(host), int(port))

    async def stop(self) -> None:
        """Take no new connections, let requests under way finish, then close."""
        await self._runner.cleanup()


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
        if not path.is_file():
            raise Misconfigured.one("there is no such file", str(path), "Check server.tls in bridge.yaml.")
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
