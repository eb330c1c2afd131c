"""Ten thousand logins of random people: what is held does not grow with their number."""

import asyncio
import gc
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ldap_token_bridge.directory import (
    Authenticated,
    Authenticator,
    CacheTimes,
    Directory,
    DirectoryOptions,
    GroupMemory,
    defaults_for,
)
from ldap_token_bridge.identity import Credentials, Secret
from ldap_token_bridge.ldap import LdapClient
from tests.conftest import MakeSlapd
from tests.support import canaries, many_people, sample
from tests.support.ldap_room import PATIENT, options_for, soon

LOGINS = 10_000
AT_ONCE = 40
REMEMBERED = 200
CONNECTIONS: dict[str, Any] = {"search_connections": 2, "bind_connections": 4}


class Gate:
    """Logins of random people, one in five with a wrong password and one in five with a name that is nobody's."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._chance = random.Random(1)  # noqa: S311 -- the same people in every run
        self.came: Counter[str] = Counter()

    async def login(self) -> None:
        number = self._chance.randrange(many_people.PEOPLE)
        kind = self._chance.choice(("right", "right", "right", "wrong", "nobody"))
        name = f"nobody-{number}" if kind == "nobody" else many_people.login(number)
        password = many_people.password(number) if kind == "right" else f"wrong-{number}"
        login = await self._authenticator.login(Credentials(name, Secret(password.encode())), soon(30))
        assert isinstance(login, Authenticated) is (kind == "right")
        if isinstance(login, Authenticated):
            assert login.account.name == name
        self.came[kind] += 1

    async def several(self, count: int) -> None:
        for _ in range(count // AT_ONCE):
            await asyncio.gather(*(self.login() for _ in range(AT_ONCE)))


def held(authenticator: Authenticator) -> dict[str, int]:
    """How much there is of what could leak."""
    links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    flights = (
        authenticator._people._finding,
        authenticator._verifier._verifying,
        authenticator._people._reading_groups,
    )
    return {
        "descriptors": len(links),
        "sockets": sum(link.startswith("socket:") for link in links),
        "tasks": len(asyncio.all_tasks()),
        "flights": sum(len(flight) for flight in flights),
    }


def blocks() -> int:
    """Pieces of memory that Python holds."""
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_ten_thousand_logins(make_slapd: MakeSlapd) -> None:
    """Descriptors, connections, tasks and memory after 10,000 logins are those after 4,000; caches are bounded."""
    slapd = make_slapd(preload=many_people.ldif_text(), ppolicy=False, log_level="none")
    steps: Counter[str] = Counter()

    def observe(operation: str, server: str, seconds: float, outcome: str) -> None:
        del server, seconds
        steps[f"{operation} {outcome}"] += 1

    service = Secret(canaries.password(sample.SERVICE_ACCOUNT).encode())
    options = options_for(
        slapd.url, allow_plaintext=True, bind_dn=slapd.bind_dn, bind_password=service, **PATIENT, **CONNECTIONS
    )
    client = LdapClient(options, observe)
    known = defaults_for("openldap")
    base = sample.BASE
    described = DirectoryOptions(
        "openldap", base, base, base, known.login, known.account, known.user_filter, "member-of", True, 32, 5000
    )
    times = CacheTimes(credentials=60, groups=300, rejected=60, max_accounts=REMEMBERED)
    authenticator = Authenticator(Directory(client, described, GroupMemory(REMEMBERED, 300)), times)
    gate = Gate(authenticator)
    try:
        await gate.several(LOGINS * 4 // 10)
        before = held(authenticator)
        first = blocks()
        connected = steps["connect ok"]
        await gate.several(LOGINS * 6 // 10)
        last = blocks()
        after = held(authenticator)
    finally:
        await authenticator.close()
        await client.close()
    assert gate.came.total() == LOGINS
    assert min(gate.came.values()) > LOGINS // 10
    assert after == before
    assert after["flights"] == 0
    assert steps["connect ok"] == connected <= sum(CONNECTIONS.values()), "the first connections are the last"
    assert last - first < LOGINS * 6 // 10 // 10, "a tenth of a piece of memory for each login"
    for cache in (authenticator._people._people, authenticator._people._nobodies):
        assert len(cache) <= REMEMBERED
    assert len(authenticator._passwords.proofs._proofs) <= REMEMBERED
    assert len(authenticator._passwords.rejected._refusals) <= REMEMBERED
