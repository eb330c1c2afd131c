"""A host with several addresses, and the socket's own settings."""

import asyncio
import socket
from typing import Any

import pytest

from ldap_token_bridge.ldap.dial import dial
from tests.ldap.conftest import MakeServer
from tests.support.process import free_port


def _resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    async def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


def _limit(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_the_next_address_is_tried_when_one_refuses(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket that comes back is connected, keeps itself alive, and is nobody else's."""
    server = await make_server(tls=False)
    _resolve_to(monkeypatch, ("127.0.0.9", server.port), ("127.0.0.1", server.port))
    with await dial("directory", 389, _limit(5)) as connected:
        assert connected.getpeername() == ("127.0.0.1", server.port)
        assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert connected.gettimeout() == 0


async def test_a_silent_address_does_not_use_up_the_time(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one still gets its share."""
    server = await make_server(tls=False)
    with _silent_listener() as silent:
        _resolve_to(monkeypatch, silent.getsockname(), ("127.0.0.1", server.port))
        with await dial("directory", 389, _limit(0.4)) as connected:
            assert connected.getpeername() == ("127.0.0.1", server.port)
        _resolve_to(monkeypatch, silent.getsockname())
        with pytest.raises(TimeoutError):
            await dial("directory", 389, _limit(0.1))


async def test_without_an_address_that_answers_the_last_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a name without addresses is an error, too."""
    address = ("127.0.0.1", free_port())
    _resolve_to(monkeypatch, address, address)
    with pytest.raises(ConnectionRefusedError):
        await dial("directory", 389, _limit(5))
    _resolve_to(monkeypatch)
    with pytest.raises(OSError, match="no address"):
        await dial("directory", 389, _limit(5))


class _silent_listener:  # noqa: N801 -- used as a function
    """A listening socket whose queue is full: the kernel answers no further connection."""

    def __enter__(self) -> socket.socket:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self._fillers = [socket.socket() for _ in range(4)]
        for filler in self._fillers:
            filler.setblocking(False)
            filler.connect_ex(self._listener.getsockname())
        return self._listener

    def __exit__(self, *_: object) -> None:
        for filler in (*self._fillers, self._listener):
            filler.close()
