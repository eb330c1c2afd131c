"""A lockout storm over three replicas that share a store, before a domain that locks at the fifth wrong password.

Clients, bridges and their times run ten times as fast as in life; the domain counts in its own time and so forgets
nothing meanwhile.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, pairwise
from pathlib import Path

import pytest

from tests.support import canaries, storm
from tests.support.bridge import RunningBridge, active_directory
from tests.support.certificates import Authority
from tests.support.ldap_tools import Session
from tests.support.replicas import Replicas
from tests.support.samba import SambaDC
from tests.support.tls_wire import TlsWire
from tests.support.valkey import Valkey
from tests.support.wire import Seen

STALE = "the password of last year"
SCOPE = "repository:team-a/app:pull,push"
FASTER = 10
MINUTE = 60 / FASTER
# The defaults of the product, as far as they are times, and all of them that count.
GUARD = {"account_failures": f"3 per {15 * 60 // FASTER}s", "address_failures": f"100 per {60 // FASTER}s"}
CACHE = {"credentials": f"{60 // FASTER}s", "rejected": f"{60 // FASTER}s", "groups": f"{300 // FASTER}s"}
UNGUARDED = {"account_failures": "off", "address_failures": "off"}
FORGETFUL = {"credentials": "off", "rejected": "off", "groups": "off"}


pytestmark = pytest.mark.slow


@pytest.fixture
def wire(samba: SambaDC, authority: Authority) -> Iterator[TlsWire]:
    """Between all replicas and the domain controller."""
    with TlsWire((samba.address, 636), authority) as wire:
        yield wire


def replicas(
    tmp_path: Path, samba: SambaDC, wire: TlsWire, store: Valkey, *, guard: dict[str, str], cache: dict[str, str]
) -> Replicas:
    """Three of them."""
    directory = active_directory(wire.url, samba.base, samba.bind_dn, wire.ca_file)
    return Replicas(tmp_path / "replicas", [directory] * 3, store, sections={"guard": guard, "cache": cache})


def binds(wire: TlsWire) -> list[Seen]:
    """Those as alice."""
    dn = SambaDC.person_dn("alice").casefold()
    return [seen for seen in wire.seen if seen.operation == "bind" and seen.dn.casefold() == dn]


def is_locked(samba: SambaDC) -> bool:
    """What the domain says of the account."""
    (entry,) = samba.admin.search(samba.person_dn("alice"), "base", "(objectClass=*)", "lockoutTime")
    own = Session(samba.ldaps_url, samba.ca_file, samba.person_dn("alice"), canaries.password("alice"))
    locked = int(entry.get("lockouttime", (b"0",))[0]) != 0
    assert locked != own.bind().ok, "what the entry says and what a login comes to"
    return locked


def ask(bridge: RunningBridge, method: storm.Method, password: str) -> int:
    """A token for alice, as clients of that kind ask; gives the status."""
    if method == "GET":
        return bridge.get(SCOPE, login="alice", password=password).status
    return bridge.post(SCOPE, login="alice", password=password).status


def hit_by_storm(bridges: list[RunningBridge]) -> set[int]:
    """Five minutes of it, evenly over the bridges; what the clients with the old password were told."""
    due: dict[int, list[tuple[storm.Method, str]]] = defaultdict(list)
    for client in range(storm.CLIENTS):
        for second, method in storm.tries(client):
            due[second].append((method, STALE))
    for second in filter(storm.is_mistyped, range(storm.SECONDS)):
        due[second].append(("GET", f"mistyped-{second}"))
    turn = cycle(bridges)
    stale = []
    with ThreadPoolExecutor(storm.CLIENTS) as pool:
        start = time.monotonic()
        for second in range(storm.SECONDS):
            time.sleep(max(0.0, start + second / FASTER - time.monotonic()))
            for method, password in due[second]:
                answer = pool.submit(ask, next(turn), method, password)
                if password == STALE:
                    stale.append(answer)
    return {answer.result() for answer in stale}


def test_no_account_is_locked(tmp_path: Path, samba: SambaDC, wire: TlsWire) -> None:
    """At most one bind a minute for one password and three for all, whichever replica gets it; the domain agrees."""
    with (
        Valkey(tmp_path / "store") as store,
        replicas(tmp_path, samba, wire, store, guard=GUARD, cache=CACHE) as three,
    ):
        canaries.watch("the stale one", STALE)
        assert hit_by_storm(three.bridges) == {401}
        assert not is_locked(samba)
        seen = binds(wire)
        assert 1 <= len(seen) <= 3
        by_password = defaultdict(list)
        for bind in seen:
            by_password[bind.password].append(bind.at)
        for times in by_password.values():
            assert all(later - earlier >= MINUTE for earlier, later in pairwise(times))
        for bridge in three.bridges:
            assert len(bridge.audit()) > 1000, "each had its share of the storm"
            assert not canaries.leaks(bridge.log_text())


def test_the_storm_would_have_locked_it(tmp_path: Path, samba: SambaDC, wire: TlsWire) -> None:
    """Six tries at replicas without memory and budgets: the proof that the test above can fail."""
    with (
        Valkey(tmp_path / "store") as store,
        replicas(tmp_path, samba, wire, store, guard=UNGUARDED, cache=FORGETFUL) as three,
    ):
        for bridge in three.bridges:
            for method in ("POST", "GET"):
                assert ask(bridge, method, STALE) == 401
        assert len(binds(wire)) >= 5
        assert is_locked(samba)
