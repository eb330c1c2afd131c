"""The caller's place in a distributed trace, as the header `traceparent` tells it (W3C Trace Context, level 1)."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from ldap_token_bridge.values import dataclass

from .log import on_every_line

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII).fullmatch
_FIRST_VERSION, _NO_VERSION = "00", "ff"
_SAMPLED = 0x01
_NOTHING: AbstractContextManager[None] = nullcontext()


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Ids as lower-case hex; `sampled`: whether the caller records the trace."""

    trace_id: str
    span_id: str
    sampled: bool


def read_traceparent(headers: Sequence[str]) -> TraceContext | None:
    """What the header says; None without one, with two, and for whatever is not as the standard has it."""
    if len(headers) != 1:
        return None
    read = _TRACEPARENT(headers[0])
    if read is None:
        return None
    version, trace_id, span_id, flags, more = read.groups()
    # Later versions may append fields; the first one may not (section 3.2.4).
    if version == _NO_VERSION or (more and version == _FIRST_VERSION):
        return None
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(trace_id, span_id, sampled=bool(int(flags, 16) & _SAMPLED))


def traced_lines(context: TraceContext | None) -> AbstractContextManager[None]:
    """Log lines within the block say which trace they belong to."""
    if context is None:
        return _NOTHING
    return on_every_line(trace_id=context.trace_id, span_id=context.span_id)
