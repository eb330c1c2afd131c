"""Two OpenLDAP servers and a bridge: whatever befalls the first, logins go on, and it is used again when it is back."""

import contextlib
import gc
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import MakeSlapd, MakeWire
from tests.support import canaries
from tests.support.bridge import RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.http import request
from tests.support.scripted_ldap import Reply, ScriptedLdap
from tests.support.scripted_thread import ScriptedThread
from tests.support.slapd import Slapd

NO_MEMORY = {"cache": {"credentials": "off", "groups": "off", "rejected": "off"}}
PEOPLE = ("alice", "bob", "carol", "jürgen")


@pytest.fixture
def slapds(make_slapd: MakeSlapd) -> tuple[Slapd, Slapd]:
    """Two servers of one directory."""
    return make_slapd(), make_slapd()


@pytest.fixture
def bridge(tmp_path: Path, slapds: tuple[Slapd, Slapd]) -> Iterator[RunningBridge]:
    """A bridge that remembers nothing, so that every login reaches the directory."""
    first, second = slapds
    settings = openldap(first.ldaps_url, first.base, first.bind_dn, first.ca_file)
    settings["servers"] = [first.ldaps_url, second.ldaps_url]
    with RunningBridge(tmp_path / "bridge", settings, sections=NO_MEMORY) as bridge:
        yield bridge


@contextlib.contextmanager
def stopped(first: Slapd, _authority: Authority) -> Iterator[None]:
    """Nothing listens."""
    first.stop()
    yield
    first.start()


@contextlib.contextmanager
def hung(first: Slapd, _authority: Authority) -> Iterator[None]:
    """It takes connections and says nothing."""
    first.hang()
    yield
    first.resume()


def in_its_place(server: Callable[[Authority], ScriptedLdap]) -> Callable[[Slapd, Authority], object]:
    """A scripted server on the first one's port."""

    @contextlib.contextmanager
    def fault(first: Slapd, authority: Authority) -> Iterator[None]:
        first.stop()
        scripted = server(authority)
        scripted.port = first.tls_port
        with ScriptedThread(scripted):
            yield
        first.start()

    return fault


def no_tls(_authority: Authority) -> ScriptedLdap:
    """It speaks plain LDAP where TLS belongs."""
    return ScriptedLdap()


def another_name(authority: Authority) -> ScriptedLdap:
    """Its certificate is for another server."""
    return ScriptedLdap(_server_tls(authority, "elsewhere", "dc9.example.com"))


def busy(code: int) -> Callable[[Authority], ScriptedLdap]:
    """It answers everything with 51 or 52."""

    def server(authority: Authority) -> ScriptedLdap:
        scripted = ScriptedLdap(_server_tls(authority, "busy", "127.0.0.1"))
        scripted.on_bind = scripted.on_search = lambda _: Reply(code)
        return scripted

    return server


def _server_tls(authority: Authority, name: str, host: str) -> ssl.SSLContext:
    issued = authority.issue(name, [host])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.certificate, issued.key)
    return context


FAULTS = {
    "stopped": stopped,
    "hung": hung,
    "refuses TLS": in_its_place(no_tls),
    "another name": in_its_place(another_name),
    "busy": in_its_place(busy(51)),
    "unavailable": in_its_place(busy(52)),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_logins_go_on(
    bridge: RunningBridge,
    slapds: tuple[Slapd, Slapd],
    authority: Authority,
    fault: Callable[[Slapd, Authority], contextlib.AbstractContextManager[None]],
) -> None:
    """Every one of them gets its token, which the bridge gives within its deadline or not at all; no wrong one does."""
    first, second = slapds
    log_in(bridge)
    assert 'BIND dn="uid=' not in second.log_text(), "the first has all the work"
    with fault(first, authority):
        for _ in range(3):
            log_in(bridge)
        assert bridge.get(login="bob", password="wrong").status == 401
    assert comes_back(bridge, first)
    log_in(bridge)
    assert not canaries.leaks(bridge.log_text())


def log_in(bridge: RunningBridge) -> None:
    """Everybody, right."""
    assert [bridge.get(login=login).status for login in PEOPLE] == [200] * len(PEOPLE)


def comes_back(bridge: RunningBridge, first: Slapd) -> bool:
    """Whether the first server gets people's binds again, without a restart of the bridge."""
    before = first.log_text().count('BIND dn="uid=')
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        assert bridge.get(login="bob").status == 200
        if first.log_text().count('BIND dn="uid=') > before and states(bridge)[0]["up"]:
            return True
        time.sleep(0.1)
    return False


def states(bridge: RunningBridge) -> list[dict[str, object]]:
    """The servers in the detail of readiness."""
    detail = request(f"http://127.0.0.1:{bridge.admin_port}/readyz?verbose").json
    servers = detail["directory"]["servers"]
    assert isinstance(servers, list)
    return servers


def test_a_wrong_password_is_bound_once(tmp_path: Path, slapds: tuple[Slapd, Slapd], make_wire: MakeWire) -> None:
    """Counted on the wire to each of two servers: one bind in all for each try that is refused, and for a right one."""
    wires = [make_wire(slapd.port) for slapd in slapds]
    settings = openldap(wires[0].url, slapds[0].base, slapds[0].bind_dn)
    settings["servers"] = [wire.url for wire in wires]
    with RunningBridge(tmp_path / "bridge", settings, sections=NO_MEMORY) as bridge:
        bob = slapds[0].person_dn("bob")
        for tries, (password, status) in enumerate((("one", 401), ("two", 401), (canaries.password("bob"), 200)), 1):
            assert bridge.get(login="bob", password=password).status == status
            assert sum(wire.binds(bob) for wire in wires) == tries
        slapds[0].stop()
        wires[0].cut()
        for tries in range(1, 4):
            assert bridge.get(login="bob", password=f"wrong {tries}").status == 401
            assert sum(wire.binds(bob) for wire in wires) == 3 + tries


def test_the_state_of_each_server_can_be_read(bridge: RunningBridge, slapds: tuple[Slapd, Slapd]) -> None:
    """In the detail of readiness and in the metrics; the bridge stays ready all the while."""
    first, second = slapds
    log_in(bridge)
    one, two = states(bridge)
    assert (one["server"], one["up"], one["breaker"], one["last_failure"]) == (first.ldaps_url, True, "closed", "")
    assert one["connections"] == {"search": 1, "bind": 1}
    assert (two["server"], two["connections"]) == (second.ldaps_url, {"search": 0, "bind": 0})
    metrics = bridge.metrics()
    assert f'ltb_ldap_server_up{{server="{first.ldaps_url}"}} 1.0' in metrics
    assert f'ltb_ldap_connections{{kind="bind",server="{first.ldaps_url}"}} 1.0' in metrics
    first.stop()
    log_in(bridge)
    one, two = states(bridge)
    assert (one["up"], one["connections"], two["up"]) == (False, {"search": 0, "bind": 0}, True)
    assert "nothing listens on port" in str(one["last_failure"])
    assert str(one["last_failure_at"]).endswith("Z")
    assert f'ltb_ldap_server_up{{server="{first.ldaps_url}"}} 0.0' in bridge.metrics()
    assert request(f"{bridge.url}/readyz").status == 200


def test_a_scripted_server_leaves_no_handshake_behind(authority: Authority) -> None:
    """A bridge may be in the midst of one when the first server comes back; it would be found in a later test."""
    scripted = busy(52)(authority)
    with socket.socket() as client:
        with ScriptedThread(scripted):
            client.connect(("127.0.0.1", scripted.port))
            time.sleep(0.2)
        gc.collect()
