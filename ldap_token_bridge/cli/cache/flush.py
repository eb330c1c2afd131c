"""`cache flush`: have a running bridge forget what it remembers."""

import json
import os
from pathlib import Path

import click

from ldap_token_bridge.checkup.admin_client import flush_memory
from ldap_token_bridge.cli.common import config_option, examples, find_config, format_option, printable, run_or_explain
from ldap_token_bridge.settings import load_settings


@click.command(
    epilog=examples(
        "ldap-token-bridge cache flush --account alice -c bridge.yaml    # the next login asks the directory",
        "ldap-token-bridge cache flush -c bridge.yaml                    # everyone",
    )
)
@config_option
@click.option("--account", metavar="NAME", help="This account alone: account in the audit line. Else everyone.")
@format_option
@run_or_explain()
def command(config: Path | None, account: str | None, output_format: str) -> None:
    """Have a running bridge forget an account, or everyone.

    It asks the bridge at server.admin_listen, from the machine where that listens. Bridges that share a store
    (cache.shared) all forget; others are told one by one. Tokens that were issued live until their own end.
    """
    if account is not None and not account.strip():
        raise click.UsageError("--account is empty. Leave it out to have everyone forgotten.")
    settings = load_settings(find_config(config), os.environ)
    forgotten = flush_memory(settings, account or "")
    if output_format == "json":
        click.echo(json.dumps({"account": account or "", "forgotten": forgotten}))
        return
    whom = printable(account) if account else "everyone"
    counts = ", ".join(f"{printable(str(kind))}: {printable(str(count))}" for kind, count in forgotten.items())
    click.echo(f"Forgotten about {whom}: {counts or 'nothing was remembered'}.")
