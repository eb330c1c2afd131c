"""A slow line to a server: what clients send trickles, what the server answers comes at once."""

import socket
import socketserver
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

_STEPS_A_SECOND = 10


class SlowLine:
    """Listens on a free port of 127.0.0.1 and passes on to `target`, so many bytes a second for each connection."""

    def __init__(self, target: tuple[str, int], bytes_per_second: int) -> None:
        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(target) as server:
                    back = threading.Thread(target=_pass_on, args=(server, self.request))
                    back.start()
                    _pass_on(self.request, server, bytes_per_second)
                    back.join()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        """As clients name it: `127.0.0.1:PORT`."""
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _pass_on(source: socket.socket, target: socket.socket, bytes_per_second: int | None = None) -> None:
    """Until the source has ended, and then lets the target know."""
    at_once = bytes_per_second // _STEPS_A_SECOND if bytes_per_second else 65536
    with suppress(OSError):
        while part := source.recv(at_once):
            target.sendall(part)
            if bytes_per_second:
                time.sleep(len(part) / bytes_per_second)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
