"""What is asked of the directory before the bridge listens keeps nobody from being let in."""

import asyncio
from pathlib import Path

import pytest

from ldap_token_bridge.serve import Bridge, misfit
from ldap_token_bridge.settings import load_settings
from tests.support.bridge import RunningBridge, openldap
from tests.support.delay_line import DelayLine
from tests.support.slapd import Slapd


async def test_a_directory_too_slow_to_be_checked_is_no_obstacle(
    tmp_path: Path, slapd: Slapd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A supervisor would end a start that takes long, and begin it anew for ever. Logins wait as long as they may.

    A reload has the time, and what it finds counts: there is a good state to lose.
    """
    monkeypatch.setattr(misfit, "_LIMIT", 0.5)
    with DelayLine(slapd.port, 0.4, tmp_path / "line.log") as line:
        directory = openldap(f"ldap://127.0.0.1:{line.port}", slapd.base, slapd.bind_dn)
        files = RunningBridge(tmp_path / "bridge", directory)
        bridge = Bridge(lambda: load_settings(files.settings, {}))
        await bridge.start()
        try:
            assert not (await _taken_up(bridge, files))
            reply = await asyncio.to_thread(files.get, "repository:team-a/app:push", login="bob")
        finally:
            await bridge.stop()
    assert reply.status == 200, "by the settings that were in force"
    assert "the directory is too slow to be checked; the bridge goes on all the same" in capsys.readouterr().err


async def _taken_up(bridge: Bridge, files: RunningBridge) -> bool:
    """Whether a reload takes up a base that the directory does not have."""
    good = files.settings.read_text()
    files.sections["directory"]["base"] = "dc=nowhere"
    files.write_settings()
    is_taken_up = await bridge.reload()
    files.settings.write_text(good)
    return is_taken_up
