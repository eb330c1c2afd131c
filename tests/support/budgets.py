"""Budgets of one process alone, without a store that replicas share."""

import time
from collections.abc import Callable

from ldap_token_bridge.guard import Budget, Budgets, MemoryAccountFailures, MemoryAddressFailures


def in_memory(
    account: Budget | None,
    address: Budget | None,
    max_entries: int,
    clock: Callable[[], float] = time.monotonic,
) -> Budgets:
    """Of at most that many accounts and addresses; None is `off`."""
    accounts, strangers = (MemoryAccountFailures(account, max_entries, clock) if account else None for _ in range(2))
    addresses = MemoryAddressFailures(address, max_entries, clock) if address else None
    return Budgets(accounts, strangers, addresses, memory=account.memory if account else 0.0)
