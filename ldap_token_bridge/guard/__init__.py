"""How many failed logins are passed on: for one account, so that no directory locks it, and from one address.

Owns limits. Knows nothing of directories or HTTP: callers say which account, from where, and how it ended. What counts
is what was asked; what memory refuses costs nothing.
"""

from .accounts import AccountFailures, MemoryAccountFailures
from .addresses import AddressFailures, WindowedAddressFailures
from .budgets import Attempt, Block, BudgetName, Budgets, in_memory_addresses
from .rule import Budget, is_over, wait_of

__all__ = [
    "AccountFailures",
    "AddressFailures",
    "Attempt",
    "Block",
    "Budget",
    "BudgetName",
    "Budgets",
    "MemoryAccountFailures",
    "WindowedAddressFailures",
    "in_memory_addresses",
    "is_over",
    "wait_of",
]
