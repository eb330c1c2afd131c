"""A server of the test run: one process of its own, waited for, logged to a file, and surely stopped.

Start servers from the main thread: the kernel ends them when the thread that started them ends, which is how no
server outlives a test run that was killed.
"""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Self

# Below what Linux hands out to outgoing connections (ip_local_port_range begins at 32768), so that none takes
# the port between the moment it was found free and the moment the server listens on it.
_PORTS = range(20_000, 32_000)
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class ServerFailed(RuntimeError):
    """A server of the tests did not start; the text holds the end of its log."""


def require(*programs: str) -> None:
    """Raises ServerFailed with what to do if a program is not installed."""
    if missing := [program for program in programs if not Path(program).exists()]:
        raise ServerFailed(f"not installed: {', '.join(missing)}. Run `make test-deps`, then try again.")


def own_share(places: range) -> range:
    """Those of the ports or addresses that no other of this run's test processes takes, if there are several."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return places[worker % workers :: workers]


# In any order, as another run may be at work on the machine; and each once before any comes again.
_ports = cycle(secrets.SystemRandom().sample(own_share(_PORTS), len(own_share(_PORTS))))


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port on which nothing listens."""
    return next(port for port in _ports if can_listen(host, port))


def can_listen(host: str, port: int) -> bool:
    """Whether the address is free for a server."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


class Process:
    """One server process with everything it starts itself; `ready` is asked until it says yes."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.command = tuple(command)
        self.log = log
        self._ready = ready
        self._environment = None if environment is None else dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process is there, hung or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id; raises if it does not run."""
        if self._process is None:
            raise ServerFailed(f"{self.command[0]} does not run")
        return self._process.pid

    def log_text(self) -> str:
        """Everything the server has logged, over all its starts."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self) -> None:
        """Starts it and waits until it is ready; harmless if it runs."""
        if self.running:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                # The kernel kills the server when the test run dies, however it dies.
                ["setpriv", "--pdeathsig", "KILL", "--", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        give_up = time.monotonic() + _START_SECONDS
        while not self._ready():
            if not self.running or time.monotonic() > give_up:
                why = "is not ready" if self.running else f"ended with {self._process.returncode}"
                self.stop()
                raise ServerFailed(f"{self.command[0]} {why}; the end of {self.log}:\n{self.log_text()[-3000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends it, and what it started, by SIGTERM and then SIGKILL; harmless if it does not run."""
        if self._process is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._signal(signal.SIGKILL)  # children that outlived it
        self._process = None

    def ready_when(self, ready: Callable[[], bool]) -> None:
        """Waits at the next start for something else than before."""
        self._ready = ready

    def wait(self) -> int:
        """The exit code, once it has ended by itself."""
        if self._process is None:
            raise ServerFailed(f"{self.command[0]} does not run")
        return self._process.wait(_START_SECONDS)

    def kill(self) -> None:
        """Ends it without a word to anyone, as a crash does."""
        self._signal(signal.SIGKILL)
        self.stop()

    def hang(self) -> None:
        """Connections are still accepted by the kernel, but nothing answers until `resume`."""
        self._signal(signal.SIGSTOP)
        # A thread that runs on another processor stops a moment later, and may have answered meanwhile.
        give_up = time.monotonic() + 10
        while not _has_stopped(self.pid):
            if time.monotonic() > give_up:
                raise ServerFailed(f"{self.command[0]} does not stop")
            time.sleep(0.001)

    def resume(self) -> None:
        """Undoes `hang`; harmless if it does not hang."""
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        """To the whole process group, which is the server's own (`start_new_session`)."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def _has_stopped(pid: int) -> bool:
    """Whether all threads of a process stand still (proc(5), `stat`: the state comes after the name in brackets)."""
    states = [
        (thread / "stat").read_text().rpartition(")")[2].split()[0] for thread in Path(f"/proc/{pid}/task").iterdir()
    ]
    return all(state == "T" for state in states)
