"""HTTP over connections that are kept, and what is tried again, as by the transport of Go's net/http.

docker, containerd, podman, Helm and their like are made with it. It sends a GET again if the connection was in use
before and broke before an answer; a POST, or the first request of a connection, it does not.
"""

import base64
import http.client
import select
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

_SECONDS = 30


class Broken(Exception):
    """A connection broke in a way that the client's user is told of."""


class KeptConnection:
    """One connection at a time to a port of 127.0.0.1; a context manager."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
        self.repeated = 0
        """How often it had to send a request again."""

    def get(self, path: str, query: Sequence[tuple[str, str]], basic: tuple[str, str]) -> int:
        """The status, as docker asks. Raises Broken."""
        sign_in = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
        return self._answer("GET", f"{path}?{urlencode(query)}", None, {"Authorization": sign_in})

    def post(self, path: str, form: Sequence[tuple[str, str]]) -> int:
        """The status, as containerd asks first. Raises Broken."""
        return self._answer("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})

    def close(self) -> None:
        """As when a command has ended."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, method: str, target: str, body: str | None, headers: dict[str, str]) -> int:
        if self._has_ended():
            self.close()
        was_used = self._connection.sock is not None
        try:
            return self._ask(method, target, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if not was_used or method != "GET":
                raise Broken(f"{method}, {'kept' if was_used else 'new'} connection: {error!r}") from None
        self.repeated += 1
        try:
            return self._ask(method, target, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Broken(f"{method} again: {error!r}") from None

    def _ask(self, method: str, target: str, body: str | None, headers: dict[str, str]) -> int:
        self._connection.request(method, target, body, headers)
        response = self._connection.getresponse()
        response.read()
        return response.status

    def _has_ended(self) -> bool:
        """Whether the other side has hung up meanwhile, which Go's transport notices before it sends."""
        sock = self._connection.sock
        with suppress(OSError, ValueError):
            return sock is not None and bool(select.select([sock], [], [], 0)[0])
        return True
