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

_SUCCESS, _SIZE_LIMIT_EXCEEDED = 0, 4


async def read_all(channel: SearchChannel, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
    """All entries, or an error: a list that is partial in silence would hide groups, and with them denials.

    Raises SearchFailed, ServerBusy or TransportFailure.
    """
    if not request.paged:
        answer, entries = await channel.search(request, deadline)
        _check(answer, request, len(entries))
        return tuple(entries)
    found: list[Entry] = []
    cookie = b""
    for _ in range(MAX_PAGES):
        answer, entries = await channel.search(request, deadline, requests.paging(PAGE_SIZE, cookie))
        found += entries
        _check(answer, request, len(found))
        cookie = answer.cookie
        if not cookie or answer.code != _SUCCESS:
            return tuple(found)
        if len(found) > MAX_ENTRIES:
            break
    raise SearchFailed(_SIZE_LIMIT_EXCEEDED, f"more than {MAX_PAGES} pages or {MAX_ENTRIES} entries")


def _check(answer: Answer, request: SearchRequest, count: int) -> None:
    if answer.code == _SUCCESS:
        return
    if answer.code in BUSY:
        raise ServerBusy(f"answered {describe(answer.code, answer.diagnostic)}")
    # The limit that the caller set is reached, which is what it asked to know; a limit of the server's own is not.
    if answer.code == _SIZE_LIMIT_EXCEEDED and 0 < request.size_limit <= count:
        return
    raise SearchFailed(answer.code, answer.diagnostic)
