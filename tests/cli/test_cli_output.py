"""Output that cannot be written: one line and exit code 2, whatever the command."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ldap_token_bridge.robots import load_robots
from tests.support.settings_file import write_settings

_FULL = Path("/dev/full")
_COMMANDS = [
    ["--help"],
    ["--version"],
    ["schema"],
    ["policy", "schema"],
    ["check", "-c", "bridge.yaml"],
    ["keys", "new", "--keys-dir", "keys"],
]

pytestmark = pytest.mark.skipif(not _FULL.exists(), reason="Linux has a device that is always full")


def _run(folder: Path, arguments: list[str], stdout: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ldap_token_bridge", *arguments]
    return subprocess.run(command, cwd=folder, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


@pytest.fixture
def full() -> Iterator[int]:
    """A standard output that takes nothing."""
    with _FULL.open("wb") as stream:
        yield stream.fileno()


@pytest.mark.parametrize("arguments", _COMMANDS, ids=" ".join)
def test_a_full_disk_is_told_in_one_line(tmp_path: Path, full: int, arguments: list[str]) -> None:
    """No traceback, and never a success: who redirected the output believes that it is there."""
    write_settings(tmp_path)
    done = _run(tmp_path, arguments, full)
    assert done.stderr == "error: the output cannot be written: No space left on device\n"
    assert done.returncode == 2


@pytest.mark.parametrize("arguments", _COMMANDS, ids=" ".join)
def test_a_closed_output_is_told_before_anything_is_done(tmp_path: Path, arguments: list[str]) -> None:
    """The first file that a command opens would take its place."""
    words = " ".join([sys.executable, "-m", "ldap_token_bridge", *arguments, ">&-"])
    done = subprocess.run(["sh", "-c", words], cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: the output cannot be written: it is closed\n")
    assert not list(tmp_path.iterdir())


def test_an_input_that_cannot_be_read_is_not_called_the_output(tmp_path: Path) -> None:
    """A terminal that has gone and a disk with a fault are one errno; the output was fine."""
    command = [sys.executable, "-m", "ldap_token_bridge", "token", "inspect", "-c", str(write_settings(tmp_path))]
    with Path("/proc/self/mem").open("rb") as unreadable:  # nothing is mapped at its beginning
        done = subprocess.run(command, stdin=unreadable, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: standard input or a file cannot be read: Input/output error\n")


def test_a_terminal_that_has_gone_is_the_output(tmp_path: Path) -> None:
    """The same errno, from writing."""
    ours, theirs = os.openpty()
    os.close(ours)
    with os.fdopen(theirs, "wb", 0) as gone:
        done = _run(tmp_path, ["schema"], gone.fileno())
    assert (done.returncode, done.stderr) == (2, "error: the output cannot be written: Input/output error\n")


def test_both_streams_full(tmp_path: Path, full: int) -> None:
    """Then the exit code alone tells it."""
    command = [sys.executable, "-m", "ldap_token_bridge", "schema"]
    assert subprocess.run(command, cwd=tmp_path, stdout=full, stderr=full, check=False).returncode == 2


def test_a_reader_who_has_gone_is_told_nothing(tmp_path: Path) -> None:
    """`| head` is no fault."""
    reader, writer = os.pipe()
    os.close(reader)
    done = _run(tmp_path, ["schema"], writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("rotated", [False, True])
def test_a_secret_that_could_not_be_shown_is_said_to_be_lost(tmp_path: Path, full: int, rotated: bool) -> None:  # noqa: FBT001
    """The robot is in the file, and nobody can log in as it: the way to another secret is named, and works."""
    new = ["robot", "new", "ci", "--file", "robots.yaml"]
    made = [*new, "--owner", "team-a", "--days", "9"]
    if rotated:
        assert _run(tmp_path, made, subprocess.DEVNULL).returncode == 0
    done = _run(tmp_path, [*new, "--rotate"] if rotated else made, full)
    assert done.returncode == 2
    assert "the new secret could not be shown and is lost: No space left on device" in done.stderr
    assert "ldap-token-bridge robot new ci --rotate --file robots.yaml" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    (robot,) = load_robots(tmp_path / "robots.yaml")
    assert len(robot.hashes) == 1 + rotated
