"""Octets of memory for each remembered account: `python -m tests.bench.service.accounts ACCOUNTS GROUPS`.

The real memory filled by real logins; only the sockets are left out: entries are decoded from what a server would send.
"""

import asyncio
import gc
import os
import random
import sys

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.directory import Authenticated, Authenticator, CacheTimes, Directory, GroupMemory
from ldap_token_bridge.identity import Credentials, Secret
from ldap_token_bridge.ldap import BindResult, Entry, LdapClient, SearchRequest
from ldap_token_bridge.ldap.responses import Found, decode
from tests.bench.entries import found
from tests.support import many_people
from tests.support.table_directory import options

from .resources import memory

_FIRST = 1_000  # after these, everything is loaded that one account needs
_MINUTE = 60.0


class _Answers(LdapClient):
    """Finds the person that it was told, takes every password, and knows no nested groups."""

    def __init__(self) -> None:
        self.next = b""

    async def search(self, request: SearchRequest, deadline: Deadline) -> tuple[Entry, ...]:
        """The person, to who asks for the person's id."""
        del deadline
        message = decode(self.next) if "entryUUID" in request.attributes else None
        return (message.entry,) if isinstance(message, Found) else ()

    async def bind(self, dn: str, password: Secret, deadline: Deadline) -> BindResult:
        """Yes."""
        del dn, password, deadline
        return BindResult(0, "")


async def _measure(accounts: int, groups: int) -> float:
    client = _Answers()
    directory = Directory(client, options("openldap"), GroupMemory(accounts, _MINUTE, lambda: 0.0))
    times = CacheTimes(_MINUTE, _MINUTE, _MINUTE, accounts)
    authenticator = Authenticator(directory, times, clock=lambda: 0.0)
    chance = random.Random(7)  # noqa: S311 -- picks groups, guards nothing
    before = 0.0
    for person in range(accounts):
        if person == _FIRST:
            before = _now()
        client.next = found(person, chance.sample(range(many_people.GROUPS), groups))
        credentials = Credentials(many_people.login(person), Secret(many_people.password(person).encode()))
        outcome = await authenticator.login(credentials, Deadline.after(_MINUTE))
        if not isinstance(outcome, Authenticated) or len(outcome.groups) != groups:
            raise RuntimeError(f"the login of {credentials.username} went wrong")
    if authenticator.sizes()["people"] != accounts:
        raise RuntimeError("not everyone is remembered")
    return (_now() - before) / (accounts - _FIRST)


def _now() -> float:
    gc.collect()
    return memory(os.getpid(), "Rss")


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(_measure(int(sys.argv[1]), int(sys.argv[2])))}\n")
