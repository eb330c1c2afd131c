"""The demo as a whole: real processes, real sockets, nothing left behind."""

import base64
import json
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from ldap_token_bridge.demo.people import PEOPLE
from ldap_token_bridge.demo.walk import walk
from ldap_token_bridge.demo.world import running_world

DEMO = [sys.executable, "-m", "ldap_token_bridge", "demo"]
REASONS = {"dave": "disabled", "erin": "expired", "frank": "must change", "gina": "locked"}


def environment(temporary: Path, path: str | None = None, **more: str) -> dict[str, str]:
    """This process's environment, with temporary files in a folder of the test's own and another PATH if given."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
    found |= {"TMPDIR": str(temporary), "PYTHONUTF8": "1"} | more
    return found if path is None else {**found, "PATH": path}


def run(arguments: list[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The demo without a terminal."""
    return subprocess.run(
        [*DEMO, *arguments],
        check=False,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=90,
    )


def program(folder: Path, name: str, script: str) -> str:
    """A shell script as a program of that name; gives a PATH that holds nothing else."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(folder)


@pytest.mark.parametrize("arguments", [["--once"], []])
def test_demo_without_registry_makes_its_logins_and_ends_well(tmp_path: Path, arguments: list[str]) -> None:
    """With nothing on PATH every login comes out as it should, tokens are shown unsigned, and nothing is left."""
    result = run(arguments, environment(tmp_path, path=""))
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    assert "✗" not in result.stdout
    lines = {line.partition(":")[0].removeprefix("✓ "): line for line in result.stdout.splitlines() if "✓" in line}
    for who, reason in REASONS.items():
        assert reason in lines[f"{who} with the right password"]
    for name in ("alice", r"CORP\alice", "alice@corp.example.com"):
        assert "a token for alice" in lines[f"{name} logs in"]
    assert "with access to no repository" in lines["alice asks to push to team-b/app"]
    assert "registry 2.x and 3.x" in lines["alice's token as registries verify it"]
    assert 'access: [{"type": "repository", "name": "team-a/app", "actions": ["pull", "push"]}]' in result.stdout
    assert "signature …" in result.stdout
    assert not re.search(r"eyJ[\w-]+\.eyJ", result.stdout)
    assert list(tmp_path.iterdir()) == []


def test_demo_with_registry_presents_its_tokens(tmp_path: Path) -> None:
    """A registry that is on PATH takes alice's upload for team-a and refuses the one for team-b."""
    result = run(["--once", "--format", "json"], environment(tmp_path, LTB_TOKEN__ISSUER="somebody-else"))
    report = json.loads(result.stdout)
    assert result.returncode == 0, result.stdout
    assert report["ok"] is True
    assert report["registry"].startswith("http://127.0.0.1:")
    results = {step["step"]: step["result"] for step in report["steps"]}
    assert results["her upload to team-a/app"] == "202"
    assert results["her upload to team-b/app"] == "401"
    assert list(tmp_path.iterdir()) == []


def test_output_that_knows_no_ticks_gets_words(tmp_path: Path) -> None:
    """Where standard output is ASCII, the marks are words and nothing fails."""
    result = run(["--once"], environment(tmp_path, path="", PYTHONUTF8="0", PYTHONIOENCODING="ascii"))
    assert result.returncode == 0, result.stderr
    assert "ok alice logs in" in result.stdout
    assert result.stdout.isascii()


def test_another_program_named_registry_is_left_alone(tmp_path: Path) -> None:
    """A program of that name which is no container registry is not started."""
    tools, temporary = tmp_path / "tools", tmp_path / "temporary"
    tools.mkdir()
    temporary.mkdir()
    result = run(
        ["--once"], environment(temporary, path=program(tools, "registry", f"echo x >> {tools}/runs; echo 1.0"))
    )
    assert result.returncode == 0, result.stderr
    assert "no registry is on PATH" in result.stdout
    assert (tools / "runs").read_text() == "x\n"  # asked for its version, and that was all


