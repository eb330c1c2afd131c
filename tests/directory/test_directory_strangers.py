"""A wrong password and a name that is nobody's cannot be told apart by what the directory is asked, on the wire.

Operations are counted and compared, never times: a machine's load would decide such a test.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ldap_token_bridge.directory import (
    Authenticated,
    Authenticator,
    CacheTimes,
    Directory,
    DirectoryOptions,
    GroupMemory,
    Login,
    Refused,
    defaults_for,
)
from ldap_token_bridge.identity import Credentials, Refusal, Secret
from ldap_token_bridge.ldap import LdapClient
from tests.conftest import MakeSlapd, MakeWire
from tests.support import canaries, ldif, sample
from tests.support.ldap_room import Log, options_for, soon
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd
from tests.support.wire import Seen, Wire

DEFAULTS = defaults_for("openldap")
Strategy = Any


def options(strategy: Strategy, **changes: Any) -> DirectoryOptions:
    """The tree of slapd as the settings would describe it."""
    values: dict[str, Any] = {
        "kind": "openldap",
        "base": sample.BASE,
        "user_base": sample.BASE,
        "group_base": sample.BASE,
        "login": DEFAULTS.login,
        "account": DEFAULTS.account,
        "user_filter": DEFAULTS.user_filter,
        "strategy": strategy,
        "nested": True,
        "max_depth": 32,
        "max_groups": 5000,
    }
    return DirectoryOptions(**(values | changes))


class Door:
    """An authenticator before slapd with what it asks over the wire, one attempt at a time."""

    def __init__(self, slapd: Slapd, wire: Wire, options: DirectoryOptions, times: CacheTimes) -> None:
        self.slapd = slapd
        self.wire = wire
        service: dict[str, Any] = {
            "bind_dn": slapd.bind_dn,
            "bind_password": Secret(canaries.password("svc-registry").encode()),
        }
        self.client = LdapClient(options_for(wire.url, allow_plaintext=True, operation_timeout=10.0, **service))
        self.now = 0.0
        memory = GroupMemory(100, 300)
        self.authenticator = Authenticator(Directory(self.client, options, memory), times, clock=lambda: self.now)

    async def attempt(self, typed: str, password: str) -> Login:
        login = await self.authenticator.login(Credentials(typed, Secret(password.encode())), soon(20))
        await settle()
        return login

    async def asked(self, typed: str, password: str) -> tuple[Seen, ...]:
        """The requests that a refused attempt cost."""
        self.wire.clear()
        refused = await self.attempt(typed, password)
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.WRONG_CREDENTIALS
        return self.wire.seen

    async def close(self) -> None:
        await self.authenticator.close()
        await self.client.close()


async def settle() -> None:
    """Until nothing goes on beside the attempt any more."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and _is_ours(task)]
    await asyncio.gather(*others, return_exceptions=True)


def _is_ours(task: "asyncio.Task[Any]") -> bool:
    """The authenticator's flights; not what pytest or a connection keeps running."""
    return getattr(task.get_coro(), "__qualname__", "").startswith(("People.", "Verifier."))


def shape(seen: tuple[Seen, ...]) -> list[tuple[str, str]]:
    """Kind and target of each request, with the last of a bind's DN alone: names differ, places do not."""
    return sorted(
        (each.operation, each.dn.partition(",")[2] if each.operation == "bind" else each.dn.lower()) for each in seen
    )


TIMES = CacheTimes(credentials=60, groups=300, rejected=60, max_accounts=100)
NOTHING_KEPT = CacheTimes(0, 0, 0, 100)
OpenDoor = Callable[..., Door]


@pytest.fixture
async def open_door(make_slapd: MakeSlapd, make_wire: MakeWire) -> AsyncIterator[OpenDoor]:
    """Before one slapd without lockout; any number of authenticators."""
    slapd = make_slapd(ppolicy=False)
    doors: list[Door] = []

    def make(strategy: Strategy = "auto", times: CacheTimes = TIMES, **changes: Any) -> Door:
        doors.append(Door(slapd, make_wire(slapd.port), options(strategy, **changes), times))
        return doors[-1]

    yield make
    for door in doors:
        await door.close()


async def warm(door: Door) -> None:
    """Someone has logged in before: connections stand, and what is remembered of all groups is there."""
    assert isinstance(await door.attempt("carol", canaries.password("carol")), Authenticated)


STRANGERS = ["nobody", "OTHER\\bob", "CORP\\nobody", "corp.example.com\\nobody", "nobody@elsewhere.example"]


@pytest.mark.parametrize(("strategy", "nested"), [("auto", True), ("member-of", True), ("member", False)])
@pytest.mark.parametrize("times", [TIMES, NOTHING_KEPT], ids=["remembered", "not remembered"])
async def test_first_and_repeated_attempts(
    open_door: OpenDoor, strategy: Strategy, times: CacheTimes, *, nested: bool
) -> None:
    """Same number, kinds and targets of requests, for a first attempt, the same again, and with another password.

    With the strategy `member` people differ by how deep their groups are; nobody waits for that after a wrong password.
    """
    door = open_door(strategy, times, nested=nested)
    await warm(door)
    for number, stranger in enumerate(("nobody", "OTHER\\bob", "CORP\\noone", "corp.example.com\\stranger")):
        known = [await door.asked("bob", password) for password in (f"a{number}", f"a{number}", f"b{number}")]
        strange = [await door.asked(stranger, password) for password in (f"a{number}", f"a{number}", f"b{number}")]
        assert [shape(each) for each in strange] == [shape(each) for each in known]
        door.now += 301


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_first_attempt(open_door: OpenDoor, stranger: str) -> None:
    """By each form of a name: what bob costs by the same form."""
    form = "bob@corp.example.com" if "@" in stranger else "CORP\\bob" if "\\" in stranger else "bob"
    door = open_door()
    await warm(door)
    known = await door.asked(form, "wrong")
    strange = await door.asked(stranger, "wrong")
    assert shape(strange) == shape(known)
    assert sum(each.operation == "bind" for each in strange) == 1


