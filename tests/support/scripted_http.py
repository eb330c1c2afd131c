"""An HTTP server that answers as a function says, for what no real server does on demand; and a registry 3.x."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from ldap_token_bridge.tokens import verify_token

from .certificates import Issued
from .registry import TokenAuth

Reply = tuple[int, Mapping[str, str], bytes]
Script = Callable[[str, Mapping[str, str]], Reply]
"""From path with query and headers (names in lower case) to status, headers and body."""


class ScriptedHttp:
    """Listens on a free port of 127.0.0.1; a context manager. `asked` are the requests so far."""

    def __init__(self, script: Script, *, tls: Issued | None = None, clock_ahead: float = 0.0) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append((self.path, headers))
                status, answered, body = script(self.path, headers)
                self.send_response_only(status)
                for name, value in answered.items():
                    self.send_header(name, value)
                self.send_header("Date", formatdate(time.time() + clock_ahead, usegmt=True))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A client that trusts no certificate hangs up: no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.certificate, tls.key)
            # The handshake is made in the request's own thread.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def registry_3x(auth: TokenAuth, *, bundle: str = "", jwks: Mapping[str, Any] | None = None) -> Script:
    """`GET /v2/` of a distribution 3.x with this configuration; `bundle` in PEM and `jwks` in place of auth's file."""

    def answer(_path: str, headers: Mapping[str, str]) -> Reply:
        challenge = f'Bearer realm="{auth.realm}",service="{auth.service}"'
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            return 401, {"WWW-Authenticate": challenge}, b"{}"
        verification = verify_token(
            token, bundle, issuer=auth.issuer, service=auth.service, now=time.time(), generation="3.x", jwks=jwks
        )
        if verification.accepted:
            return 200, {}, b"{}"
        return 401, {"WWW-Authenticate": f'{challenge},error="invalid_token"'}, b"{}"

    return answer


def json_reply(value: object, status: int = 200) -> Reply:
    """A JSON body."""
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()
