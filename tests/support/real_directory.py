"""Logins at a real directory without the rest of the bridge, and how often it was asked."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import (
    Authenticator,
    CacheTimes,
    Directory,
    DirectoryOptions,
    GroupMemory,
    Kind,
    Login,
    defaults_for,
    parse_login_name,
)
from ldap_token_bridge.identity import Credentials, Group, Secret
from ldap_token_bridge.ldap import LdapClient
from tests.support import canaries, sample
from tests.support.ldap_room import Log, options_for

_SECONDS = 20.0


@dataclass
class RealDirectory:
    """Remembers groups by SID and the graph, but no person and no password."""

    directory: Directory
    authenticator: Authenticator
    log: Log

    async def groups(self, name: str) -> tuple[Group, ...]:
        """Someone's groups, anew."""
        typed = parse_login_name(name)
        assert typed is not None
        person = await self.directory.find(typed, Deadline.after(_SECONDS))
        assert person is not None, name
        return await self.directory.groups_of(person, Deadline.after(_SECONDS))

    async def login(self, name: str, password: str | None = None) -> Login:
        """A login; the password is `canaries.password(name)` unless another is given."""
        secret = Secret((canaries.password(name) if password is None else password).encode())
        return await self.authenticator.login(Credentials(name, secret), Deadline.after(_SECONDS))

    async def cost(self, name: str) -> list[str]:
        """What a login that succeeds asks of the directory, once its connections stand: `search` and `bind`."""
        before = len(self.log.steps)
        login = await self.login(name)
        assert hasattr(login, "groups"), login
        return sorted(operation for operation, _, _ in self.log.steps[before:])


@asynccontextmanager
async def real_directory(
    kind: Kind,
    url: str,
    base: str,
    bind_dn: str,
    *,
    ca_file: Path | None = None,
    remember: float = 60.0,
    **changes: object,
) -> AsyncIterator[RealDirectory]:
    """The rooms `ldap` and `directory` before a server; `changes` are for the options of the directory."""
    known = defaults_for(kind)
    usual = DirectoryOptions(
        kind, base, base, base, known.login, known.account, known.user_filter, known.strategy, True, 32, 5000
    )
    log = Log()
    options = options_for(
        url,
        ca_file=ca_file,
        allow_plaintext=ca_file is None,
        bind_dn=bind_dn,
        bind_password=Secret(canaries.password(sample.SERVICE_ACCOUNT).encode()),
        operation_timeout=10.0,
        search_connections=1,
    )
    client = LdapClient(options, log)
    directory = Directory(client, replace(usual, **changes), GroupMemory(10_000, remember))  # type: ignore[arg-type]
    authenticator = Authenticator(directory, CacheTimes(credentials=0, groups=0, rejected=0, max_accounts=10))
    try:
        yield RealDirectory(directory, authenticator, log)
    finally:
        await authenticator.close()
        await client.close()


def names(groups: Sequence[Group]) -> dict[str, str]:
    """How each group was reached, by its CN in the directory's spelling."""
    return {group.dn.partition(",")[0].partition("=")[2] or group.sid: group.path for group in groups}


def through(groups: Sequence[Group]) -> dict[str, str]:
    """Through which group each nested one was reached, both by CN."""
    return {
        group.dn.partition(",")[0].partition("=")[2]: group.via.partition(",")[0].partition("=")[2]
        for group in groups
        if group.path == "nested"
    }
