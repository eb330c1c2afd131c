"""An LDAP server that does what it is told: also what no real one does on demand.

    async with ScriptedLdap(tls=context) as server:
        server.passwords["uid=a,dc=x"] = b"secret"
        server.entries = [FoundEntry("uid=a,dc=x", {"uid": [b"a"]})]
        server.on_bind = lambda request: Reply(code=51)

Every request is recorded in `requests`, every socket counted in `connections`.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from tests.support.process import free_port
from tests.support.tiny_ber import Element, number, put, take

Kind = Literal["bind", "search", "starttls", "unbind", "abandon"]
NOTICE = put(0x78, number(52, 10), put(4), put(4, b"going down"), put(0x8A, b"1.3.6.1.4.1.1466.20036"))
_PAGED = b"1.2.840.113556.1.4.319"
_KINDS: Mapping[int, Kind] = {0x60: "bind", 0x63: "search", 0x77: "starttls", 0x42: "unbind", 0x50: "abandon"}


@dataclass(frozen=True)
class Request:
    """What came in. `connection` counts from 1; `tls` is what the socket was at that moment."""

    kind: Kind
    connection: int
    message_id: int
    tls: bool
    dn: str = ""  # a bind's name, a search's base
    password: bytes = b""
    scope: int = 0
    dereference: int = 0
    size_limit: int = 0
    filter: bytes = b""  # BER
    attributes: tuple[str, ...] = ()
    cookie: bytes | None = None  # None: not paged
    abandoned: int = 0


@dataclass(frozen=True)
class FoundEntry:
    """An entry to answer with."""

    dn: str
    attributes: Mapping[str, Sequence[bytes]]


@dataclass(frozen=True)
class Reply:
    """An answer and how to send it. `raw` replaces all that would be sent."""

    code: int = 0
    diagnostic: str = ""
    entries: Sequence[FoundEntry] = ()
    references: Sequence[str] = ()  # searchResRef before the answer
    referrals: Sequence[str] = ()  # within the answer
    cookie: bytes | None = None
    message_id: int | None = None  # a wrong one
    raw: bytes | None = None
    inject: bytes = b""  # sent in the same write, after the answer
    delay: float = 0.0  # seconds before anything is sent
    drip: float = 0.0  # seconds between octets
    cut: int | None = None  # send that many octets, then close
    silent: bool = False
    close: bool = False  # close in place of an answer


@dataclass(eq=False)
class ScriptedLdap:
    """`tls` is for LDAPS, or for StartTLS where `start_tls` is set. `entries` answer every search by default.

    A `deaf` one takes connections and never says a word. Octets that are not LDAP end the connection.
    """

    tls: ssl.SSLContext | None = None
    start_tls: bool = False
    port: int = field(default_factory=free_port)
    passwords: dict[str, bytes] = field(default_factory=dict)
    entries: list[FoundEntry] = field(default_factory=list)
    deaf: bool = False
    on_bind: Callable[[Request], Reply] | None = None
    on_search: Callable[[Request], Reply] | None = None
    on_start_tls: Reply = field(default_factory=Reply)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    _writers: dict[int, asyncio.StreamWriter] = field(default_factory=dict)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens on 127.0.0.1; again on the same port after `stop`."""
        context = None if self.start_tls else self.tls
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=context)

    async def stop(self) -> None:
        """Stops listening and drops every connection."""
        if self._server is not None:
            self._server.close()
        self.drop()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'ldaps' if self.tls and not self.start_tls else 'ldap'}://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """Sockets that are there now."""
        return len(self._writers)

    def seen(self, kind: Kind) -> list[Request]:
        """The requests of one kind so far."""
        return [request for request in self.requests if request.kind == kind]

    def drop(self) -> None:
        """Closes every connection that there is."""
        for writer in tuple(self._writers.values()):
            writer.transport.abort()

    def send_to_all(self, octets: bytes) -> None:
        """Writes to every connection, unasked."""
        for writer in self._writers.values():
            writer.write(octets)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers[connection] = writer
        try:
            with contextlib.suppress(
                OSError, asyncio.IncompleteReadError, asyncio.CancelledError, LookupError, ValueError
            ):
                while self.deaf and await reader.read(4096):
                    pass
                while True:
                    request = _parse(await _message(reader), connection, writer)
                    self.requests.append(request)
                    if request.kind == "unbind":
                        break
                    await self._react(request, writer)
        finally:
            self._tasks.discard(task)
            self._writers.pop(connection, None)
            writer.transport.abort()

    async def _react(self, request: Request, writer: asyncio.StreamWriter) -> None:
        reply = self._reply(request)
        if reply is None:
            return
        if reply.delay or reply.drip:
            task = asyncio.get_running_loop().create_task(_send(request, reply, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            await _send(request, reply, writer)
        if request.kind == "starttls" and reply.code == 0 and self.tls is not None:
            await writer.start_tls(self.tls)

    def _reply(self, request: Request) -> Reply | None:
        if request.kind == "bind":
            if self.on_bind is not None:
                return self.on_bind(request)
            known = self.passwords.get(request.dn)
            right = known is not None and known == request.password
            return Reply() if right else Reply(49, "80090308: LdapErr: DSID-0C0903A9, comment: x, data 52e, v1db1\0")
        if request.kind == "search":
            return self.on_search(request) if self.on_search is not None else Reply(entries=self.entries)
        return self.on_start_tls if request.kind == "starttls" else None


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(2)
    size = head[1]
    if size >= 128:
        head += await reader.readexactly(size - 128)
        size = int.from_bytes(head[2:], "big")
    return head + await reader.readexactly(size)


def _parse(octets: bytes, connection: int, writer: asyncio.StreamWriter) -> Request:
    message, _ = take(octets)
    message_id, operation, *controls = message.parts()
    kind = _KINDS[operation.tag]
    tls = writer.get_extra_info("ssl_object") is not None
    here = (kind, connection, message_id.number(), tls)
    if kind == "bind":
        _, name, password = operation.parts()
        return Request(*here, dn=name.body.decode(), password=password.body)
    if kind == "search":
        base, scope, dereference, size_limit, _, _, search_filter, attributes = operation.parts()
        return Request(
            *here,
            dn=base.body.decode(),
            scope=scope.number(),
            dereference=dereference.number(),
            size_limit=size_limit.number(),
            filter=search_filter.octets,
            attributes=tuple(name.body.decode() for name in attributes.parts()),
            cookie=_cookie(controls),
        )
    return Request(*here, abandoned=operation.number() if kind == "abandon" else 0)


def _cookie(controls: list[Element]) -> bytes | None:
    for control in controls[0].parts() if controls else ():
        oid, *_, value = control.parts()
        if oid.body == _PAGED:
            page, _ = take(value.body)
            return page.parts()[1].body
    return None


async def _send(request: Request, reply: Reply, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(reply.delay)
    if reply.silent:
        return
    octets = (b"" if reply.close else _answer(request, reply)) + reply.inject
    octets = octets if reply.cut is None else octets[: reply.cut]
    with contextlib.suppress(ConnectionError):
        if reply.drip:
            for octet in octets:
                writer.write(bytes([octet]))
                await asyncio.sleep(reply.drip)
        writer.write(b"" if reply.drip else octets)
        await writer.drain()
    if reply.close or reply.cut is not None:
        writer.close()


def _answer(request: Request, reply: Reply) -> bytes:
    if reply.raw is not None:
        return reply.raw
    message_id = request.message_id if reply.message_id is None else reply.message_id
    referrals = put(0xA3, *(put(4, url.encode()) for url in reply.referrals)) if reply.referrals else b""
    result = number(reply.code, 10) + put(4) + put(4, reply.diagnostic.encode()) + referrals
    if request.kind != "search":
        return message(message_id, put({"bind": 0x61, "starttls": 0x78}[request.kind], result))
    found = b"".join(message(message_id, entry_octets(entry)) for entry in reply.entries)
    references = b"".join(message(message_id, put(0x73, put(4, url.encode()))) for url in reply.references)
    controls = b""
    if reply.cookie is not None:
        page = put(0x30, number(0), put(4, reply.cookie))
        controls = put(0xA0, put(0x30, put(4, _PAGED), put(4, page)))
    return found + references + message(message_id, put(0x65, result), controls)


def message(message_id: int, operation: bytes, controls: bytes = b"") -> bytes:
    """A whole LDAPMessage."""
    return put(0x30, number(message_id), operation, controls)


def entry_octets(entry: FoundEntry) -> bytes:
    """A SearchResultEntry."""
    attributes = (
        put(0x30, put(4, name.encode()), put(0x31, *(put(4, value) for value in values)))
        for name, values in entry.attributes.items()
    )
    return put(0x64, put(4, entry.dn.encode()), put(0x30, *attributes))


def search_done(message_id: int, cookie: bytes) -> bytes:
    """A successful end of a page, with the control's criticality written out as some servers do."""
    page = put(0x30, number(0), put(4, cookie))
    return message(
        message_id,
        put(0x65, number(0, 10), put(4), put(4)),
        put(0xA0, put(0x30, put(4, _PAGED), put(1, b"\x00"), put(4, page))),
    )


ALL_ANSWERS = (
    message(1, put(0x61, number(49, 10), put(4), put(4, b"data 52e"), put(0x87, b"sasl"))),
    message(2, entry_octets(FoundEntry("uid=a,dc=x", {"uid": [b"a"], "memberOf": [b"cn=1", bytes(300)], "x": []}))),
    message(3, put(0x73, put(4, b"ldap://other/"))),
    search_done(4, b"cookie"),
    message(5, put(0x65, number(10, 10), put(4), put(4), put(0xA3, put(4, b"ldap://other/dc=x")))),
    message(6, put(0x78, number(0, 10), put(4), put(4), put(0x8A, b"1.3.6.1.4.1.1466.20037"), put(0x8B, b"v"))),
    message(0, NOTICE),
    message(7, put(0x79, put(0x80, b"1.2.3"))),
)
"""One message of each kind that a server sends."""
