"""`token revoke`: call refresh tokens back, one, all of an account, or all there are."""

import asyncio
import json
import os
import time
from pathlib import Path

import click

from ldap_token_bridge.cache import (
    FileRevocations,
    StoreDown,
    revoke_all,
    revoke_token,
    revoke_tokens_of,
    unite,
)
from ldap_token_bridge.checkup import open_store
from ldap_token_bridge.directory import defaults_for
from ldap_token_bridge.settings import Settings, load_settings

from .common import config_option, examples, find_config, format_option, printable, run_or_explain, say


@click.command(
    epilog=examples(
        "ldap-token-bridge token revoke --id 4f1c0a9be2d37756 -c bridge.yaml",
        "ldap-token-bridge token revoke --account alice -c bridge.yaml",
        "ldap-token-bridge token revoke --all -c bridge.yaml",
    )
)
@config_option
@click.option("--id", "token_id", metavar="ID", help="This one: refresh_id in the audit line.")
@click.option("--account", metavar="NAME", help="All that were issued to this account up to now: account in that line.")
@click.option("--all", "everything", is_flag=True, help="All that were issued up to now.")
@format_option
@run_or_explain()
def revoke(
    *, config: Path | None, token_id: str | None, account: str | None, everything: bool, output_format: str
) -> None:
    """Call refresh tokens back.

    Bridges that run heed it within seconds. Access tokens that were issued already live on until they end
    (token.lifetime). Whoever is concerned logs in again with the password: to keep someone out, disable the account.

    --all also begins the list anew if the file is lost or broken.
    """
    if sum((token_id is not None, account is not None, everything)) != 1:
        raise click.UsageError("Give one of --id, --account and --all.")
    settings = load_settings(find_config(config), os.environ)
    path = settings.token.refresh.revocations
    now = int(time.time())
    if token_id is not None:
        revoke_token(path, token_id, now)
        what = f"The refresh token {printable(token_id)} is revoked."
    elif account is not None:
        options = settings.directory.options
        # An attribute that somebody chose (userPrincipalName, say) may hold addresses; those of the kinds do not.
        chosen = options.account.lower() != defaults_for(options.kind).account.lower()
        revoke_tokens_of(path, account, now, addresses=chosen)
        what = (
            f"Every refresh token of {printable(account)} is revoked, if there is such an account: nothing here proves "
            "it, and `ldap-token-bridge whoami NAME` tells."
        )
    else:
        revoke_all(path, now)
        what = "Every refresh token is revoked."
    trouble = asyncio.run(_tell_replicas(settings))
    if output_format == "json":
        told = {"file": str(path), "id": token_id, "account": account, "all": everything, "at": now}
        click.echo(json.dumps({**told, "shared": settings.cache.shared is not None and not trouble}))
    elif settings.cache.shared and not trouble:
        click.echo(f"{what} All bridges that share {settings.cache.shared} know within seconds.")
    else:
        click.echo(f"{what} Bridges that read {path} know within seconds.")
    if trouble:
        say(
            f"The shared store {settings.cache.shared} could not be told: {trouble}. Other bridges do not know yet: a"
            " bridge that reads this file tells them when the store is back; or give the command again then."
        )
        raise SystemExit(1)


async def _tell_replicas(settings: Settings) -> str:
    """Why the shared store could not be told; empty if it was, or there is none."""
    store = open_store(settings)
    if store is None:
        return ""
    try:
        await unite(store, FileRevocations(settings.token.refresh.revocations).list)
    except StoreDown as error:
        return str(error)
    finally:
        await store.close()
    return ""
