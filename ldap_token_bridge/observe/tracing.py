"""Where the spans of a request go: nowhere, unless tracing is set up.

A span holds neither accounts nor repositories nor what clients typed: those stand in the audit line, which has the
same `trace_id`.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

from .trace_context import TraceContext

Step = Literal["search", "bind", "groups", "policy", "sign"]
_NOTHING: AbstractContextManager[None] = nullcontext()


class RequestSpan(Protocol):
    """A request's span while it is under way."""

    @property
    def context(self) -> TraceContext | None:
        """Where log and audit line say that the request stands."""

    def tell(self, attributes: Mapping[str, str | int], *, failed: bool) -> None:
        """What came of it, and whether that was an error. Never who asked, or for what."""


class Spans(Protocol):
    """Where spans go."""

    are_recorded: bool
    """Whether anything is made of them at all."""

    def request(self, parent: TraceContext | None) -> AbstractContextManager[RequestSpan]:
        """A span for a whole request."""

    def step(self, name: Step) -> AbstractContextManager[object]:
        """A span for a part of the request that is under way."""

    def close(self) -> None:
        """Send what is left."""


class _Unrecorded:
    """The caller's own place is all there is to tell."""

    __slots__ = ("context",)

    def __init__(self, context: TraceContext | None) -> None:
        self.context = context

    def tell(self, attributes: Mapping[str, str | int], *, failed: bool) -> None:
        """Nobody listens."""


_NOWHERE: AbstractContextManager[RequestSpan] = nullcontext(_Unrecorded(None))


class NoSpans:
    """Tracing is off: nothing is made, nothing is sent."""

    are_recorded = False

    def request(self, parent: TraceContext | None) -> AbstractContextManager[RequestSpan]:
        """The caller's own place."""
        return _NOWHERE if parent is None else nullcontext(_Unrecorded(parent))

    def step(self, name: Step) -> AbstractContextManager[object]:
        """Nothing."""
        del name
        return _NOTHING

    def close(self) -> None:
        """Nothing."""


_current: Spans = NoSpans()


def spans() -> Spans:
    """Where spans go now."""
    return _current


def use_spans(new: Spans) -> Spans:
    """From now on they go there; gives where they went before, for the caller to close."""
    global _current  # as for log lines, there is one place for the whole process
    old, _current = _current, new
    return old
