"""A connected socket to a host, by whichever of its addresses answers.

Not asyncio's own: its race between addresses (`happy_eyeballs_delay`) loses sockets when it is cancelled (Python 3.11).
"""

import asyncio
import socket

_KEEP_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 3))


async def dial(host: str, port: int, limit: float) -> socket.socket:
    """The socket, to be closed by the caller. Raises OSError (TimeoutError at `limit`, on the loop's clock).

    An address that stays silent costs an equal share of the time that is left, so that the next one has its chance.
    """
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError = OSError("the name has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        share = max(0.0, limit - loop.time()) / (len(addresses) - tried)
        candidate = socket.socket(family, kind, protocol)
        try:
            candidate.setblocking(False)
            async with asyncio.timeout(share):
                await loop.sock_connect(candidate, address)
            _keep_alive(candidate)
        except OSError as error:
            candidate.close()
            failure = error
        except BaseException:
            candidate.close()
            raise
        else:
            return candidate
    raise failure


def _keep_alive(connected: socket.socket) -> None:
    """So that a peer that vanished without a word is noticed, and firewalls remember the connection."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, seconds in _KEEP_ALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            connected.setsockopt(socket.IPPROTO_TCP, option, seconds)
