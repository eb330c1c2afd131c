"""What systemd is told, where it asks for it: sd_notify(3), over the socket that NOTIFY_SOCKET names.

Nowhere else is anything said. That the supervisor does not listen never keeps the bridge from its work.
"""

import asyncio
import os
import socket
import time
from collections.abc import Mapping

from ldap_token_bridge.observe import log

# Longer than systemd ever looks away; a reload and the end of the program wait this long at most.
_PATIENCE = 5.0
_MICRO = 1_000_000


class Supervisor:
    """The one that started the process, by the environment that it gave."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = _socket_address(environment.get("NOTIFY_SOCKET", ""))
        self._interval = _watchdog_interval(environment) if self._address else 0.0

    async def ready(self, status: str) -> None:
        """The bridge serves, for the first time or after `reloading`; `systemctl status` shows the status."""
        await self._say("READY=1", f"STATUS={status}")

    async def reloading(self) -> None:
        """What has changed is being read; `ready` follows whether or not it could be used."""
        await self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    async def stopping(self) -> None:
        """No new request is taken from here on."""
        await self._say("STOPPING=1", "STATUS=Finishing the requests under way")

    async def reassure(self) -> None:
        """Forever, where a watchdog watches: a sign of life from the very event loop that answers requests.

        While that hangs there is none, and the supervisor starts the bridge anew.
        """
        while self._interval:
            await self._say("WATCHDOG=1")
            await asyncio.sleep(self._interval)

    async def _say(self, *lines: str) -> None:
        """A socket for each message: the supervisor may have made its own anew since the last one."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
                connection.setblocking(False)
                async with asyncio.timeout(_PATIENCE):
                    connection.connect(self._address)
                    await asyncio.get_running_loop().sock_sendall(connection, "\n".join(lines).encode())
        except OSError as error:  # TimeoutError is one, too
            log().warning("the supervisor cannot be told how the bridge is", error=error.strerror or "no answer")


def _socket_address(name: str) -> str:
    """A path, or `@name` for one of the abstract sockets, which begin with NUL; empty if it is neither."""
    if name.startswith("@"):
        return f"\0{name[1:]}"
    return name if name.startswith("/") else ""


def _watchdog_interval(environment: Mapping[str, str]) -> float:
    """Half of what the watchdog waits for, in seconds; 0 if none waits for this process (sd_watchdog_enabled(3))."""
    microseconds, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", str(os.getpid()))
    if not (microseconds.isascii() and microseconds.isdecimal()) or pid != str(os.getpid()):
        return 0.0
    return int(microseconds) / _MICRO / 2
