"""What the process needs: memory while idle, time to start, and what one remembered account takes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figure, figure
from tests.bench.place import Place
from tests.bench.progress import steps, tell
from tests.support.http import request

from .bridge import ROOT, BenchBridge

IDLE = ("memory_idle_mb", "memory_idle_pss_mb")
START = ("service_start_s",)
HELP = ("cli_help_s",)
ACCOUNT = ("memory_account_bytes",)

_ACCOUNTS, _GROUPS = 100_000, 30
_REST = 2.0
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}


def idle(place: Place, _rounds: int) -> Iterator[Figure]:
    """Two seconds after the start, with 100 rules; the second counts what processes share by halves."""
    with BenchBridge(place, "idle") as bridge:
        time.sleep(_REST)
        yield figure(IDLE[0], [memory(bridge.pid, "Rss") / 1e6], "MB")
        yield figure(IDLE[1], [memory(bridge.pid, "Pss") / 1e6], "MB")


def start(place: Place, rounds: int) -> Iterator[Figure]:
    """From the command to the first reply to a client, with a policy of 1,000 rules."""
    bridge = BenchBridge(place, "start", rules=1_000)
    yield figure(START[0], list(steps(START[0], (_start(bridge) for _ in range(rounds)), rounds)), "s")


def show_help(rounds: int) -> Iterator[Figure]:
    """The whole of `ldap-token-bridge --help`."""
    yield figure(HELP[0], list(steps(HELP[0], (_help() for _ in range(rounds)), rounds)), "s")


def account(_rounds: int) -> Iterator[Figure]:
    """Of 100,000 with 30 groups each, in a process of its own."""
    tell("100,000 people log in, which takes about a minute")
    command = [sys.executable, "-m", "tests.bench.service.accounts", str(_ACCOUNTS), str(_GROUPS)]
    done = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, check=True)
    yield figure(ACCOUNT[0], [float(done.stdout)], "bytes")


def memory(pid: int, kind: str) -> float:
    """Octets of a process: `Rss` all that it maps, `Pss` what it shares by its part (proc_pid_smaps(5))."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return float(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel does not tell {kind}")


def descriptors(pid: int) -> int:
    """How many a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _start(bridge: BenchBridge) -> float:
    begin = time.perf_counter()
    with bridge:
        if request(f"{bridge.url}/readyz").status != 200:
            raise RuntimeError("the bridge is not ready")
        return time.perf_counter() - begin


def _help() -> float:
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "ldap_token_bridge", "--help"], env=_ENVIRONMENT, capture_output=True, check=True
    )
    return time.perf_counter() - begin
