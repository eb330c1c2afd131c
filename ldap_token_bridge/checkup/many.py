"""Many people looked up in the directory, some at a time, with a sign of progress."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import GroupMemory, open_directory
from ldap_token_bridge.directory.groups import together
from ldap_token_bridge.identity import Group
from ldap_token_bridge.ldap import LdapClient, LdapOptions
from ldap_token_bridge.settings import Settings

# Searches of so many people are under way at the same time.
_AT_ONCE = 8
GROUPS_REMEMBERED = 10_000
SECONDS_REMEMBERED = 600.0

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Called with how many people were looked up, and of how many."""


@asynccontextmanager
async def open_client(options: LdapOptions) -> AsyncIterator[LdapClient]:
    """A client that is closed at the end."""
    client = LdapClient(options)
    try:
        yield client
    finally:
        await client.close()


async def for_each(items: Sequence[T], work: Callable[[T], Awaitable[None]], progress: Progress) -> None:
    """The work on every item; the first error ends all of it."""
    turn = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def one(item: T) -> None:
        nonlocal done
        async with turn:
            await work(item)
        done += 1
        progress(done, len(items))

    progress(0, len(items))
    await together(map(one, items))


async def groups_of_accounts(
    settings: Settings, options: LdapOptions, accounts: Sequence[str], progress: Progress
) -> dict[str, tuple[Group, ...]]:
    """The groups of those accounts that the directory has, by the account's name. Raises what its rooms raise."""
    found: dict[str, tuple[Group, ...]] = {}
    async with open_client(options) as client:
        memory = GroupMemory(GROUPS_REMEMBERED, SECONDS_REMEMBERED)
        directory = open_directory(client, settings.directory.options, memory)

        async def look_up(account: str) -> None:
            seconds = settings.server.request_deadline
            person = await directory.find_account(account, Deadline.after(seconds))
            if person is not None:
                found[account] = await directory.groups_of(person, Deadline.after(seconds))

        await for_each(accounts, look_up, progress)
    return found
