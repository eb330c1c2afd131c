"""Many people looked up in the directory, some at a time, with a sign of progress."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import GroupMemory, open_directory
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import LdapClient, LdapOptions
from ldap_token_bridge.settings import Settings

from .at_once import Progress, for_each

GROUPS_REMEMBERED = 10_000
SECONDS_REMEMBERED = 600.0


@asynccontextmanager
async def open_client(options: LdapOptions) -> AsyncIterator[LdapClient]:
    """A client that is closed at the end."""
    client = LdapClient(options)
    try:
        yield client
    finally:
        await client.close()


async def groups_of_accounts(
    settings: Settings, options: LdapOptions, accounts: Sequence[str], progress: Progress
) -> dict[str, tuple[Group, ...]]:
    """The groups of those accounts that the directory has, by the account's name. Raises what its rooms raise."""
    async with open_client(options) as client:
        memory = GroupMemory(GROUPS_REMEMBERED, SECONDS_REMEMBERED)
        directory = open_directory(client, settings.directory.options, memory)

        async def look_up(account: str) -> tuple[Group, ...] | None:
            seconds = settings.server.request_deadline
            person = await directory.find_account(account, Deadline.after(seconds))
            return None if person is None else await directory.groups_of(person, Deadline.after(seconds))

        found = await for_each(accounts, look_up, progress)
    return {account: groups for account, groups in zip(accounts, found, strict=True) if groups is not None}
