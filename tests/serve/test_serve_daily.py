"""What a bridge that runs for months says by itself."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from ldap_token_bridge.observe import configure_logging
from ldap_token_bridge.serve.daily import warn_daily
from ldap_token_bridge.tokens import Keyring
from tests.support.key_folder import NOW, certificate, ec_key, write_pair


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

    task = asyncio.create_task(warn_daily(lambda: rings[-1], now, seconds=0))
    async with asyncio.timeout(10):
        await asked.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    printed = capsys.readouterr().err
    assert printed.count("the certificate of the key short ends on 2027-01-20") == 3
    assert "keys new" in printed
