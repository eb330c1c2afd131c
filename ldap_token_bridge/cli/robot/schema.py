"""`robot schema`."""

import json

import click

from ldap_token_bridge.cli.common import examples
from ldap_token_bridge.robots import robots_schema


@click.command(epilog=examples("ldap-token-bridge robot schema > robots.schema.json"))
def command() -> None:
    r"""Print the JSON Schema of robots.yaml.

    Editors complete and check the file with it if the file's first line names it:

    \b
    # yaml-language-server: $schema=robots.schema.json
    """
    click.echo(json.dumps(robots_schema(), indent=2, ensure_ascii=False))
