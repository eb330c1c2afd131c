"""Three replicas behind a plain TCP balancer: one is killed, one ended, all reloaded, while clients go on asking."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import pytest

from tests.support import canaries
from tests.support.balancer import Balancer
from tests.support.bridge import POLICY, SERVICE, RunningBridge, openldap
from tests.support.certificates import Authority
from tests.support.kept_connection import Broken, KeptConnection
from tests.support.replicas import Replicas, until
from tests.support.slapd import Slapd
from tests.support.valkey import Valkey

pytestmark = pytest.mark.slow

PEOPLE = ("alice", "bob", "carol", "jürgen")
SCOPE, NEW = "repository:public/base:pull", "repository:new/base:pull"
# So many requests come over one connection before a command ends and the next begins with a new one.
A_COMMAND = 7


class Load:
    """Clients that go on asking: half of them by GET as docker does, half by POST as containerd does."""

    def __init__(self, port: int) -> None:
        self.statuses = Counter[int]()
        self.broken: list[str] = []
        """What users of the clients were told of connections."""
        self.repeated = 0
        """How many requests the clients sent again, of which nobody hears."""
        self._port = port
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(login, method)) for login in PEOPLE for method in ("GET", "POST")
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    @property
    def clients(self) -> int:
        """How many there are."""
        return len(self._threads)

    def wait_for(self, answers: int) -> None:
        """Until so many more have come."""
        before = self._answers()
        until(lambda: self._answers() >= before + answers)

    def _answers(self) -> int:
        with self._lock:
            return self.statuses.total()

    def _run(self, login: str, method: str) -> None:
        with KeptConnection(self._port) as connection:
            while not self._stop.is_set():
                for _ in range(A_COMMAND):
                    self._ask(connection, login, method)
                    time.sleep(0.02)
                connection.close()
            with self._lock:
                self.repeated += connection.repeated

    def _ask(self, connection: KeptConnection, login: str, method: str) -> None:
        fields = [("service", SERVICE), ("scope", SCOPE)]
        password = canaries.password(login)
        try:
            if method == "GET":
                status = connection.get("/token", [("account", login), *fields], (login, password))
            else:
                grant = [("grant_type", "password"), ("client_id", "containerd-client")]
                status = connection.post("/token", [*grant, ("username", login), ("password", password), *fields])
        except Broken as error:
            with self._lock:
                self.broken.append(str(error))
        else:
            with self._lock:
                self.statuses[status] += 1


@pytest.fixture(scope="module")
def bridges(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[list[RunningBridge]]:
    """Three replicas that share a store, for all tests here."""
    folder = tmp_path_factory.mktemp("replicas")
    with Slapd(folder / "slapd", authority) as slapd, Valkey(folder / "store") as store:
        directory = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
        sections = {"policy": {"path": "policy.yaml", "poll": "500ms"}}
        with Replicas(folder, [directory] * 3, store, sections=sections) as replicas:
            yield replicas.bridges
            for bridge in replicas.bridges:
                assert not canaries.leaks(bridge.log_text())


@contextmanager
def load(bridges: list[RunningBridge]) -> Iterator[Load]:
    """Clients behind a balancer; all replicas have part in it, and all answers are tokens."""
    with Balancer([bridge.port for bridge in bridges]) as balancer:
        with Load(balancer.port) as clients:
            clients.wait_for(50)
            yield clients
            clients.wait_for(50)
        assert len(balancer.taken) == len(bridges)
    assert set(clients.statuses) == {200}


def audited(bridges: list[RunningBridge]) -> int:
    """How many requests for tokens they have answered, over all their starts."""
    return sum(len(bridge.audit()) for bridge in bridges)


def test_ended_and_started_one_by_one(bridges: list[RunningBridge]) -> None:
    """SIGTERM to each in turn: nobody is told of anything, no answer is lost on the way, and each ends in order."""
    before = audited(bridges)
    with load(bridges) as clients:
        for bridge in bridges:
            os.kill(bridge.pid, signal.SIGTERM)
            assert bridge.wait() == 0
            clients.wait_for(30)
            bridge.start()
            clients.wait_for(30)
    assert clients.broken == []
    lost = audited(bridges) - before - clients.statuses.total()
    assert 0 <= lost <= clients.repeated


def test_killed_and_started_again(bridges: list[RunningBridge]) -> None:
    """By kill -9: it costs at most what is under way there, and of a GET over a kept connection nobody hears."""
    with load(bridges) as clients:
        bridges[0].kill()
        clients.wait_for(100)
        broken = list(clients.broken)
        bridges[0].start()
        clients.wait_for(100)
    assert clients.broken == broken, "at the kill and never after it"
    assert len(broken) <= clients.clients
    assert not [told for told in broken if told.startswith(("GET, kept", "GET again"))]


def test_reloaded_one_by_one(bridges: list[RunningBridge]) -> None:
    """A new policy by its content, then new settings of the directory by SIGHUP: nobody is told of anything."""
    with load(bridges) as clients:
        for bridge in bridges:
            bridge.policy.write_text(POLICY.replace('"public/**"', '"public/**", "new/**"'))
            until(lambda: bridge.get(NEW).status == 200)  # noqa: B023 -- called before the next turn
            clients.wait_for(30)
        for bridge in bridges:
            bridge.sections["directory"]["timeouts"] = {"operation": "3s"}
            bridge.write_settings()
            assert bridge.reload()
            clients.wait_for(30)
    assert (clients.broken, clients.repeated) == ([], 0)
