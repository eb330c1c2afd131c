"""How many failed logins are passed on: for one account, so that no directory locks it, and from one address.

Knows nothing of directories or HTTP: callers say which account, from where, and how it ended. What counts
is what was asked; what memory refuses costs nothing.
"""

from .accounts import FEWEST_COUNTED, AccountFailures, MemoryAccountFailures
from .addresses import AddressFailures, MemoryAddressFailures, client_key
from .budgets import Attempt, Block, BudgetName, Budgets
from .rule import Budget, is_over, left_of, wait_of, within

__all__ = [
    "FEWEST_COUNTED",
    "AccountFailures",
    "AddressFailures",
    "Attempt",
    "Block",
    "Budget",
    "BudgetName",
    "Budgets",
    "MemoryAccountFailures",
    "MemoryAddressFailures",
    "client_key",
    "is_over",
    "left_of",
    "wait_of",
    "within",
]
