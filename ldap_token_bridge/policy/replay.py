"""Past requests, from the audit trail, put to two policies: who would have got more, and who less.

The audit line tells everything that a decision needs but the person's groups. These come from whoever calls, as the
directory has them today; where they are not known, nothing is guessed. Pure: lines in, differences out.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from ldap_token_bridge.identity import Group, Refusal, Subject, SubjectKind, machine_of
from ldap_token_bridge.registry import Access, parse_scopes
from ldap_token_bridge.values import dataclass

from .comparison import compare
from .decision import Change, Question
from .load import Policy

_EVENT = "token-request"


@dataclass(frozen=True, slots=True)
class PastRequest:
    """A request that a policy decided. `account` is empty for an anonymous client."""

    account: str
    asked: tuple[Access, ...]
    service: str
    address: IPv4Address | IPv6Address | None
    time: datetime


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that is no request which a policy decided: `why` is empty if that is as it should be."""

    line: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A request with what the second policy gives more and less; no change if the groups are not known."""

    request: PastRequest
    change: Change | None


def read_requests(lines: Iterable[str]) -> Iterator[PastRequest | Unread]:
    """One for each line of an audit trail, in its order; other lines may stand between."""
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            yield Unread(number, "it is no JSON" if line.strip() else "")
            continue
        if not isinstance(record, dict) or record.get("event") != _EVENT or not _was_decided(record):
            yield Unread(number)
            continue
        try:
            yield _request(record)
        except (KeyError, TypeError, ValueError, OverflowError):
            yield Unread(number, "it is no audit line of this program")


def people_of(requests: Iterable[PastRequest]) -> list[str]:
    """The accounts of people, each once, sorted: those whose groups a replay needs."""
    return sorted({each.account for each in requests if each.account and machine_of(each.account) is None})


def replay(
    requests: Iterable[PastRequest], old: Policy, new: Policy, groups: Mapping[str, tuple[Group, ...]]
) -> Iterator[Replayed]:
    """Each request put to both policies, at its own time. `groups` are those of each person's account, where known."""
    for request in requests:
        subject = _subject(request, groups)
        if subject is None and request.account:
            yield Replayed(request, None)
            continue
        question = Question(subject, request.asked, request.service, request.address, request.time)
        yield Replayed(request, compare(old.decide(question), new.decide(question)))


def count_alike(replayed: Iterable[Replayed]) -> Counter[tuple[str, Change]]:
    """The changes by account, each with the number of requests that it concerns: a pipeline asks a thousand times."""
    return Counter((each.request.account, each.change) for each in replayed if each.change)


def _was_decided(record: dict[str, Any]) -> bool:
    """Whether a policy was asked. An anonymous client that was sent away was told by it that nothing is for anyone."""
    return record.get("outcome") == "issued" or record.get("reason") == Refusal.NO_CREDENTIALS


def _request(record: dict[str, Any]) -> PastRequest:
    account, asked, client = record["account"], record["asked"], record["client"]
    time = datetime.fromisoformat(record["time"])
    if not isinstance(asked, list) or time.tzinfo is None:
        raise TypeError
    if not all(isinstance(text, str) for text in (account, record["service"], client, *asked)):
        raise TypeError
    address = ip_address(client) if client else None
    return PastRequest(account, parse_scopes(asked), record["service"], address, time.astimezone(UTC))


def _subject(request: PastRequest, groups: Mapping[str, tuple[Group, ...]]) -> Subject | None:
    machine = machine_of(request.account)
    if machine:
        return Subject(*machine)  # in no group
    known = groups.get(request.account)
    return None if known is None or not request.account else Subject(SubjectKind.USER, request.account, known)
