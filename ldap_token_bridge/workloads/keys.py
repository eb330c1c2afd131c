"""Keys of an issuer while the bridge runs: renewed beside the logins, kept for a while when the issuer is down."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.observe import log
from ldap_token_bridge.tokens import TrustedKeys

from .fetch import CannotFetch

# Seconds. A set that was fetched longer ago is not believed, though nobody says what became of it.
KEEP = 86_400.0
# Between two attempts: whoever makes up key ids makes no more requests to the issuer than this.
_PAUSE = 60.0
_PAUSE_WITHOUT_KEYS = 5.0
_SHARE = 0.8  # of the time that a request has left


OnFetch = Callable[[str, str], None]
"""Hears of each fetch that has come to its end: the issuer's name, and `ok` or why not, in a word."""


class IssuerUnavailable(Unavailable):
    """An issuer's keys cannot be had now, so none of its tokens can be verified. Answered with 503."""


class KeySource(Protocol):
    """Where an issuer's keys come from."""

    async def current(self, deadline: Deadline) -> TrustedKeys:
        """The keys to verify with. Raises IssuerUnavailable."""

    async def newer(self, than: TrustedKeys, deadline: Deadline) -> TrustedKeys:
        """Keys that may have come since; `than` itself if there are none."""

    def age(self) -> float | None:
        """Seconds since they were fetched, infinite if they never were; None if they are not fetched at all."""

    async def close(self) -> None:
        """Give up what is under way."""


class FixedKeys:
    """Keys of a file."""

    def __init__(self, keys: TrustedKeys) -> None:
        self._keys = keys

    async def current(self, deadline: Deadline) -> TrustedKeys:  # noqa: ARG002 -- nothing to wait for
        """KeySource: always the same."""
        return self._keys

    async def newer(self, than: TrustedKeys, deadline: Deadline) -> TrustedKeys:  # noqa: ARG002 -- as above
        """KeySource: a changed file comes with a reload."""
        return self._keys

    def age(self) -> float | None:
        """KeySource: a file has none."""
        return None

    async def close(self) -> None:
        """KeySource: nothing is under way."""


class FetchedKeys:
    """Keys that are fetched: one fetch at a time, all who wait share it. `clock` gives seconds and never goes back."""

    def __init__(
        self,
        issuer: str,
        seconds: float,
        fetch: Callable[[], Awaitable[TrustedKeys]],
        clock: Callable[[], float] = time.monotonic,
        on_fetch: OnFetch = lambda _issuer, _outcome: None,
    ) -> None:
        """`issuer` is its name, for log and metric; after `seconds` the keys are fetched anew."""
        self._issuer = issuer
        self._seconds = seconds
        self._fetch = fetch
        self._clock = clock
        self._on_fetch = on_fetch
        self._keys: TrustedKeys | None = None
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self._why = ""

    async def current(self, deadline: Deadline) -> TrustedKeys:
        """KeySource: waits only if there are no keys that may still be used."""
        age = self._clock() - self._fetched_at
        if age >= KEEP:
            await self._fetch_anew(_PAUSE_WITHOUT_KEYS, deadline)
            if self._clock() - self._fetched_at >= KEEP:
                detail = f"the keys of the issuer {self._issuer} cannot be fetched: {self._why or 'no answer yet'}"
                raise IssuerUnavailable("the token cannot be verified now", detail=detail)
        elif age >= self._seconds:
            self._begin(_PAUSE)
        assert self._keys is not None  # noqa: S101 -- what has an age is there
        return self._keys

    async def newer(self, than: TrustedKeys, deadline: Deadline) -> TrustedKeys:
        """KeySource: asks the issuer at most once a minute."""
        if self._keys is than:
            await self._fetch_anew(_PAUSE, deadline)
        return self._keys or than

    def age(self) -> float | None:
        """KeySource."""
        return self._clock() - self._fetched_at

    async def close(self) -> None:
        """KeySource: ends the fetch."""
        if self._fetching:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _fetch_anew(self, pause: float, deadline: Deadline) -> None:
        """Waits for the fetch that is under way or begins; no one who gives up waiting ends it."""
        task = self._begin(pause)
        if task:
            # The rest is for the answer.
            await asyncio.wait((task,), timeout=deadline.remaining() * _SHARE)

    def _begin(self, pause: float) -> asyncio.Task[None] | None:
        if self._fetching and not self._fetching.done():
            return self._fetching
        if self._clock() - self._tried_at < pause:
            return None
        self._tried_at = self._clock()
        self._fetching = asyncio.create_task(self._work())
        return self._fetching

    async def _work(self) -> None:
        before, self._why, outcome = self._why, "", "ok"
        try:
            self._keys = await self._fetch()
        except CannotFetch as error:
            self._why, outcome = str(error), error.reason
        except Exception as error:  # noqa: BLE001 -- an issuer that makes the client fail is no worse than one that is down
            self._why, outcome = type(error).__name__, "unforeseen"
        else:
            self._fetched_at = self._clock()
        self._on_fetch(self._issuer, outcome)
        if self._why and self._why != before:
            log().warning("the keys of an issuer cannot be fetched", issuer=self._issuer, why=self._why)
        elif before and not self._why:
            log().info("the keys of an issuer can be fetched again", issuer=self._issuer)
