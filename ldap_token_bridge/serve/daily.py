"""What is said again every day while the bridge runs: certificates of signing keys that come to their end."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from ldap_token_bridge.observe import log
from ldap_token_bridge.tokens import Keyring

_DAY = 86_400.0


async def warn_daily(keyring: Callable[[], Keyring], now: Callable[[], float], seconds: float = _DAY) -> None:
    """Forever. A start and a reload say the same by themselves."""
    while True:
        await asyncio.sleep(seconds)
        for warning in keyring().ending(datetime.fromtimestamp(now(), UTC)):
            log().warning(warning)
