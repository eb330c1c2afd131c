"""`serve`: run the token service."""

import asyncio
import os
from pathlib import Path

import click

from ldap_token_bridge.serve import Bridge, LoadSettings, Supervisor, hold_hangups, run_until_signalled
from ldap_token_bridge.settings import load_settings

from .common import config_option, examples, find_config, run_or_explain


@click.command(
    epilog=examples(
        "ldap-token-bridge serve",
        "ldap-token-bridge serve -c /etc/ldap-token-bridge/bridge.yaml",
        "LTB_LOGGING__LEVEL=debug ldap-token-bridge serve -c bridge.yaml",
        "kill -HUP PID    # take up changed settings, policy and keys",
    )
)
@config_option
@run_or_explain()
def command(config: Path | None) -> None:
    """Run the token service until SIGTERM or Ctrl-C.

    It starts while the directory is down, and works when that comes back. It refuses to start with settings, keys or a
    policy that cannot be used, or with a directory that does not fit them. If the directory refuses the service
    account, it says so and waits, not ready, until that is mended: to start again and again would lock the account.
    """
    path = find_config(config)
    hold_hangups()
    asyncio.run(_serve(lambda: load_settings(path, os.environ)))


async def _serve(load: LoadSettings) -> None:
    await run_until_signalled(Bridge(load), Supervisor(os.environ))
