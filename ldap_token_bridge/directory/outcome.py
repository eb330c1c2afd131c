"""What comes of a login: who it was, or why not, and the time it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from ldap_token_bridge.identity import Account, Group, Refusal

CacheState = Literal["hit", "miss"]


@dataclass(frozen=True, slots=True)
class CacheTimes:
    """How long things are remembered, in seconds; 0 means not at all."""

    credentials: float
    groups: float
    rejected: float
    max_accounts: int


@dataclass(slots=True)
class Spent:
    """Milliseconds that a login waited in each stage; 0 where memory answered."""

    search: float = 0.0
    bind: float = 0.0
    groups: float = 0.0

    @contextmanager
    def waiting(self, stage: Literal["search", "bind", "groups"]) -> Iterator[None]:
        """Add the time within the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            setattr(self, stage, getattr(self, stage) + (time.perf_counter() - start) * 1000)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The password was right and nothing speaks against the account."""

    account: Account
    groups: tuple[Group, ...]
    cache: CacheState
    spent: Spent


@dataclass(frozen=True, slots=True)
class Refused:
    """The login is refused; `account` is None if the name is nobody's."""

    reason: Refusal
    account: Account | None = None
    cache: CacheState = "miss"
    spent: Spent = field(default_factory=Spent)


Login = Authenticated | Refused
