"""What comes of a login: who it was, or why not, and the time it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from ldap_token_bridge.guard import Block
from ldap_token_bridge.identity import Account, Group, Refusal
from ldap_token_bridge.observe import spans

CacheState = Literal["hit", "miss"]


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

    @contextmanager
    def waiting(self, stage: Literal["search", "bind", "groups", "sign"]) -> Iterator[None]:
        """Add the time within the block to a stage."""
        start = time.perf_counter()
        try:
            with spans().step(stage):
                yield
        finally:
            setattr(self, stage, getattr(self, stage) + (time.perf_counter() - start) * 1000)


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
