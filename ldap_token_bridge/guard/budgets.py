"""Both budgets as a login meets them: a turn for its address, then an attempt for its account."""

import math
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from ipaddress import IPv4Address, IPv6Address
from types import TracebackType
from typing import Literal, Self, TypeVar

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.values import dataclass

from .accounts import AccountFailures
from .addresses import AddressFailures, client_key
from .turns import Turns

T = TypeVar("T")
BudgetName = Literal["account", "address"]
_Address = IPv4Address | IPv6Address | None
_NO_LIMIT = nullcontext(None)


@dataclass(frozen=True, slots=True)
class Block:
    """A budget is used up. `retry_after` in whole seconds, at least one."""

    budget: BudgetName
    retry_after: int

    @classmethod
    def for_seconds(cls, budget: BudgetName, seconds: float) -> "Block":
        """Until then, and not a moment sooner."""
        return cls(budget, max(1, math.ceil(seconds)))


class Attempt:
    """A password on its way to the directory; an async context manager.

    Counts as failed, whatever ends it, unless it was told otherwise: what was sent may have been counted.
    """

    def __init__(self, account: str, failures: AccountFailures | None, under_way: "dict[str, set[Attempt]]") -> None:
        """`under_way` are those of every account; this one is among them until it ends."""
        self._account, self._failures, self._under_way = account, failures, under_way
        self._ended: Literal["failed", "not-counted", "passed"] = "failed"
        self._overlaps = False

    def not_counted(self) -> None:
        """The directory was not asked, or has not counted it as a wrong password."""
        self._ended = "not-counted"

    def passed(self) -> None:
        """The directory took the password, and counts anew."""
        self._ended = "passed"

    async def __aenter__(self) -> Self:
        others = self._under_way.setdefault(self._account, set())
        self._overlaps = bool(others)
        for other in others:
            other._overlaps = True  # noqa: SLF001 -- another of this class
        others.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        others = self._under_way[self._account]
        others.discard(self)
        if not others:
            del self._under_way[self._account]
        if self._failures is None:
            return
        if self._ended == "failed":
            await self._failures.confirm(self._account)
        elif self._ended == "passed" and not self._overlaps:
            await self._failures.forget(self._account)
        else:
            # Others were under way: the directory may have counted them after this success.
            await self._failures.give_back(self._account)


class _Turn:
    """A class, for it stands in the way of each first login: an `asynccontextmanager` takes twice as long."""

    __slots__ = ("_addresses", "_client", "_deadline", "_is_taken", "_turns")

    def __init__(self, turns: Turns, addresses: AddressFailures, address: _Address, deadline: Deadline) -> None:
        self._turns, self._addresses, self._client = turns, addresses, client_key(address)
        self._deadline = deadline
        self._is_taken = False

    async def __aenter__(self) -> Block | None:
        seconds = await self._turns.take(self._client, self._addresses.left, self._deadline)
        self._is_taken = seconds == 0
        return None if self._is_taken else Block.for_seconds("address", seconds)

    async def __aexit__(self, *_: object) -> None:
        if self._is_taken:
            self._turns.done(self._client)


class Budgets:
    """What is left for accounts and addresses; None is no limit.

    `strangers` counts for names that are nobody's, apart, so that a flood of them pushes no account out of memory.
    """

    def __init__(
        self,
        accounts: AccountFailures | None = None,
        strangers: AccountFailures | None = None,
        addresses: AddressFailures | None = None,
        *,
        memory: float = 0.0,
    ) -> None:
        """`memory`: for how many seconds a failed bind counts for an account."""
        self._accounts, self._strangers, self._addresses = accounts, strangers, addresses
        self.memory = memory
        self._under_way: dict[str, set[Attempt]] = {}
        self._turns = Turns()

    async def blocked(self, address: _Address) -> Block | None:
        """Whether the address has no failures left; nothing is counted."""
        if self._addresses is None:
            return None
        left, seconds = await self._addresses.left(client_key(address))
        return None if left else Block.for_seconds("address", seconds)

    def turn(self, address: _Address, deadline: Deadline) -> AbstractAsyncContextManager[Block | None]:
        """A turn for one login, waited for; a Block if the address has none left. Raises TimeoutError at the deadline.

        No more logins are under way at once than may fail, so that a burst does not get past the budget.
        """
        return _NO_LIMIT if self._addresses is None else _Turn(self._turns, self._addresses, address, deadline)

    async def joined(self, address: _Address, join: Callable[[], Awaitable[T | Block]]) -> T | Block:
        """The outcome of a call that is shared with others; a block of another address than this is none of it."""
        while True:
            outcome = await join()
            if not isinstance(outcome, Block) or outcome.budget != "address" or await self.blocked(address):
                return outcome

    async def failed(self, address: _Address) -> None:
        """A login from there was wrong."""
        if self._addresses is not None:
            await self._addresses.add(client_key(address))

    async def forget(self, account: str) -> None:
        """An operator lets an account go on, by its immutable id."""
        if self._accounts is not None:
            await self._accounts.forget(account)

    def is_used_up(self, account: str, *, is_nobody: bool = False) -> Block | None:
        """What `attempt` would give as far as this process knows; nothing is counted."""
        failures = self._strangers if is_nobody else self._accounts
        seconds = 0.0 if failures is None else failures.wait(account)
        return Block.for_seconds("account", seconds) if seconds else None

    async def attempt(self, account: str, *, is_nobody: bool = False) -> Attempt | Block:
        """Leave to send a password for an account, by its immutable id."""
        failures = self._strangers if is_nobody else self._accounts
        seconds = 0.0 if failures is None else await failures.reserve(account)
        if seconds:
            return Block.for_seconds("account", seconds)
        return Attempt(account, failures, self._under_way)