async def test_an_address_costs_two_searches_either_way(open_door: OpenDoor) -> None:
    """The second tells whether the account is one person's alone; for nobody it is asked all the same."""
    door = open_door("member-of")
    await warm(door)
    for typed in ("bob@corp.example.com", "nobody@corp.example.com"):
        assert [each.operation for each in await door.asked(typed, "wrong")].count("search") == 2


async def test_an_ambiguous_name_looks_like_any_other(open_door: OpenDoor) -> None:
    """Two people share an address: searches and one bind, as for bob's own, and neither of the two is bound."""
    door = open_door()
    await warm(door)
    door.slapd.change(ldif.replaced(door.slapd.person_dn("dave"), [("mail", "erin@corp.example.com")]))
    known = await door.asked("bob@corp.example.com", "wrong")
    ambiguous = await door.asked("erin@corp.example.com", "wrong")
    assert shape(ambiguous) == shape(known)
    binds = [each.dn for each in ambiguous if each.operation == "bind"]
    assert door.slapd.person_dn("dave") not in binds and door.slapd.person_dn("erin") not in binds


async def test_forms_of_one_strangers_name_share_what_is_remembered(open_door: OpenDoor) -> None:
    """As those of a real account do: one bind for one password, whatever it came with."""
    door = open_door()
    await warm(door)
    for names in (("bob", "BOB", "CORP\\bob", "bob@corp.example.com"), ("no", "NO", "CORP\\no", "no@corp.example.com")):
        binds = [sum(each.operation == "bind" for each in await door.asked(name, "wrong")) for name in names]
        assert binds == [1, 0, 0, 0]


async def test_nothing_typed_is_sent_as_nobody(open_door: OpenDoor) -> None:
    """Neither the name nor the password: people type one in place of the other."""
    door = open_door()
    await warm(door)
    sent = await door.asked("MyPassword123", "wrong")
    (bind,) = [each for each in sent if each.operation == "bind"]
    assert "mypassword" not in bind.dn.lower()
    assert bind.dn.startswith("uid=")
    assert bind.dn.endswith(f",ou=People,{door.slapd.base}"), "beside the people who were found"


async def test_one_bind_for_each_refused_login(open_door: OpenDoor) -> None:
    """By the DN that was found, never by what was typed."""
    door = open_door()
    for number, typed in enumerate(("bob", "CORP\\BOB", "bob@corp.example.com")):
        await door.asked(typed, f"wrong-{number}")
        assert door.wire.binds(door.slapd.person_dn("bob")) == 1
        assert {each.dn for each in door.wire.seen if each.operation == "bind"} <= {
            door.slapd.bind_dn,
            door.slapd.person_dn("bob"),
        }


@pytest.mark.parametrize(
    "stranger", ["nobody", "OTHER\\bob", "CORP\\nobody", "nobody@corp.example.com", "no@x.example"]
)
async def test_active_directory(samba: SambaDC, stranger: str) -> None:
    """The same number of searches and binds, first and repeated; only TLS is spoken, so the room itself tells them."""
    steps = Log()
    service: dict[str, Any] = {"bind_dn": samba.bind_dn, "bind_password": secret("svc-registry")}
    client = LdapClient(options_for(samba.ldaps_url, ca_file=samba.ca_file, operation_timeout=10.0, **service), steps)
    known = defaults_for("active-directory")
    changes = {"kind": "active-directory", "login": known.login, "account": known.account}
    described = options("token-groups", user_filter=known.user_filter, **changes)
    directory = Directory(client, described, GroupMemory(100, 300))
    authenticator = Authenticator(directory, TIMES)

    async def asked(typed: str, password: str) -> list[str]:
        steps.steps.clear()
        refused = await authenticator.login(Credentials(typed, Secret(password.encode())), soon(20))
        await settle()
        assert isinstance(refused, Refused)
        return sorted(step for step, _, _ in steps.steps if step != "connect")

    try:
        # What stands behind SIDs is remembered of anyone's login, by whichever authenticator.
        for login in ("bob", "carol"):
            before = await Authenticator(directory, TIMES).login(Credentials(login, secret(login)), soon(20))
            assert isinstance(before, Authenticated)
        await asked("OTHER\\x", "warm")  # asks once what OTHER is
        form = "bob@corp.example.com" if "@" in stranger else "bob"
        costs = [[await asked(name, password) for password in ("a", "a", "b")] for name in (form, stranger)]
        assert costs[0] == costs[1] == [["bind", "search", "search"], [], ["bind"]]
    finally:
        await authenticator.close()
        await client.close()


def secret(login: str) -> Secret:
    """Someone's password."""
    return Secret(canaries.password(login).encode())
