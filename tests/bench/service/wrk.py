"""Load from wrk: one thread of a process of its own, many connections, each waiting for its reply before it asks on."""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.support.process import ServerFailed, require

CONNECTIONS = 32

_PROGRAM = "/usr/bin/wrk"
_SCRIPT = Path(__file__).with_name("wrk.lua")
_TIMEOUT = 20  # seconds; beyond any deadline of the bridge


class Ask(NamedTuple):
    """One GET: a path with its query, and headers such as `Authorization: Basic ...`."""

    path: str
    headers: tuple[str, ...] = ()

    def line(self) -> str:
        """As wrk.lua reads it."""
        return "\t".join([self.path, *self.headers]) + "\n"


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. Times in milliseconds; wrk adds those who would have asked while one waited too long.

    `refused` are replies above 399, `broken` those that never came.
    """

    requests: int
    refused: int
    broken: int
    seconds: float
    p10: float
    p50: float
    p90: float
    p99: float
    worst: float

    @property
    def rate(self) -> float:
        """Replies a second."""
        return self.requests / self.seconds

    def all_granted(self) -> "Load":
        """Itself; raises unless every single reply was a success."""
        return self._as_meant(0, "all were to be granted")

    def all_refused(self) -> "Load":
        """Itself; raises unless every single reply was a refusal."""
        return self._as_meant(self.requests, "none was to be granted")

    def _as_meant(self, refused: int, meant: str) -> "Load":
        if self.broken or self.refused != refused or not self.requests:
            told = f"{self.requests} replies, {self.refused} of them refusals, {self.broken} that never came: {meant}"
            raise ServerFailed(told)
        return self


def write_asks(path: Path, asks: Iterable[Ask]) -> Path:
    """The file of requests, readable by its owner alone: there are passwords in it."""
    path.touch(mode=0o600)
    with path.open("w", encoding="ascii") as file:
        file.writelines(ask.line() for ask in asks)
    return path


def start(url: str, asks: Path, seconds: int = 1, connections: int = CONNECTIONS) -> "subprocess.Popen[str]":
    """Sets wrk to work; its load is what `finish` gives. `url` is `scheme://host:port`."""
    require(_PROGRAM)
    options = [f"--connections={connections}", f"--duration={seconds}s", f"--timeout={_TIMEOUT}s"]
    command = [_PROGRAM, "--threads=1", *options, f"--script={_SCRIPT}", url, "--", str(asks)]
    # The kernel ends it when the bench is killed.
    watched = ["setpriv", "--pdeathsig", "KILL", "--", *command]
    return subprocess.Popen(watched, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(running: "subprocess.Popen[str]") -> Load:
    """Waits for the end; raises ServerFailed with what wrk said if it failed."""
    told, _ = running.communicate()
    return read_load(told) if running.returncode == 0 else _failed(told)


def load(url: str, asks: Path, seconds: int = 1, connections: int = CONNECTIONS) -> Load:
    """Both in one."""
    return finish(start(url, asks, seconds, connections))


def read_load(told: str) -> Load:
    """Of what wrk prints the last line alone, which is ours."""
    try:
        return Load(**json.loads(told.strip().rpartition("\n")[2]))
    except (ValueError, TypeError):
        return _failed(told)


def _failed(told: str) -> Load:
    raise ServerFailed(f"wrk failed: {told.strip()[-2000:]}")
