"""A recording proxy between the bridge and a directory: what really goes over the wire, counted.

It passes every byte on as it comes and reads along what the client sends as plain LDAP. From StartTLS or TLS on it
only passes on. Passwords are not kept, but which of them are the same can be told.
"""

import hmac
import itertools
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from .process import free_port

# RFC 4511 section 4: the protocol operations' tags, [APPLICATION n].
_BIND, _UNBIND, _SEARCH, _EXTENDED = 0x60, 0x42, 0x63, 0x77
_NAMES = {_BIND: "bind", _UNBIND: "unbind", _SEARCH: "search", _EXTENDED: "extended"}
_SEQUENCE, _OCTETS, _SIMPLE = 0x30, 0x04, 0x80
_START_TLS = b"1.3.6.1.4.1.1466.20037"
_KEY = secrets.token_bytes(32)


@dataclass(frozen=True)
class Seen:
    """One request: bind, search, extended or other; the DN it names; the number of its connection from 1 on.

    `password` is a keyed hash of what a simple bind sent, else empty; `at` the time in seconds of a clock of its own.
    """

    operation: str
    dn: str
    connection: int
    password: str = ""
    at: float = 0.0


class Wire:
    """Listens on a free port of 127.0.0.1 and passes on to `target`; a context manager."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self.port = free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self._lock = threading.Lock()
        self._seen: list[Seen] = []
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._connections = 0
        self._numbers = itertools.count(1)
        self._listener = socket.create_server(("127.0.0.1", self.port))

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Every request so far, in the order of arrival."""
        with self._lock:
            return tuple(self._seen)

    @property
    def connections(self) -> int:
        """How many connections were made, since `clear` if that was called."""
        with self._lock:
            return self._connections

    def binds(self, dn: str | None = None) -> int:
        """How many binds there were as this DN (without regard to case), or in all."""
        return sum(
            seen.operation == "bind" and (dn is None or seen.dn.casefold() == dn.casefold()) for seen in self.seen
        )

    def searches(self) -> int:
        """How many searches there were."""
        return sum(seen.operation == "search" for seen in self.seen)

    def clear(self) -> None:
        """Counts anew."""
        with self._lock:
            self._seen.clear()
            self._connections = 0

    def cut(self) -> None:
        """Breaks every connection, as a restarted directory or a firewall does; new ones are taken."""
        with self._lock:
            sockets = tuple(self._sockets)
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections += 1
            number = next(self._numbers)
            self._spawn(partial(self._serve, client, number))

    def _serve(self, client: socket.socket, number: int) -> None:
        with self._kept(client):
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                return
            server.settimeout(None)
            with self._kept(server):
                back = threading.Thread(target=_pump, args=(server, client, None), daemon=True)
                back.start()
                _pump(client, server, self._noting(number))
                back.join()

    def _noting(self, number: int) -> Callable[[bytes], None]:
        """Notes what a client sends, before it is passed on: whoever has the answer finds the request counted."""
        reader = _Reader()

        def note(chunk: bytes) -> None:
            found = [Seen(*operation[:2], number, operation[2], time.monotonic()) for operation in reader.feed(chunk)]
            with self._lock:
                self._seen += found

        return note

    @contextmanager
    def _kept(self, one: socket.socket) -> Iterator[None]:
        """Keeps the socket where `cut` finds it; closes it in the end."""
        with self._lock:
            self._sockets.add(one)
        try:
            with one:
                yield
        finally:
            with self._lock:
                self._sockets.discard(one)


def _pump(source: socket.socket, target: socket.socket, note: Callable[[bytes], None] | None) -> None:
    """Passes on until the source ends, then tells the target that nothing more comes."""
    with suppress(OSError):
        while chunk := source.recv(65536):
            if note:
                note(chunk)
            target.sendall(chunk)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class _Reader:
    """Cuts a client's bytes into LDAP messages and tells each one's operation, DN and hash of the password."""

    def __init__(self) -> None:
        self._buffer = b""
        self._blind = False

    def feed(self, chunk: bytes) -> list[tuple[str, str, str]]:
        """The requests that these bytes complete; none any more once the connection is encrypted."""
        self._buffer += chunk
        found = []
        while not self._blind:
            # TLS begins with 0x16, an LDAP message with the tag of a SEQUENCE.
            self._blind = self._buffer[:1] not in (b"", bytes([_SEQUENCE]))
            message = None if self._blind else _element(self._buffer)
            if message is None:
                break
            _, content, self._buffer = message
            found.append(_operation(content))
            self._blind = found[-1][:2] == ("extended", _START_TLS.decode())
        if self._blind:
            self._buffer = b""
        return found


def _element(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The first BER element: tag, content, and the bytes after it; None if it is not complete."""
    if len(data) < 2:
        return None
    start, length = 2, data[1]
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start])
    if len(data) < start + length:
        return None
    return data[0], data[start : start + length], data[start + length :]


def _operation(message: bytes) -> tuple[str, str, str]:
    """Of an LDAPMessage's content: the operation, the DN or the extended request's name, the hash of a password."""
    number = _element(message)
    operation = number and _element(number[2])
    if not operation:
        return "other", "", ""
    tag, content, _ = operation
    name, password = _element(content), ""
    if tag == _BIND and name:
        name = _element(name[2])  # the version stands before the name
        simple = name and _element(name[2])
        if simple and simple[0] == _SIMPLE:
            password = hmac.digest(_KEY, simple[1], "sha256").hex()
    readable = name is not None and name[0] in (_OCTETS, 0x80)
    return _NAMES.get(tag, "other"), name[1].decode(errors="replace") if name and readable else "", password
