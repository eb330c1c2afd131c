"""SIGHUP at odd moments, in a process of its own."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_SCRIPT = """
import asyncio, os, signal
from ldap_token_bridge.observe import Metrics
from ldap_token_bridge.serve import Supervisor, hold_hangups, run_until_signalled

def hang_up(times=1):
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGHUP)

class Bridge:
    address, metrics, reloads, is_there = "x", Metrics(), 0, False
    ready = asyncio.Event()

    async def start(self):
        hang_up(3)
        await asyncio.sleep(0.1)
        self.is_there = True
        self.ready.set()

    async def reload(self):
        assert self.is_there
        self.reloads += 1
        if self.reloads == 1:
            hang_up(40)
        await asyncio.sleep(0.1)
        if self.reloads == 2:
            hang_up()
            raise RuntimeError("a fault")
        if self.reloads == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return True

    async def stop(self):
        pass

hold_hangups()
hang_up()
bridge = Bridge()
asyncio.run(run_until_signalled(bridge, Supervisor({})))
print(bridge.reloads)
"""


def test_hangups_wait_for_the_start_and_for_each_other() -> None:
    """One before the loop turns, three during the start: one reload. Forty during that one: one more.

    If that one fails by a fault of the bridge, the next one is heeded all the same.
    """
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], cwd=_ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["3"]), done.stderr
    assert "a reload failed in a way that it should not" in done.stderr


def test_without_standard_output_there_is_no_audit_trail(tmp_path: Path) -> None:
    """So the bridge does not start, and says why."""
    command = f"exec {sys.executable} -m ldap_token_bridge serve -c {tmp_path}/bridge.yaml >&-"
    (tmp_path / "bridge.yaml").write_text("{}\n")
    done = subprocess.run(["/bin/sh", "-c", command], cwd=_ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: the output cannot be written: it is closed\n"
