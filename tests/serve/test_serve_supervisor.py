"""What systemd hears of a real `serve`, over a real socket of the kind that it names in NOTIFY_SOCKET."""

import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.bridge import RunningBridge, openldap
from tests.support.slapd import Slapd

Start = Callable[..., "Heard"]


class Heard:
    """A bridge, and the socket on which its supervisor listens."""

    def __init__(self, bridge: RunningBridge, listening: socket.socket) -> None:
        self.bridge = bridge
        self._socket = listening

    def next(self) -> dict[str, str]:
        """The next message; raises TimeoutError if there is none for long."""
        self._socket.settimeout(30)
        return dict(line.split("=", 1) for line in self._socket.recv(4096).decode().split("\n"))

    def next_but_watchdog(self) -> dict[str, str]:
        """The next one that is no sign of life alone."""
        while (message := self.next()) == {"WATCHDOG": "1"}:
            pass
        return message

    def forget(self) -> None:
        """What has come until now."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recv(4096)
        except BlockingIOError:
            return


@pytest.fixture
def supervised(tmp_path: Path, slapd: Slapd) -> Iterator[Start]:
    """Starts a bridge with a NOTIFY_SOCKET, and with what else a supervisor puts into its environment."""
    with ExitStack() as stack:

        def start(name: str, **environment: str) -> Heard:
            listening = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            listening.bind(f"\0{name[1:]}" if name.startswith("@") else name)
            settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
            more = {"NOTIFY_SOCKET": name, **environment}
            bridge = RunningBridge(tmp_path / "bridge", settings, environment=more)
            return Heard(stack.enter_context(bridge), listening)

        yield start


@pytest.fixture(params=["path", "abstract"])
def name(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a socket in the file system, as services have it, or an abstract one, as older systems and containers do."""
    return str(tmp_path / "notify") if request.param == "path" else f"@ltb-test-{secrets.token_hex(8)}"


def test_it_hears_of_start_reload_and_end(supervised: Start, name: str) -> None:
    """READY=1 once it listens; RELOADING=1 with the time, then READY=1; STOPPING=1 at SIGTERM."""
    heard = supervised(name)
    address = f"127.0.0.1:{heard.bridge.port}"
    assert heard.next() == {"READY": "1", "STATUS": f"Listening on {address}"}
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert heard.bridge.reload()
    reloading = heard.next()
    assert reloading["RELOADING"] == "1"
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert heard.next()["READY"] == "1"
    os.kill(heard.bridge.pid, signal.SIGTERM)
    assert heard.next()["STOPPING"] == "1"
    assert heard.bridge.wait() == 0


def test_a_refused_reload_is_told(supervised: Start, name: str) -> None:
    """The bridge is ready all the same, and its status says that the change is not in force."""
    heard = supervised(name)
    heard.next()
    heard.bridge.policy.write_text("version: 2\n")
    assert not heard.bridge.reload()
    assert heard.next()["RELOADING"] == "1"
    ready = heard.next()
    assert ready["READY"] == "1"
    assert "cannot be used" in ready["STATUS"]


def test_the_watchdog_hears_it_while_the_loop_turns(supervised: Start, tmp_path: Path) -> None:
    """A process that stands still says nothing; it goes on when that does."""
    heard = supervised(str(tmp_path / "notify"), WATCHDOG_USEC="200000")
    assert heard.next()["READY"] == "1"
    for _ in range(3):
        assert heard.next() == {"WATCHDOG": "1"}
    with _stopped(heard.bridge):
        heard.forget()
        time.sleep(1)
        with pytest.raises(BlockingIOError):
            heard._socket.recv(4096)
    assert heard.next() == {"WATCHDOG": "1"}
    os.kill(heard.bridge.pid, signal.SIGTERM)
    assert heard.next_but_watchdog()["STOPPING"] == "1"


@pytest.mark.parametrize("variables", [{"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "often"}])
def test_a_watchdog_of_somebody_else(supervised: Start, tmp_path: Path, variables: dict[str, str]) -> None:
    """It waits for another process, or the variable is none of systemd's: nothing is said to it."""
    heard = supervised(str(tmp_path / "notify"), **variables)
    heard.next()
    assert heard.bridge.reload()
    assert heard.next()["RELOADING"] == "1"
    assert heard.next()["READY"] == "1"


def test_a_supervisor_that_is_not_there_stops_nothing(tmp_path: Path, slapd: Slapd) -> None:
    """The bridge serves, and its log says that nobody listens."""
    settings = openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file)
    environment = {"NOTIFY_SOCKET": str(tmp_path / "nobody")}
    with RunningBridge(tmp_path / "bridge", settings, environment=environment) as bridge:
        assert bridge.get(login="bob").status == 200
        assert "the supervisor cannot be told how the bridge is" in bridge.log_text()


@contextmanager
def _stopped(bridge: RunningBridge) -> Iterator[None]:
    bridge.hang()
    time.sleep(0.1)  # for what was on its way
    try:
        yield
    finally:
        bridge.resume()
