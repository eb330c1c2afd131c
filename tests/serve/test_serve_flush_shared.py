"""`cache flush` at one of two replicas that share a store: the other one forgets as well, also for an outage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MakeWire
from tests.support import canaries
from tests.support.bridge import RunningBridge, active_directory, openldap
from tests.support.replicas import Replicas, metric, until
from tests.support.samba import SambaDC
from tests.support.slapd import Slapd
from tests.support.valkey import Valkey

PULL = "repository:users/bob/app:pull"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Valkey]:
    """The store."""
    with Valkey(tmp_path / "store") as server:
        yield server


def flush(bridge: RunningBridge, *options: str) -> None:
    """As an operator does it on the machine of that bridge."""
    bridge.command_line(["cache", "flush", *options, "-c", str(bridge.settings)])


def login(bridge: RunningBridge, name: str) -> dict[str, Any]:
    """The audit line of a pull."""
    bridge.get(PULL, login=name)
    return bridge.audit()[-1]


def wait_until_heard(bridge: RunningBridge) -> None:
    """Until a bridge that nobody uses has looked into the store twice more, which it does by itself."""
    looks = metric(bridge, "ltb_shared_store_operations_total")
    until(lambda: metric(bridge, "ltb_shared_store_operations_total") >= looks + 4)


@pytest.mark.parametrize("options", [("--account", "BOB"), ()], ids=["one account", "everybody"])
def test_the_other_replica_forgets(
    tmp_path: Path, slapd: Slapd, make_wire: MakeWire, store: Valkey, options: tuple[str, ...]
) -> None:
    """The next login there is asked of the directory anew; somebody else's only if everybody was flushed."""
    wire = make_wire(slapd.port)
    times = {"cache": {"credentials": "5m", "groups": "5m"}}
    with Replicas(tmp_path, [openldap(wire.url, slapd.base, slapd.bind_dn)] * 2, store, sections=times) as replicas:
        one, two = replicas.bridges
        for bridge in (one, two):
            for name in ("bob", "carol"):
                assert login(bridge, name)["outcome"] == "issued"
                assert login(bridge, name)["cache"] == "hit"
        flush(one, *options)
        wait_until_heard(two)
        wire.clear()
        assert login(two, "bob")["cache"] == "miss"
        assert login(two, "carol")["cache"] == ("hit" if options else "miss")
        assert wire.binds(slapd.person_dn("bob")) == 1
        assert wire.binds(slapd.person_dn("carol")) == (0 if options else 1)


@pytest.mark.slow
def test_a_flushed_account_is_out_everywhere_in_an_outage(tmp_path: Path, samba: SambaDC, store: Valkey) -> None:
    """Active Directory is down: who was flushed at one replica has no login left by which the other would go on."""
    directory = active_directory(samba.ldaps_url, samba.base, samba.bind_dn, samba.ca_file)
    times = {"cache": {"credentials": "2s", "groups": "2s", "stale_if_down": "1h"}}
    with Replicas(tmp_path, [directory] * 2, store, sections=times) as replicas:
        for bridge in replicas.bridges:
            for name in ("bob", "carol"):
                assert login(bridge, name)["outcome"] == "issued"
        flush(replicas.bridges[0], "--account", r"CORP\bob")
        wait_until_heard(replicas.bridges[1])
        samba.stop()
        for bridge in replicas.bridges:
            until(lambda: login(bridge, "carol").get("stale") is True)  # noqa: B023 -- called before the next turn
            line = login(bridge, "bob")
            assert (line["status"], line["reason"]) == (503, "directory-down")
            assert not canaries.leaks(bridge.log_text())
