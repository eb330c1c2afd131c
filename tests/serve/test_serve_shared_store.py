"""Bridges that share a store: what one has learned spares the other the directory, and nothing hangs on the store."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.refresh import issue, use
from tests.support.replicas import metric, until, until_store_is
from tests.support.slapd import Slapd
from tests.support.valkey import USER, Valkey
from tests.support.wire import Wire

SCOPE = "repository:team-a/app:push,pull"
MakeBridge = Callable[..., RunningBridge]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Valkey]:
    """The store."""
    with Valkey(tmp_path / "store") as server:
        yield server


@pytest.fixture
def wire(slapd: Slapd, make_wire: Callable[[int], Wire]) -> Wire:
    """Between all bridges and their directory."""
    return make_wire(int(slapd.url.rpartition(":")[2]))


@pytest.fixture
def make_bridge(slapd: Slapd, wire: Wire, store: Valkey, tmp_path: Path) -> Iterator[MakeBridge]:
    """Starts bridges that share the store, and stops them."""
    key = tmp_path / "shared-key"
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(32))
    running: list[RunningBridge] = []

    def make(**cache: Any) -> RunningBridge:
        # Long enough for a machine that does ten other things.
        shared = {"shared": store.url, "shared_key_file": str(key), "shared_timeout": "1s", **cache}
        sections = {"cache": {"rejected": "5m", "credentials": "5m", **shared}}
        directory = openldap(wire.url, slapd.base, slapd.bind_dn)
        bridge = RunningBridge(tmp_path / f"bridge-{len(running)}", directory, sections=sections)
        bridge.start()
        running.append(bridge)
        until_store_is(bridge, up=True)
        return bridge

    yield make
    for bridge in running:
        bridge.stop()


def _more_than(statuses: list[tuple[str, int]], count: int) -> bool:
    return len(statuses) > count


def kinds(store: Valkey) -> set[str]:
    """What kinds of entries there are."""
    return {name.split(":")[3] for name in store.names()}


def test_a_login_proved_by_one_costs_the_other_nothing(make_bridge: MakeBridge, wire: Wire, store: Valkey) -> None:
    """Neither a bind nor a search, and the groups are the same."""
    one, two = make_bridge(), make_bridge()
    assert one.get(SCOPE, login="alice").status == 200
    until(lambda: {"person", "proof"} <= kinds(store))
    wire.clear()
    answer = two.get(SCOPE, login="alice")
    assert answer.status == 200
    assert (wire.binds(), wire.searches()) == (0, 0)
    granted = [bridge.audit()[-1]["granted"] for bridge in (one, two)]
    assert granted[0] == granted[1] != []


def test_a_password_refused_to_one_costs_the_other_nothing(make_bridge: MakeBridge, wire: Wire, store: Valkey) -> None:
    """Also for a name that is nobody's; and the right password still works at once."""
    one, two = make_bridge(), make_bridge()
    for login in ("alice", "nobody-of-that-name"):
        assert one.get(SCOPE, login=login, password="wrong-" + canaries.password("x")).status == 401
    until(lambda: sum(name.split(":")[3] == "refusal" for name in store.names()) == 2)
    until(lambda: sum(name.split(":")[3] == "person" for name in store.names()) == 2)
    wire.clear()
    for login in ("alice", "nobody-of-that-name"):
        assert two.get(SCOPE, login=login, password="wrong-" + canaries.password("x")).status == 401
    assert (wire.binds(), wire.searches()) == (0, 0)
    assert two.get(SCOPE, login="alice").status == 200


def test_a_burst_of_one_wrong_password_over_three_replicas_is_one_bind(make_bridge: MakeBridge, wire: Wire) -> None:
    """They find out from each other who is asking already."""
    bridges = [make_bridge() for _ in range(3)]
    for bridge in bridges:  # the connections
        bridge.get(SCOPE, login="bob")
    dn = Slapd.person_dn("alice")
    wire.clear()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: bridges[n % 3].get(SCOPE, login="alice", password="stale").status, range(24)))
    assert set(answers) == {401}
    assert wire.binds(dn) == 1


def test_nothing_in_the_store_tells_anything(make_bridge: MakeBridge, store: Valkey) -> None:
    """No password, account name, group or token, in no disguise; a thief learns how many people there are."""
    one = make_bridge()
    token = json.loads(one.get(SCOPE, login="alice").body)["token"]
    one.get(SCOPE, login="alice", password="wrong-" + canaries.password("x"))
    until(lambda: {"person", "proof", "refusal"} <= kinds(store))
    content = store.contents()
    for name in store.names():
        content += name.encode() + store.ask("GET", name)
    assert not canaries.leaks(content.decode("latin-1"))
    lowered = content.lower()
    assert not [word for word in (b"alice", b"archer", b"team-a", b"platform", b"ou=", b"wrong") if word in lowered]
    assert token.encode() not in content


