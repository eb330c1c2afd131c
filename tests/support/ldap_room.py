"""What the tests of the ldap room share: options for scripted servers, requests, and a log of observed steps."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ldap_token_bridge.deadline import Deadline
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.ldap import (
    FilterTemplate,
    LdapClient,
    LdapOptions,
    SearchRequest,
    SearchScope,
    client_tls,
    parse_server,
)
from tests.support.scripted_ldap import FoundEntry, ScriptedLdap

SERVICE_DN = "cn=bridge,dc=example,dc=com"
SERVICE_PASSWORD = b"service-secret"
ALICE = "uid=alice,ou=people,dc=example,dc=com"
ALICE_PASSWORD = b"alice-secret"
ALICE_ENTRY = FoundEntry(ALICE, {"uid": [b"alice"], "memberOf": [b"cn=a,dc=example,dc=com", b"cn=b,dc=example,dc=com"]})

BY_UID = FilterTemplate.compile("(uid={login})")
FIND_ALICE = SearchRequest(
    "dc=example,dc=com", SearchScope.SUBTREE, BY_UID.fill(login=b"alice"), ("uid", "memberOf"), size_limit=2
)


def soon(seconds: float = 5.0) -> Deadline:
    """A deadline that a test which works does not reach."""
    return Deadline.after(seconds)


def furnish(server: ScriptedLdap) -> ScriptedLdap:
    """Gives the server the service account, alice, and her entry."""
    server.passwords.update({SERVICE_DN: SERVICE_PASSWORD, ALICE: ALICE_PASSWORD})
    server.entries = [ALICE_ENTRY]
    return server


# For real servers: a test run shares its machine, and no test is about their speed.
PATIENT: dict[str, Any] = {"connect_timeout": 10.0, "operation_timeout": 10.0}


def options_for(*urls: str, ca_file: Path | None = None, **changes: Any) -> LdapOptions:
    """Options with short time-outs; any of them may be given."""
    plain = LdapOptions(
        servers=tuple(parse_server(url) for url in urls),
        tls=client_tls(ca_file, None, None, "1.2"),
        start_tls=False,
        allow_plaintext=False,
        bind_dn=SERVICE_DN,
        bind_password=Secret(SERVICE_PASSWORD),
        connect_timeout=1.0,
        operation_timeout=1.0,
        search_connections=2,
        bind_connections=2,
    )
    return replace(plain, **changes)


@dataclass
class Log:
    """An observer that keeps what it is told."""

    steps: list[tuple[str, str, str]] = field(default_factory=list)  # operation, server, outcome

    def __call__(self, operation: str, server: str, seconds: float, outcome: str) -> None:
        assert seconds >= 0
        self.steps.append((operation, server, outcome))

    def outcomes(self, operation: str) -> list[str]:
        return [outcome for step, _, outcome in self.steps if step == operation]


async def bind_alice(client: LdapClient, password: bytes = ALICE_PASSWORD) -> int:
    """The result code of alice's bind."""
    return (await client.bind(ALICE, Secret(password), soon())).code


async def bind_person(client: LdapClient, number: int) -> int:
    """The result code of the bind of one of many; let the server's `on_bind` answer it."""
    return (await client.bind(person(number), Secret(ALICE_PASSWORD), soon())).code


def person(number: int) -> str:
    """The DN of one of many."""
    return f"uid=person-{number},{ALICE.partition(',')[2]}"


async def until(condition: Callable[[], bool]) -> None:
    """Lets the loop run until the condition holds; the test's own time-out ends a wait in vain."""
    while not condition():  # noqa: ASYNC110 -- what is waited for is in the server, which sets no event
        await asyncio.sleep(0.005)
