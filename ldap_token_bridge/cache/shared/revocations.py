"""Revocations that all replicas heed, wherever the command was given.

Every bridge has its own file; the store holds what all of them know together. Nothing is ever taken out of a list, so
lists are simply united, in any order. A store that has lost its content is given it again by every bridge that asks.
"""

import asyncio
import math
import time
from collections.abc import Callable

from ldap_token_bridge.cache.revocations import KEEP_SECONDS, RevocationList, Revocations, RevocationsUnreadable

from .backend import StoreDown
from .store import SharedStore

_LOOK_AGAIN = 1.0
# A store that starts anew or fails over to another server is back by then; meanwhile the last answer holds.
STALE_SECONDS = 30.0
_MAX_LIST = 1024 * 1024
_TRIES = 5


class SharedRevocations:
    """The list of a file and the store's, united; see `beside`. `clock` gives seconds and never goes back."""

    def __init__(
        self,
        store: SharedStore,
        clock: Callable[[], float] = time.monotonic,
        known: RevocationList = RevocationList(),  # noqa: B008 -- a value
    ) -> None:
        """`known` is what was read before a reload: a store that has lost its content must not bring anything back."""
        self._store = store
        self._file: Revocations | None = None
        self._clock = clock
        self._list = known
        self._looking = asyncio.Lock()
        self._told_at = -math.inf
        self._look_at = -math.inf

    def beside(self, file: Revocations) -> "SharedRevocations":
        """From now on with this file's list; what is known already stays known."""
        self._file = file
        self._look_at = -math.inf
        return self

    @property
    def list(self) -> RevocationList:
        """As it was read last."""
        return self._list.united(self._file.list) if self._file else self._list

    async def is_revoked(self, token_id: str, account: str, issued_at: int) -> bool:
        """Whether it was called back anywhere. Raises RevocationsUnreadable if that cannot be told."""
        if self._file and await self._file.is_revoked(token_id, account, issued_at):
            return True
        async with self._looking:
            if self._clock() >= self._look_at:
                await self._look()
        return self._list.is_revoked(token_id, account, issued_at)

    async def _look(self) -> None:
        try:
            self._list = await self._united()
        except StoreDown as error:
            if self._clock() - self._told_at > STALE_SECONDS:
                detail = f"no refresh token is taken: the shared store does not tell which were revoked: {error}"
                raise RevocationsUnreadable("refresh tokens cannot be taken now", detail=detail) from None
        else:
            self._told_at = self._clock()
        self._look_at = self._clock() + _LOOK_AGAIN

    async def _united(self) -> RevocationList:
        if not self._store.is_up:
            raise StoreDown("it does not answer")
        return await unite(self._store, self.list)


async def unite(store: SharedStore, known: RevocationList) -> RevocationList:
    """What the store and this bridge know together, which both know from then on. Raises StoreDown."""
    entry = store.permanent("revoked", KEEP_SECONDS)
    for _ in range(_TRIES):
        found, raw = await store.fetch(entry, _MAX_LIST)
        there = RevocationList.of_text(found.value) if found else None
        united = known.united(there) if there else known
        text = united.text()
        if united == there:
            return united
        if len(text) > _MAX_LIST - 1000:
            raise StoreDown("the list of revoked refresh tokens is larger than 1 MiB")
        if await store.replace(entry, raw, text):
            return united
    raise StoreDown("others write all the time")
