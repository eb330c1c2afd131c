"""`policy schema`: for editors."""

import json

import click

from ldap_token_bridge.cli.common import examples
from ldap_token_bridge.policy import policy_schema


@click.command(epilog=examples("ldap-token-bridge policy schema > policy.schema.json"))
def command() -> None:
    r"""Print the JSON Schema of the policy file.

    Editors complete and check the file with it if the file's first line names it:

    \b
    # yaml-language-server: $schema=policy.schema.json
    """
    click.echo(json.dumps(policy_schema(), indent=2, ensure_ascii=False))
