"""The demo's sample directory, served from a thread of its own so that blocking clients can be used."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import ldap3

from ldap_token_bridge.demo.directory import SampleDirectory
from ldap_token_bridge.demo.tree import sample_tree
from ldap_token_bridge.identity import Secret

SERVICE_PASSWORD = "service-of-the-test"
Connect = Callable[..., ldap3.Connection]


@contextmanager
def serving() -> Iterator[int]:
    """A running sample directory; gives its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    directory = SampleDirectory(sample_tree(Secret(SERVICE_PASSWORD.encode())))
    try:
        yield asyncio.run_coroutine_threadsafe(directory.start(), loop).result(10)
        asyncio.run_coroutine_threadsafe(directory.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
