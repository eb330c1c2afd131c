"""Which refresh tokens were called back: one by one, all of an account, or all there were.

`Revocations` is what is asked at each use of a token: a file answers (`revocation_file`), or a store that replicas
share.
"""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, Protocol

from ldap_token_bridge.errors import Unavailable
from ldap_token_bridge.values import dataclass

_VERSION = 1
# No refresh token lives longer (settings), so an entry that is older concerns none.
KEEP_SECONDS = 366 * 86_400


class RevocationsUnreadable(Unavailable):
    """Nobody knows what was called back: no refresh token is taken. Answered with 503."""


class Revocations(Protocol):
    """Where revocations are looked up."""

    @property
    def list(self) -> "RevocationList":
        """As it was read last."""

    async def is_revoked(self, token_id: str, account: str, issued_at: int) -> bool:
        """Whether the token was called back. Raises RevocationsUnreadable if that cannot be told."""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """All revocations, with their times in whole seconds since 1970: what was issued up to then is void."""

    all_until: int = 0
    accounts: Mapping[str, int] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)

    def is_revoked(self, token_id: str, account: str, issued_at: int) -> bool:
        """Whether a token is void; accounts compare without regard to case."""
        until = max(self.all_until, self.accounts.get(_plain(account), 0))
        return token_id in self.tokens or issued_at <= until

    def with_token(self, token_id: str, now: int) -> "RevocationList":
        """With one token called back."""
        kept = self._kept(now)
        return replace(kept, tokens={**kept.tokens, token_id: now})

    def with_all(self, now: int) -> "RevocationList":
        """With everything called back that was issued up to now."""
        return replace(self._kept(now), all_until=max(self.all_until, now))

    def with_account(self, account: str, now: int) -> "RevocationList":
        """With everything of an account called back that was issued up to now."""
        kept = self._kept(now)
        until = max(now, kept.accounts.get(_plain(account), 0))  # not earlier by a clock that is behind
        return replace(kept, accounts={**kept.accounts, _plain(account): until})

    def united(self, other: "RevocationList") -> "RevocationList":
        """With everything that another list calls back."""
        accounts, tokens = (
            {name: max(mine.get(name, 0), theirs.get(name, 0)) for name in (*mine, *theirs)}
            for mine, theirs in ((self.accounts, other.accounts), (self.tokens, other.tokens))
        )
        return RevocationList(max(self.all_until, other.all_until), accounts, tokens)

    def _kept(self, now: int) -> "RevocationList":
        """Without what concerns no token any more."""
        accounts, tokens = (
            {name: at for name, at in entries.items() if at > now - KEEP_SECONDS}
            for entries in (self.accounts, self.tokens)
        )
        return replace(self, accounts=accounts, tokens=tokens)

    def text(self) -> bytes:
        """As it stands in the file."""
        content = {
            "version": _VERSION,
            "all_until": self.all_until,
            "accounts": self.accounts,
            "tokens": self.tokens,
        }
        return json.dumps(content, indent=1).encode("ascii") + b"\n"

    @classmethod
    def of_text(cls, text: bytes) -> "RevocationList":
        """Raises ValueError for anything that `text` did not write."""
        content = json.loads(text, object_pairs_hook=_each_once)
        if not isinstance(content, dict) or content.keys() != {"version", "all_until", "accounts", "tokens"}:
            raise ValueError("other keys than version, all_until, accounts and tokens")
        if content["version"] != _VERSION:
            raise ValueError("another version")
        if not _are_times([content["all_until"]]):
            raise ValueError("all_until is no time")
        for name in ("accounts", "tokens"):
            if not isinstance(content[name], dict) or not _are_times(content[name].values()):
                raise ValueError(f"{name} are not names with times")
        accounts = {_plain(name): at for name, at in content["accounts"].items()}
        return cls(content["all_until"], accounts, content["tokens"])


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a name that stands twice the last time would count, and it may be the earlier one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _are_times(values: Any) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in values)


def _plain(account: str) -> str:
    """Equal for all spellings of an account: rather one revocation too many."""
    return unicodedata.normalize("NFC", account).casefold()
