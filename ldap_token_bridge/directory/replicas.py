"""What other bridges have learned of people and passwords, by the store that they share.

Asked only when this bridge does not know itself. Everything here answers "nothing" if there is no store, or it is down
or slow: then the directory is asked, as if this bridge were alone.
"""

import json

from ldap_token_bridge.cache import Patience, SharedStore, SlowHasher
from ldap_token_bridge.identity import Secret

from .outcome import CacheTimes
from .seen import Seen
from .shared_check import SharedCheck


class Replicas:
    """The other bridges, if there is a `store`."""

    def __init__(self, store: SharedStore | None, times: CacheTimes) -> None:
        self._store = store
        self._times = times
        self._hasher = SlowHasher()

    @property
    def exist(self) -> bool:
        """Whether there may be any."""
        return self._store is not None

    def patience(self) -> Patience:
        """What one login may spend on asking them."""
        return self._store.patience() if self._store else Patience(0.0)

    async def person(self, login: str, patience: Patience) -> Seen | None:
        """Whom a login name stands for."""
        if self._store is None:
            return None
        entry = self._store.entry("person", login.encode(), seconds=self._times.groups)
        (found,) = await self._store.read([entry], patience)
        if found is None:
            return None
        # Bridges with the same key write this, and the entry's name holds the form of it: it cannot be misread.
        epoch, seen = json.loads(found.value)
        person = Seen.of_json(seen, found.age)
        return person if epoch == self._store.epoch_of(person.person.account.unique_id) else None

    def keep_person(self, login: str, seen: Seen) -> None:
        """This bridge has learned whom a login name stands for."""
        if self._store is not None:
            entry = self._store.entry("person", login.encode(), seconds=self._times.groups)
            epoch = self._store.epoch_of(seen.person.account.unique_id)
            self._store.put(entry, json.dumps([epoch, seen.as_json()]).encode(), seen.age)

    def check(self, account: str, password: Secret) -> SharedCheck:
        """A password that this bridge is about to have checked; `account` is the immutable id."""
        return SharedCheck(self._store, self._hasher, self._times, account, password)
