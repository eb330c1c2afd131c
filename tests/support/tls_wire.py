"""A recording proxy for a directory that takes passwords by TLS alone: it has a certificate of its own."""

import select
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

from .certificates import Authority
from .wire import Wire

_SECONDS = 30.0


class TlsWire(Wire):
    """As `Wire`, between two connections by TLS. `target` is an address that the directory's certificate is for."""

    def __init__(self, target: tuple[str, int], authority: Authority) -> None:
        super().__init__(target)
        self.url = f"ldaps://127.0.0.1:{self.port}"
        self.ca_file = authority.ca_file
        own = authority.issue(f"wire-{self.port}", ["127.0.0.1"])
        self._here = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._here.load_cert_chain(own.certificate, own.key)
        self._there = ssl.create_default_context(cafile=str(authority.ca_file))

    def _serve(self, client: socket.socket, number: int) -> None:
        with suppress(OSError), self._kept(client):
            client.settimeout(_SECONDS)
            near = self._here.wrap_socket(client, server_side=True)
            with self._kept(near), socket.create_connection(self._target, timeout=_SECONDS) as server:
                far = self._there.wrap_socket(server, server_hostname=self._target[0])
                with self._kept(far):
                    _exchange(near, far, self._noting(number))


def _exchange(client: ssl.SSLSocket, server: ssl.SSLSocket, note: Callable[[bytes], None]) -> None:
    """Until either side ends; in one thread, as a TLS connection may not be used by two at once."""
    while True:
        for ready in select.select((client, server), (), ())[0]:
            content, has_ended = _arrived(ready)
            if ready is client:
                note(content)
            (server if ready is client else client).sendall(content)
            if has_ended:
                return


def _arrived(one: ssl.SSLSocket) -> tuple[bytes, bool]:
    """What has come in, and whether nothing will come after it."""
    content = b""
    one.settimeout(0)
    try:
        while chunk := one.recv(65536):
            content += chunk
    except ssl.SSLWantReadError:
        return content, False
    finally:
        one.settimeout(_SECONDS)
    return content, True
