"""What comes of a login: who it was, or why not, and the time it took."""

import time
from contextlib import AbstractContextManager
from dataclasses import field
from types import TracebackType
from typing import Literal

from ldap_token_bridge.guard import Block
from ldap_token_bridge.identity import Account, Group, Refusal
from ldap_token_bridge.observe import spans
from ldap_token_bridge.values import dataclass

CacheState = Literal["hit", "miss"]
Stage = Literal["search", "bind", "groups", "sign"]


@dataclass(frozen=True, slots=True)
class CacheTimes:
    """How long things are remembered, in seconds; 0 means not at all."""

    credentials: float
    groups: float
    rejected: float
    max_accounts: int
    stale_if_down: float = 0.0


@dataclass(slots=True)
class Spent:
    """Milliseconds that a request waited in each stage; 0 where memory answered."""

    search: float = 0.0
    bind: float = 0.0
    groups: float = 0.0
    sign: float = 0.0

    def waiting(self, stage: Stage) -> AbstractContextManager[None]:
        """Add the time within the block to a stage."""
        return _Waiting(self, stage)


class _Waiting:
    """A class, for it stands in the way of each token: written with `contextmanager` it takes three times as long."""

    __slots__ = ("_span", "_spent", "_stage", "_start")

    def __init__(self, spent: Spent, stage: Stage) -> None:
        self._spent, self._stage = spent, stage
        recorder = spans()
        self._span = recorder.step(stage) if recorder.are_recorded else None

    def __enter__(self) -> None:
        self._start = time.perf_counter()
        if self._span is not None:
            self._span.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is not None:
            self._span.__exit__(kind, error, trace)
        before = getattr(self._spent, self._stage)
        setattr(self._spent, self._stage, before + (time.perf_counter() - self._start) * 1000)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The password was right, or not asked for, and nothing speaks against the account.

    `password_date` was read before the password was checked; empty if the directory does not tell it.
    `stale_seconds`: no directory answers, and so long ago one confirmed this login; 0 if it is no such one.
    """

    account: Account
    groups: tuple[Group, ...]
    cache: CacheState
    spent: Spent
    password_date: str = ""
    stale_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """The login is refused; `account` is None if the name is nobody's. `block` goes with too-many-attempts."""

    reason: Refusal
    account: Account | None = None
    cache: CacheState = "miss"
    spent: Spent = field(default_factory=Spent)
    block: Block | None = None


Login = Authenticated | Refused
