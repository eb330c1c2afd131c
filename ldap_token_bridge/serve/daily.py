"""What is said again every day while the bridge runs: certificates that come to their end."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from ldap_token_bridge.checkup.certificates import check_server_tls
from ldap_token_bridge.observe import log
from ldap_token_bridge.settings import Settings
from ldap_token_bridge.tokens import Keyring

from .report import warn_of

_DAY = 86_400.0


async def warn_daily(
    keyring: Callable[[], Keyring],
    settings: Callable[[], Settings],
    now: Callable[[], float],
    seconds: float = _DAY,
) -> None:
    """Forever. A start and a reload say the same by themselves."""
    while True:
        await asyncio.sleep(seconds)
        moment = datetime.fromtimestamp(now(), UTC)
        for warning in keyring().ending(moment):
            log().warning(warning)
        warn_of_server_tls(settings(), moment)


def warn_of_server_tls(settings: Settings, now: datetime) -> None:
    """A certificate that clients refuse is no reason not to start: it is renewed while the bridge runs."""
    warn_of(check_server_tls(settings, now))
