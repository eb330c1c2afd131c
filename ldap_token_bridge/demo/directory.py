"""The sample directory's server: LDAP on a loopback socket. A sample, not a product: it exists for the demo alone."""

import asyncio
from contextlib import suppress

from .answers import notice_of_disconnection
from .messages import MalformedMessage, decode_request
from .session import PROTOCOL_ERROR, Session
from .tree import Tree

MAX_MESSAGE = 64 * 1024  # bytes; a search for a thousand groups stays below
MAX_CONNECTIONS = 64
IDLE_SECONDS = 900  # Active Directory's MaxConnIdleTime

_SEQUENCE = 0x30
_LONG_FORM = 0x80  # a length octet with this bit says how many octets of length follow (X.690 section 8.1.3.5)
_MAX_LENGTH_OCTETS = 4


class SampleDirectory:
    """Serves one tree on 127.0.0.1 from `start` to `stop`.

    Plain LDAP: nothing leaves the loopback interface, and certificates would show nothing that the demo is about.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._server: asyncio.Server | None = None
        self._conversations: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self) -> int:
        """Listens on a free port and returns it."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stops listening and closes every connection."""
        if self._server is None:
            return
        self._server.close()
        ending = dict(self._conversations)
        for writer in ending:
            writer.close()  # the conversation then sees the end of its stream, and leaves
        await asyncio.gather(*(task for task in ending.values() if task))
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._conversations) >= MAX_CONNECTIONS:
            writer.close()
            return
        self._conversations[writer] = asyncio.current_task()
        try:
            # The other side going away, in whatever way, ends the conversation and concerns nobody else.
            with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                await self._converse(reader, writer)
        finally:
            del self._conversations[writer]
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self._tree)
        while not session.finished:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    request = decode_request(await read_message(reader))
            except MalformedMessage as error:
                writer.write(notice_of_disconnection(PROTOCOL_ERROR, str(error)))
                await writer.drain()
                return
            for answer in session.answer(request):
                writer.write(answer)
            await writer.drain()


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """One whole message from a stream (X.690 section 8.1); raises MalformedMessage before it reads an overlong one."""
    head = await reader.readexactly(2)
    if head[0] != _SEQUENCE:
        raise MalformedMessage("no LDAP message begins like this")
    length = head[1]
    if length & _LONG_FORM:
        octets = length & ~_LONG_FORM
        if not 0 < octets <= _MAX_LENGTH_OCTETS:
            raise MalformedMessage("the length of the message is not in a form that LDAP allows")
        more = await reader.readexactly(octets)
        head += more
        length = int.from_bytes(more, "big")
    if length > MAX_MESSAGE:
        raise MalformedMessage(f"a message is longer than {MAX_MESSAGE} bytes")
    return head + await reader.readexactly(length)
