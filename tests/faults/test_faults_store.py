"""The shared store is killed and comes back empty while people log in and somebody guesses."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import MakeWire
from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.replicas import Replicas, until, until_store_is
from tests.support.slapd import Slapd
from tests.support.valkey import Valkey

# Twice as many do not lock the account: slapd does that at the fifth.
BUDGET = 2
GUARD = {"account_failures": f"{BUDGET} per 15m", "address_failures": "off"}
# Each right login goes to the directory, too: it is the store that is to be missed, and not the memory.
CACHE = {"credentials": "off", "groups": "off", "rejected": "5m"}


@contextmanager
def right_logins(bridges: list[RunningBridge]) -> Iterator[Counter[int]]:
    """By two people at each bridge, without a pause; the statuses of the answers."""
    statuses = Counter[int]()
    lock, stop = threading.Lock(), threading.Event()

    def log_in(bridge: RunningBridge, login: str) -> None:
        while not stop.wait(0.02):
            status = bridge.get(login=login).status
            with lock:
                statuses[status] += 1

    with ThreadPoolExecutor(4) as pool:
        for bridge in bridges:
            for login in ("alice", "bob"):
                pool.submit(log_in, bridge, login)
        try:
            yield statuses
        finally:
            stop.set()


@pytest.mark.slow
def test_a_store_that_is_killed_gives_nobody_more_tries(tmp_path: Path, slapd: Slapd, make_wire: MakeWire) -> None:
    """Two for both replicas while it is there, two for each without it, none more when it is back; no login fails.

    The guesses are all different, so no memory of refused passwords spares the directory one of them.
    """
    wires = [make_wire(slapd.port) for _ in range(2)]
    directories = [openldap(wire.url, slapd.base, slapd.bind_dn) for wire in wires]
    numbers = iter(range(1000))

    def guesses(bridge: RunningBridge, count: int) -> Counter[int]:
        return Counter(bridge.get(login="carol", password=f"guess-{next(numbers)}").status for _ in range(count))

    def binds() -> list[int]:
        return [wire.binds(slapd.person_dn("carol")) for wire in wires]

    with (
        Valkey(tmp_path / "store") as store,
        Replicas(tmp_path / "replicas", directories, store, sections={"guard": GUARD, "cache": CACHE}) as replicas,
    ):
        one, two = replicas.bridges
        with right_logins(replicas.bridges) as statuses:
            assert guesses(one, 1) == {401: 1}
            assert guesses(two, 5) == {401: 1, 429: 4}
            assert guesses(one, 5) == {429: 5}
            assert binds() == [1, 1]
            store.kill()
            until_store_is(one, up=False)
            until_store_is(two, up=False)
            assert guesses(one, 5) == {401: 1, 429: 4}
            assert guesses(two, 5) == {401: 1, 429: 4}
            store.start()
            until_store_is(one, up=True)
            until_store_is(two, up=True)
            for bridge in (one, two):
                assert guesses(bridge, 5) == {429: 5}
            assert binds() == [BUDGET, BUDGET]
            count = statuses[200]
            until(lambda: statuses[200] > count + 20)
        assert set(statuses) == {200}
        for bridge in replicas.bridges:
            assert not canaries.leaks(bridge.log_text())
