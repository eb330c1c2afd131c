"""Sockets: where an application listens, and how it stops without dropping a request."""

import os
import ssl
from pathlib import Path

from aiohttp import web

from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.listen_address import ListenAddress

from .public import MAX_LINE


class Listener:
    """One application on one address."""

    def __init__(self, app: web.Application, address: ListenAddress, tls: ssl.SSLContext | None, drain: float) -> None:
        """`drain` is how many seconds requests under way have to finish when the listener stops."""
        self._runner = web.AppRunner(
            app,
            access_log=None,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            shutdown_timeout=drain,
            keepalive_timeout=75.0,
        )
        self._wanted = address
        self._tls = tls

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


def server_tls(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS for a listener; raises Misconfigured naming the file."""
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
