"""The systemd unit, by systemd's own tools, and the program as the unit confines it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.bridge import RunningBridge, openldap
from tests.support.documents import ROOT, document
from tests.support.slapd import Slapd

UNIT = ROOT / "deploy/systemd/ldap-token-bridge.service"
_PROGRAM = "/opt/ldap-token-bridge/bin/ldap-token-bridge"


def _values(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.MULTILINE)


def test_systemd_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    """`systemd-analyze verify` is silent, once the program that it starts is there."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace(_PROGRAM, sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_user_can_be_made(tmp_path: Path) -> None:
    """systemd-sysusers takes the file, and makes the user that the unit names."""
    file = ROOT / "deploy/systemd/ldap-token-bridge.sysusers"
    command = ["systemd-sysusers", "--root", str(tmp_path), str(file)]
    (tmp_path / "etc").mkdir()
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "etc/passwd").read_text().startswith(f"{_values('User')[0]}:")


def test_the_documented_exposure_is_true() -> None:
    """The figure of `systemd-analyze security`, without a running system."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Overall exposure level for \S+: (\S+)", done.stdout)
    assert found
    assert f"exposure level of {found[1]}" in document("deploy/README.md").text


def test_it_stays_down_after_exit_code_2() -> None:
    """Each start shows the service password to the directory: starting again would lock the account."""
    assert _values("RestartPreventExitStatus") == ["2"]
    assert _values("Type") == ["notify"]


def test_a_shell_is_told_all_that_the_unit_gives() -> None:
    """Commands need the same secrets; the page names each by the file that the service was given a copy of."""
    given = dict(each.split(":", 1) for each in _values("LoadCredential"))
    variables = [each.split("=%d/") for each in _values("Environment")]
    assert sorted(name for _, name in variables) == sorted(given)
    page = document("deploy/README.md").text
    assert [f"export {variable}={given[name]}" in page for variable, name in variables] == [True] * len(given)
    assert f"export PATH=$PATH:{Path(_PROGRAM).parent}" in page
    assert all(f". {file.removeprefix('-')};" in page for file in _values("EnvironmentFile"))


def test_every_system_call_of_the_bridge_is_allowed(tmp_path: Path, slapd: Slapd) -> None:
    """Of a start, a login, a reload and an end: the unit lets each call through that was made."""
    trace = tmp_path / "trace"
    bridge = RunningBridge(tmp_path / "bridge", openldap(slapd.ldaps_url, slapd.base, slapd.bind_dn, slapd.ca_file))
    # As a grandchild strace leaves the process to the test.
    strace = ("strace", "--daemonize=grandchild", "--follow-forks", "--signal=none", "--output", str(trace))
    bridge.command = (*strace, *bridge.command)
    with bridge:
        assert bridge.get("repository:team-a/app:push", login="bob").status == 200
        assert bridge.reload()
        os.kill(bridge.pid, signal.SIGTERM)
        assert bridge.wait() == 0
        while f"{bridge.pid} +++ exited with 0 +++" not in re.sub(" +", " ", trace.read_text()):
            time.sleep(0.05)  # strace writes to the end
    made = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert {"bind", "prlimit64", "openat"} <= made
    assert made - _allowed() == set()


def _allowed() -> set[str]:
    """What the lines SystemCallFilter come to, in their order."""
    allowed: set[str] = set()
    for line in _values("SystemCallFilter"):
        names = {name for word in line.removeprefix("~").split() for name in _calls(word)}
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


def _calls(word: str) -> set[str]:
    if not word.startswith("@"):
        return {word}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True)
    inner = [line.strip() for line in listed.stdout.splitlines()[1:] if not line.strip().startswith("#")]
    return {name for each in inner if each for name in _calls(each)}
