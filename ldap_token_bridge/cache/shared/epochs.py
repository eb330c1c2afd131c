"""What was forgotten on purpose: whatever was written in an epoch that is over is never read again.

An epoch is a random word in the names of entries. A new one for an account, or for all, and the old entries are out of
reach until their time is over.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import field

from ldap_token_bridge.values import dataclass

_MOST_ACCOUNTS = 1000


@dataclass(frozen=True, slots=True)
class Epochs:
    """The epoch that all accounts are in, and those of accounts that were forgotten one by one since it began."""

    everybody: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)

    def of(self, account: str) -> str:
        """The epoch of one account."""
        return self.accounts.get(account, "")

    def forgetting(self, account: str) -> "Epochs":
        """With a new epoch for one account; with many of them, a new one for all, so that this stays small."""
        if len(self.accounts) >= _MOST_ACCOUNTS:
            return self.forgetting_everybody()
        return Epochs(self.everybody, {**self.accounts, account: _new()})

    def forgetting_everybody(self) -> "Epochs":
        """With a new epoch for all."""
        return Epochs(_new())

    def text(self) -> bytes:
        """As it stands in the store."""
        return json.dumps([self.everybody, self.accounts]).encode()

    @classmethod
    def of_text(cls, text: bytes) -> "Epochs":
        """What `text` wrote."""
        everybody, accounts = json.loads(text)
        return cls(everybody, accounts)


def _new() -> str:
    return secrets.token_hex(8)
