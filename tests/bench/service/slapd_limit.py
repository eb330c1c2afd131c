"""The yardstick for first logins: how many slapd can do at all. Every octet that is sent was made before.

Sixteen logins at a time, each over two connections of its own: one, bound as the service account, for the search, and
one that binds as the person. Of the answers only the end is looked at: whether all is there, and went well.
"""

import random
import selectors
import socket
import time
from contextlib import ExitStack
from types import TracebackType
from typing import NamedTuple, Self

from ldap_token_bridge.ldap import FilterTemplate
from tests.bench.ours import FILTER, everyone
from tests.bench.place import Place
from tests.support.tiny_ber import number, put

YARDSTICK = "slapd-alone"
AT_ONCE = 16

# An LDAPResult with code 0 and two empty texts (RFC 4511 section 4.1.9) ends what answers a request.
_FOUND, _BOUND = (put(tag, b"\x0a\x01\x00\x04\x00\x04\x00") for tag in (0x65, 0x61))
_ATTRIBUTES = (b"uid", b"entryUUID", b"memberOf")
_PATIENCE = 10.0


class _Messages(NamedTuple):
    search: bytes
    bind: bytes


class _Slot:
    """One login after the other, each a search and then a bind."""

    def __init__(self, search: socket.socket, bind: socket.socket) -> None:
        self.sockets = search, bind
        self._search, self._bind = search, bind
        self._tail = self._next = b""

    def ask(self, messages: _Messages) -> None:
        self._tail, self._next = b"", messages.bind
        self._search.sendall(messages.search)

    def hear(self, one: object) -> bool:
        """Reads what there is on one of the two sockets; whether that was the login's end."""
        source = self._search if one is self._search else self._bind
        self._tail = (self._tail + source.recv(65536))[-len(_FOUND) :]
        if source is self._bind:
            return self._tail == _BOUND
        if self._tail == _FOUND:
            self._tail = b""
            self._bind.sendall(self._next)
        return False


class SlapdLimit:
    """A context manager; its connections live through all rounds."""

    def __init__(self, place: Place) -> None:
        by_login = FilterTemplate.compile(FILTER)
        self._messages = [
            _Messages(
                _search(place.slapd.base.encode(), by_login.fill(login=person.login.encode())),
                _bind(person.dn, person.password),
            )
            for person in everyone()
        ]
        self._chance = random.Random(4)  # noqa: S311 -- picks people, guards nothing
        with ExitStack() as stack:
            self._slots = [_Slot(self._connect(place, stack), self._connect(place, stack)) for _ in range(AT_ONCE)]
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def block(self, seconds: float = 1.0) -> float:
        """Logins a second."""
        done, busy, start = 0, len(self._slots), time.perf_counter()
        with selectors.DefaultSelector() as selector:
            for slot in self._slots:
                for one in slot.sockets:
                    selector.register(one, selectors.EVENT_READ, slot)
                slot.ask(self._chance.choice(self._messages))
            while busy:
                ready = selector.select(_PATIENCE)
                if not ready:
                    raise RuntimeError("slapd refused a login, or hangs")
                for key, _ in ready:
                    if not key.data.hear(key.fileobj):
                        continue
                    done += 1
                    if time.perf_counter() < start + seconds:
                        key.data.ask(self._chance.choice(self._messages))
                    else:
                        busy -= 1
        return done / (time.perf_counter() - start)

    @staticmethod
    def _connect(place: Place, stack: ExitStack) -> socket.socket:
        """Bound as the service account, which the binds of people replace where they are to be."""
        one = stack.enter_context(socket.create_connection(("127.0.0.1", place.slapd.port)))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.sendall(_bind(place.slapd.bind_dn, place.service_password.encode()))
        if not one.recv(4096).endswith(_BOUND):
            raise RuntimeError("slapd does not take the service account")
        return one


def _bind(dn: str, password: bytes) -> bytes:
    return _message(0x60, number(3), put(0x04, dn.encode()), put(0x80, password))


def _search(base: bytes, filter_: bytes) -> bytes:
    whole_subtree, never, any_number = put(0x0A, b"\x02"), put(0x0A, b"\x00"), number(0)
    wanted = put(0x30, *(put(0x04, name) for name in _ATTRIBUTES))
    limits = number(2), any_number, put(0x01, b"\x00")
    return _message(0x63, put(0x04, base), whole_subtree, never, *limits, filter_, wanted)


def _message(tag: int, *contents: bytes) -> bytes:
    return put(0x30, number(7), put(tag, *contents))
