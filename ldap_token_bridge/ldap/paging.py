"""A search to its end: one answer or many pages, and which results are no error."""

from ldap_token_bridge.deadline import Deadline

from . import requests
from .channels import SearchChannel
from .conversation import MAX_ENTRIES
from .errors import SearchFailed, ServerBusy, describe
from .model import Entry, SearchRequest
from .responses import Answer
from .service_account import BUSY

PAGE_SIZE = 1_000  # entries; Active Directory's MaxPageSize
MAX_PAGES = 1_000

MAX_VOLUME = 64 * 1024 * 1024  # octets of all pages, with Python's overhead
_OVERHEAD = 50

_SUCCESS, _OPERATIONS_ERROR, _TIME_LIMIT_EXCEEDED, _SIZE_LIMIT_EXCEEDED, _OTHER = 0, 1, 3, 4, 80
_TROUBLE = BUSY | {_OPERATIONS_ERROR, _TIME_LIMIT_EXCEEDED, _OTHER}  # the server's own; the next one may be better


async def read_all(channel: SearchChannel, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
    """All entries, or an error: a list that is partial in silence would hide groups, and with them denials.

    Raises SearchFailed, ServerBusy or TransportFailure.
    """
    if not request.paged:
        answer, entries = await channel.search(request, deadline)
        _check(channel, answer, request, len(entries))
        # Samba sends many more than it was asked for.
        return tuple(entries[: request.size_limit] if request.size_limit else entries)
    found: list[Entry] = []
    cookie = b""
    volume = 0
    for _ in range(MAX_PAGES):
        answer, entries = await channel.search(request, deadline, requests.paging(PAGE_SIZE, cookie))
        found += entries
        volume += sum(map(_size, entries))
        _check(channel, answer, request, len(found))
        cookie = answer.cookie
        if not cookie or answer.code != _SUCCESS:
            return tuple(found)
        if len(found) > MAX_ENTRIES or volume > MAX_VOLUME:
            break
    raise SearchFailed(
        _SIZE_LIMIT_EXCEEDED, f"more than {MAX_PAGES} pages, {MAX_ENTRIES} entries or {MAX_VOLUME} octets"
    )


def _size(entry: Entry) -> int:
    """About what an entry takes up: a value of two octets costs more than its octets."""
    return len(entry.dn) + sum(_OVERHEAD + len(value) for values in entry.attributes.values() for value in values)


def _check(channel: SearchChannel, answer: Answer, request: SearchRequest, count: int) -> None:
    if answer.code == _SUCCESS:
        return
    if answer.code == _OPERATIONS_ERROR:
        # Active Directory: "a successful bind must be completed on the connection". Another one may be good.
        channel.abort("the server does not take the connection for bound")
    if answer.code in _TROUBLE:
        raise ServerBusy(f"answered {describe(answer.code, answer.diagnostic)}")
    # The limit that the caller set is reached, which is what it asked to know; a limit of the server's own is not.
    if answer.code == _SIZE_LIMIT_EXCEEDED and 0 < request.size_limit <= count:
        return
    raise SearchFailed(answer.code, answer.diagnostic)
