"""A bridge inside the test's own process, before the demo's sample directory: quick enough for many requests."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ldap_token_bridge.demo.directory import SampleDirectory
from ldap_token_bridge.demo.home import furnish
from ldap_token_bridge.demo.tree import sample_tree
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.serve import Bridge
from ldap_token_bridge.settings import load_settings

T = TypeVar("T")
_PASSWORD = "service-of-the-test"
_SECONDS = 20
# Thousands of wrong logins from one address are what these tests are about.
_NO_BUDGETS = {"LTB_GUARD__ACCOUNT_FAILURES": "off", "LTB_GUARD__ADDRESS_FAILURES": "off"}


@dataclass(frozen=True)
class InProcess:
    """A running bridge, and the ports of its two listeners."""

    bridge: Bridge
    port: int
    admin_port: int

    def send(self, raw: bytes, *, hang_up: bool = False, admin: bool = False) -> bytes:
        """Bytes on a connection of their own, and all that comes back until it is closed.

        With `hang_up` the bridge learns that nothing more comes, and may leave out an answer.
        """
        port = self.admin_port if admin else self.port
        with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as client:
            parts = []
            # What is refused before it is read whole may be answered by a reset behind the answer.
            with suppress(ConnectionResetError, BrokenPipeError):
                client.sendall(raw)
                if hang_up:
                    client.shutdown(socket.SHUT_WR)
                while part := client.recv(65536):
                    parts.append(part)
            return b"".join(parts)

    def errors(self) -> list[str]:
        """Lines of the metrics about requests that ended with a 5xx."""
        lines = self.bridge.metrics.render().decode().splitlines()
        return [line for line in lines if line.startswith('ltb_token_requests_total{outcome="error"')]


@contextmanager
def running_in_process(folder: Path) -> Iterator[InProcess]:
    """Starts both in a thread of their own, and leaves nothing behind."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(_SECONDS)

    directory = SampleDirectory(sample_tree(Secret(_PASSWORD.encode())))
    try:
        home = furnish(folder, run(directory.start()), _PASSWORD)
        bridge = run(_make(home.settings))
        run(bridge.start())
        try:
            yield InProcess(bridge, bridge.address.port, bridge.admin_address.port)
        finally:
            run(bridge.stop())
            run(directory.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _make(settings: Path) -> Bridge:
    return Bridge(lambda: load_settings(settings, _NO_BUDGETS))