def test_registry_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    """The demo ends with 1, shows what the registry said, and leaves nothing behind."""
    tools, temporary = tmp_path / "tools", tmp_path / "temporary"
    tools.mkdir()
    temporary.mkdir()
    script = (
        'case "$1" in --version) echo registry github.com/distribution/distribution/v3;; *) echo no disk; exit 3;; esac'
    )
    result = run(["--once"], environment(temporary, path=program(tools, "registry", script)))
    assert result.returncode == 1
    assert "stopped at once" in result.stderr
    assert "no disk" in result.stderr
    assert list(temporary.iterdir()) == []


async def test_wrong_outcome_is_told_and_is_not_right(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With a policy that lacks the teams, those steps are wrong and name what should have been; the rest is right."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 1\nallow:\n  - {id: public, who: [anyone], repositories: ['public/**'], actions: [pull]}\n"
    )
    monkeypatch.setattr("ldap_token_bridge.demo.home.sample_policy", lambda: policy)
    monkeypatch.setenv("PATH", "")
    async with running_world() as world:
        outcomes = [outcome async for outcome in walk(world)]
    wrong = {outcome.title.partition(" (")[0]: outcome.should for outcome in outcomes if not outcome.right}
    assert wrong == {
        "alice asks to push to team-a/app": "a token for alice, repository:team-a/app:pull,push",
        "bob asks to push to team-a/app": "a token for bob, repository:team-a/app:pull",
        "carol asks to push to team-b/app": "a token for carol, repository:team-b/app:pull,push",
    }


async def test_files_of_the_demo_hold_no_password_and_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bridge's log and audit trail say what happened, and nothing that lets anybody in."""
    monkeypatch.setenv("PATH", "")
    async with running_world() as world:
        assert stat.S_IMODE(world.home.folder.stat().st_mode) == 0o700
        outcomes = [outcome async for outcome in walk(world)]
        written = world.home.log.read_text() + world.home.audit.read_text()
        service_password = (world.home.folder / "ldap-password").read_text().strip()
        audited = [json.loads(line) for line in world.home.audit.read_text().splitlines()]
    assert len(audited) >= len([outcome for outcome in outcomes if outcome.answer])
    secrets = [who.password for who in PEOPLE] + [service_password, "not-her-password"]
    secrets += [base64.b64encode(f"{who.account}:{who.password}".encode()).decode() for who in PEOPLE]
    secrets += [outcome.answer.token for outcome in outcomes if outcome.answer and outcome.answer.token]
    assert [secret for secret in secrets if secret in written] == []
    assert not world.home.folder.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_on_a_terminal_it_stays_until_it_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    """It prints commands that work, stays up, and after Ctrl-C everything is gone: folder, ports, registry."""
    terminal, end = os.openpty()
    process = subprocess.Popen(DEMO, env=environment(tmp_path, TERM="dumb"), stdin=end, stdout=end, stderr=end)
    os.close(end)
    try:
        shown = _read_until(terminal, "Ctrl-C")
        url = re.search(r"curl -u 'alice:alice-demo' '(\S+team-a/app:pull,push)'", shown)
        registry = re.search(r"docker login 127\.0\.0\.1:(\d+) -u alice +alice-demo +Login Succeeded", shown)
        assert url
        assert registry
        credentials = base64.b64encode(b"alice:alice-demo").decode()
        with urlopen(Request(url[1], headers={"Authorization": f"Basic {credentials}"}), timeout=10) as answer:  # noqa: S310 -- the demo's own address
            assert json.load(answer)["token"]
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait(30) == 0
    finally:
        process.terminate()  # not killed: it would leave its registry behind
        process.wait(30)
        os.close(terminal)
    assert list(tmp_path.iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(registry[1]))) != 0


def _read_until(terminal: int, text: str) -> str:
    seen = b""
    end = time.monotonic() + 60
    while text.encode() not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536)
    return seen.decode()
