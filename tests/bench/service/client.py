"""A client of a few lines, where it matters who asks when: one request after the other over a connection that stays."""

import http.client
import ssl
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from .wrk import Ask

_PATIENCE = 30.0
_AT_ONCE = 8


class Reply(NamedTuple):
    """The status, and the milliseconds until all of the reply was there."""

    status: int
    milliseconds: float


def ask_in_turn(url: str, asks: Iterable[Ask]) -> list[Reply]:
    """The replies, in order. `url` is `scheme://host:port`; the certificate is not looked at, as by wrk."""
    with closing(_connection(urlsplit(url))) as connection:
        connection.connect()
        return [_reply(connection, ask) for ask in asks]


def ask_at_once(url: str, asks: Iterable[Ask], at_once: int = _AT_ONCE) -> list[Reply]:
    """The same over so many connections, of which each takes the next ask when it is free."""
    waiting = iter(list(asks))
    with ThreadPoolExecutor(at_once) as threads:
        # A list's iterator is safe to share: each ask goes to one thread.
        parts = [threads.submit(ask_in_turn, url, waiting) for _ in range(at_once)]
        return [reply for part in parts for reply in part.result()]


def _connection(url: SplitResult) -> http.client.HTTPConnection:
    host, port = url.hostname or "", url.port
    if url.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_PATIENCE)
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=_PATIENCE, context=blind)


def _reply(connection: http.client.HTTPConnection, ask: Ask) -> Reply:
    headers = dict(header.split(": ", 1) for header in ask.headers)
    start = time.perf_counter()
    connection.request("GET", ask.path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return Reply(answer.status, (time.perf_counter() - start) * 1000)
