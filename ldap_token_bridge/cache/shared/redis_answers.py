"""How redis-py reads answers: a server that is not ours any more may send anything, in any amount.

The library waits for a connection only when nothing more has come on it, and for a value as long as it says that it is.
So a long list of small values held up all logins for many seconds, which no time-out could end, and large values would
have taken the memory.
"""

import asyncio
from typing import Any

from redis._parsers import _AsyncRESP3Parser
from redis.asyncio import connection
from redis.exceptions import InvalidResponse

# Beyond all that is ever asked for: the largest is the list of revoked refresh tokens.
MAX_ANSWER = 2 * 1024 * 1024
_AT_ONCE = 64


class StoreParser(_AsyncRESP3Parser):
    """Reads answers of a bounded length, and a few of their values before everybody else has a turn."""

    def __init__(self, socket_read_size: int) -> None:
        super().__init__(socket_read_size)  # type: ignore[no-untyped-call]  # has no types
        self._lines = self._octets = 0

    async def read_response(self, disable_decoding: bool = False, push_request: bool = False) -> Any:  # noqa: FBT001, FBT002 -- the library's own
        """One answer, with all that is in it."""
        self._octets = 0
        return await super().read_response(disable_decoding, push_request)

    async def _readline(self) -> bytes:
        """Each value begins with one."""
        line = await super()._readline()
        self._count(len(line))
        self._lines += 1
        if self._lines % _AT_ONCE == 0:
            await asyncio.sleep(0)
        return line

    async def _read(self, length: int) -> bytes:
        if length < 0:
            raise InvalidResponse("a value without a length")
        self._count(length)
        return await super()._read(length)

    def _count(self, octets: int) -> None:
        self._octets += octets
        if self._octets > MAX_ANSWER:
            raise InvalidResponse("the answer is longer than any that was asked for")


def read_in_turns() -> None:
    """For every connection that redis-py makes in this process from now on."""
    connection.AbstractConnection.set_parser = _set_parser  # type: ignore[assignment,method-assign]  # there is no other way in


def _set_parser(one: connection.AbstractConnection, _parser: object) -> None:
    one._parser = StoreParser(one._socket_read_size)  # noqa: SLF001 -- as above
