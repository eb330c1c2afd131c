"""Tells the observer how long each step took and how it went."""

from time import perf_counter
from typing import Self

from .options import Observer


class Timing:
    """One step under way; `finish` once. What ends in an exception without `finish` is an error.

    A context manager and no decorator: the hot path pays for one small object.
    """

    __slots__ = ("_observe", "_operation", "_outcome", "_server", "_started")

    def __init__(self, observe: Observer, operation: str, server: str) -> None:
        self._observe = observe
        self._operation = operation
        self._server = server
        self._outcome = "error"

    def __enter__(self) -> Self:
        self._started = perf_counter()
        return self

    def finish(self, *, ok: bool) -> None:
        """The server answered: yes or no."""
        self._outcome = "ok" if ok else "refused"

    def __exit__(self, *_: object) -> None:
        self._observe(self._operation, self._server, perf_counter() - self._started, self._outcome)
