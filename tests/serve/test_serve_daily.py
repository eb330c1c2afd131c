"""What a bridge that runs for months says by itself."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ldap_token_bridge.observe import configure_logging
from ldap_token_bridge.serve.daily import warn_daily, warn_of_server_tls
from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.tokens import Keyring
from tests.support.certificates import Authority
from tests.support.key_folder import NOW, certificate, ec_key, write_pair
from tests.support.settings_file import write_settings


async def test_a_certificate_near_its_end_is_warned_of_every_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing while the end is far; then again and again, for the ring that is in force at that moment."""
    configure_logging("text", "info")
    key = ec_key()
    write_pair(tmp_path, "short", key, certificate(key, end=NOW + timedelta(days=60)))
    rings = [Keyring.load(tmp_path, NOW)]
    days = iter([NOW + timedelta(days=each) for each in (1, 29, 31, 32, 32)])
    asked = asyncio.Event()

    def now() -> float:
        moment = next(days, None)
        if moment is None:
            asked.set()
        return (moment or NOW).timestamp()

    settings = load_settings(write_settings(tmp_path), {})
    task = asyncio.create_task(warn_daily(lambda: rings[-1], lambda: settings, now, seconds=0))
    async with asyncio.timeout(10):
        await asked.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    printed = capsys.readouterr().err
    assert printed.count("the certificate of the key short ends on 2027-01-20") == 3
    assert "keys new" in printed


@pytest.mark.parametrize(("days", "told"), [(90, ""), (3, "the certificate expires on"), (-1, "has expired")])
def test_a_listeners_certificate_near_its_end_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int, told: str
) -> None:
    """With the place in bridge.yaml: clients refuse it, and the bridge starts all the same."""
    configure_logging("text", "info")
    pair = Authority(tmp_path).issue("bridge", ["127.0.0.1"], days=days)
    tls = {"certificate": str(pair.certificate), "key": str(pair.key)}
    settings = load_settings(write_settings(tmp_path, server={"tls": tls}), {})
    warn_of_server_tls(settings, datetime.now(UTC))
    printed = capsys.readouterr().err
    assert bool(printed) is bool(told)
    assert told in printed
    assert not told or "bridge.yaml:" in printed