def test_killed_and_brought_back_under_load(make_bridge: MakeBridge, store: Valkey) -> None:
    """No login fails, wrong passwords stay wrong, and the bridge says how it is and takes the store up again."""
    bridge = make_bridge(credentials="off", groups="off")
    statuses: list[tuple[str, int]] = []
    stop = threading.Event()

    def load(login: str, password: str | None) -> None:
        while not stop.is_set():
            statuses.append((login, bridge.get(SCOPE, login=login, password=password).status))

    with ThreadPoolExecutor(3) as pool:
        for login, password in (("alice", None), ("bob", None), ("carol", "wrong")):
            pool.submit(load, login, password)
        try:
            for disturb, undo in ((store.kill, store.start), (store.hang, store.resume)):
                disturb()
                until_store_is(bridge, up=False)
                count = len(statuses)
                until(partial(_more_than, statuses, count + 10))
                undo()
                until_store_is(bridge, up=True)
        finally:
            stop.set()
            store.resume()
    assert {("alice", 200), ("bob", 200), ("carol", 401)} == set(statuses)
    log = bridge.log_text()
    assert 2 == log.count("the shared store does not answer") <= log.count("the shared store answers")


def test_what_others_write_is_not_believed(make_bridge: MakeBridge, wire: Wire, store: Valkey) -> None:
    """One account's proof in another's place, garbage, and endless values: all of it is as if nothing stood there."""
    one, two = make_bridge(), make_bridge()
    for login in ("alice", "bob"):
        assert one.get(SCOPE, login=login).status == 200
    until(lambda: sum(name.split(":")[3] == "proof" for name in store.names()) == 2)
    people = [name for name in store.names() if name.split(":")[3] == "person"]
    proofs = [name for name in store.names() if name.split(":")[3] == "proof"]
    for names in (people, proofs):
        store.ask("RENAME", names[0], "kept")
        store.ask("RENAME", names[1], names[0])
        store.ask("SET", names[1], "x" * 1_000_000)
    wire.clear()
    for login in ("alice", "bob"):
        assert two.get(SCOPE, login=login).status == 200
        assert two.audit()[-1]["account"] == login
    assert wire.binds(Slapd.person_dn("alice")) == wire.binds(Slapd.person_dn("bob")) == 1
    assert metric(two, "ltb_shared_store_unsealed_total") >= 2
    assert two.log_text().count("what no bridge with this key has written") <= 2


def test_a_login_and_tls(slapd: Slapd, make_bridge: MakeBridge, tmp_path: Path, authority: Any, wire: Wire) -> None:
    """With the rights that the documents give to the user of a bridge, and no more."""
    del slapd
    with Valkey(tmp_path / "guarded", authority=authority, login=True) as guarded:
        password = tmp_path / "store-password"
        password.touch(mode=0o600)
        password.write_text(guarded.password)
        more: dict[str, Any] = {"shared": guarded.url, "shared_password_file": str(password)}
        more["shared_tls"] = {"ca_file": str(authority.ca_file)}
        one, two = make_bridge(**more), make_bridge(**more)
        assert f"{USER}@" in guarded.url
        assert one.get(SCOPE, login="alice").status == 200
        # First the person and then the proof, and the mark of the bind taken away again.
        until(lambda: 'ltb_shared_store_operations_total{operation="write",outcome="ok"}' in one.metrics())
        wire.clear()
        assert two.get(SCOPE, login="alice").status == 200
        assert wire.binds(Slapd.person_dn("alice")) == 0
        assert guarded.password not in one.log_text() + two.log_text()


def test_a_token_that_is_revoked_elsewhere(make_bridge: MakeBridge, store: Valkey, tmp_path: Path) -> None:
    """`token revoke` on the machine of one replica holds at the other, also when the store has lost everything."""
    one, two = (make_bridge() for _ in range(2))
    key = tmp_path / "refresh-keys"
    for bridge in (one, two):
        refresh = {"enabled": True, "key_file": str(key), "revocations": "revoked.json"}
        bridge.sections["token"]["refresh"] = refresh
        bridge.write_settings()
        if not key.exists():
            bridge.command_line(["keys", "refresh-key", "-c", str(bridge.settings)])
        (bridge.folder / "revoked.json").write_bytes((one.folder / "revoked.json").read_bytes())
        assert bridge.reload()
        until_store_is(bridge, up=True)
    token = issue(one, "alice")
    assert use(two, token).status == 200
    told = one.command_line(["token", "revoke", "--all", "-c", str(one.settings)])
    assert "All bridges that share" in told
    until(lambda: use(two, token).status == 401)
    store.ask("FLUSHALL")
    until(lambda: use(two, token).status == 401 and "revoked" in kinds(store))
    store.kill()
    until_store_is(two, up=False)
    assert use(two, token).status in (401, 503)
