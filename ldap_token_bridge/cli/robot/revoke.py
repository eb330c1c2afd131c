"""`robot revoke`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ldap_token_bridge.cli.common import examples, run_or_explain
from ldap_token_bridge.robots.edit import revoke_robot

from .file import change, file_options, robots_file


@click.command(
    epilog=examples(
        "ldap-token-bridge robot revoke ci-deployer -c bridge.yaml",
        "ldap-token-bridge robot revoke ci-deployer --older -c bridge.yaml",
    )
)
@click.argument("name")
@file_options
@click.option("--older", is_flag=True, help="End only the older of its two secrets, after `robot new --rotate`.")
@run_or_explain()
def command(name: str, given: Path | None, config: Path | None, older: bool) -> None:  # noqa: FBT001 -- click's
    """Let a robot log in no more.

    It stays in the file with the day of its end, and its name is not given again. Tokens that it has live until their
    own end, token.lifetime at most.
    """
    path = robots_file(given, config)
    today = datetime.now(UTC).date()
    change(path, lambda text: revoke_robot(text, str(path), name, today, older=older))
    if older:
        click.echo(f"The older secret of {name} works no more.")
    else:
        click.echo(f"{name} is revoked. Tokens that it has live until their own end.")
