"""One password on one account, for which several bridges may be asked at once: one of them asks the directory.

A refusal is shared under a keyed hash of the password. A proof is shared as a slow hash of that keyed hash, one for
each account. The slow hash is computed whether or not there is a proof to compare it with: the time tells nothing.
"""

import asyncio
import json

from ldap_token_bridge.cache import Found, Patience, SharedStore, SlowHash, SlowHasher
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Refusal, Secret
from ldap_token_bridge.values import dataclass

from .outcome import CacheTimes

_FLIGHT = 3.0  # seconds; a bridge that dies in the middle of a bind holds up the others for no longer
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.2


@dataclass(frozen=True, slots=True)
class Told:
    """What another bridge had as an answer, `age` seconds ago; no `refusal` means that the password was right.

    `password_date` is that of the right password, as it was read before this one was refused.
    """

    refusal: Refusal | None
    age: float
    password_date: str = ""


class SharedCheck:
    """Ask `told` first; if that knows nothing, ask the directory, say what came of it, and `close` in any case."""

    def __init__(
        self, store: SharedStore | None, hasher: SlowHasher, times: CacheTimes, account: str, password: Secret
    ) -> None:
        self._store = store if store and store.is_up else None
        if self._store is None:
            return
        self._hasher = hasher
        self._slow: SlowHash | None = None
        self._claimed = False
        who = account.encode()
        self._peppered = self._store.vault.peppered(who, password.reveal())
        self._refusal = self._store.entry("refusal", self._peppered, seconds=times.rejected, account=account)
        self._proof = self._store.entry("proof", who, seconds=times.credentials, account=account)
        self._flight = self._store.entry("flight", self._peppered, seconds=_FLIGHT, account=account)

    async def told(self, patience: Patience, deadline: Deadline, *, only_refusals: bool) -> Told | None:
        """What another bridge has found out, or does at this moment. None: it is for this bridge to ask the directory.

        `only_refusals`: a proof is no answer.
        """
        if self._store is None:
            return None
        give_up = deadline.within(min(_FLIGHT, deadline.remaining() / 2))
        pause = _FIRST_PAUSE
        while True:
            told = await self._read(patience, only_refusals=only_refusals)
            if told or self._claimed or give_up.remaining() <= 0:
                return told
            self._claimed = await self._store.claim(self._flight, patience)
            if not self._claimed:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            # Who had claimed it before has written what came of it: read once more in any case.

    def refused(self, refusal: Refusal, password_date: str) -> None:
        """The directory has refused this password, and may be spared the same question for a while."""
        if self._store:
            self._store.put(self._refusal, json.dumps([refusal, password_date]).encode())

    def proved(self) -> None:
        """The directory has accepted this password, and the account may be used."""
        if self._store and self._slow:
            self._store.put(self._proof, self._slow.octets())

    def account_refused(self) -> None:
        """The account may not be used, whatever the password."""
        if self._store:
            self._store.remove(self._proof)

    def close(self) -> None:
        """Lets others ask, after what was said here has been written."""
        if self._store and self._claimed:
            self._store.remove(self._flight)

    async def _read(self, patience: Patience, *, only_refusals: bool) -> Told | None:
        if self._store is None:
            return None
        refused, proof = await self._store.read([self._refusal, self._proof], patience)
        if refused:
            refusal, date = json.loads(refused.value)
            return Told(Refusal(refusal), refused.age, date)
        if await self._proves(proof) and proof and not only_refusals:
            return Told(None, proof.age)
        return None

    async def _proves(self, proof: Found | None) -> bool:
        octets = proof.value if proof else None
        if self._slow is None or (octets and not octets.startswith(self._slow.salt)):
            self._slow = await self._hasher.hash(self._peppered, octets)
        return bool(octets and self._slow and self._slow.equals(octets))
