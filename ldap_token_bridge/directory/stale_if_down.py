"""Logins that go on for a while when no directory answers (`cache.stale_if_down`)."""

import time
from collections.abc import Callable

from ldap_token_bridge.cache import SharedStore
from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.guard import Budgets
from ldap_token_bridge.identity import Credentials
from ldap_token_bridge.ldap import DirectoryDown

from .authenticator import Authenticator
from .directory import Directory
from .last_known import LastKnown
from .login_name import parse_login_name
from .outcome import Authenticated, CacheTimes, Login
from .people import Lookup
from .verifier import Address


class StaleIfDown(Authenticator):
    """As an Authenticator; while nobody answers it lets in who was let in within `times.stale_if_down`.

    Such a login has `stale_seconds`: its groups are of then, and what it may do is for the caller to bound.
    """

    def __init__(
        self,
        directory: Directory,
        times: CacheTimes,
        on_lookup: Lookup = lambda _cache, _hit: None,
        clock: Callable[[], float] = time.monotonic,
        budgets: Budgets | None = None,
        store: SharedStore | None = None,
    ) -> None:
        """As the Authenticator's."""
        super().__init__(directory, times, on_lookup, clock, budgets, store)
        self._last_known = LastKnown(times.max_accounts, times.stale_if_down, clock)
        # What a look-up says against an account counts, whatever becomes of the login.
        self._people.on_found = self._last_known.found

    async def login(
        self, credentials: Credentials, deadline: Deadline, address: Address = None, *, anew: bool = False
    ) -> Login:
        """As the Authenticator's; nobody is known `anew` who was known before."""
        try:
            login = await super().login(credentials, deadline, address, anew=anew)
        except DirectoryDown as error:
            name = parse_login_name(credentials.username)
            known = self._last_known.by_password(name.key, credentials.password) if name and not anew else None
            if known is None or not error.nobody_answers:
                raise
            return known
        self._learn(login, credentials)
        return login

    def recollect(self, credentials: Credentials) -> Login | None:
        """As the Authenticator's."""
        login = super().recollect(credentials)
        if login is not None:
            self._learn(login, credentials)
        return login

    def _learn(self, login: Login, credentials: Credentials) -> None:
        name = parse_login_name(credentials.username)
        if isinstance(login, Authenticated):
            self._last_known.accepted(login, name.key if name else "", credentials.password)
        elif name:
            self._last_known.refused(login, name.key, credentials.password)

    async def recall(self, name: str, unique_id: str, deadline: Deadline) -> Login | None:
        """As the Authenticator's."""
        try:
            login = await super().recall(name, unique_id, deadline)
        except DirectoryDown as error:
            known = self._last_known.by_id(unique_id, name)
            if known is None or not error.nobody_answers:
                raise
            return known
        if isinstance(login, Authenticated):
            self._last_known.accepted(login)
        else:
            self._last_known.forget(unique_id)
        return login

    def forget(self, account: str | None) -> None:
        """As the Authenticator's."""
        super().forget(account)
        if account is None:
            self._last_known.clear()
        else:
            self._last_known.forget(account)

    def sizes(self) -> dict[str, int]:
        """As the Authenticator's."""
        return {**super().sizes(), "last_known": len(self._last_known)}
