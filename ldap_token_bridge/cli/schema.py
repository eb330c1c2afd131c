"""`schema`: the JSON Schema of bridge.yaml, and the page that lists every setting."""

import json

import click

from ldap_token_bridge.settings.reference import bridge_schema, settings_page

from .common import examples


@click.command(
    epilog=examples(
        "ldap-token-bridge schema > bridge.schema.json", "ldap-token-bridge schema --format markdown > settings.md"
    )
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["json", "markdown"]),
    default="json",
    show_default=True,
    help="The schema, or a table of all settings with their defaults.",
)
def command(output_format: str) -> None:
    r"""Print the JSON Schema of bridge.yaml.

    Editors complete and check the file with it if the file's first line names it:

    \b
    # yaml-language-server: $schema=bridge.schema.json
    """
    if output_format == "json":
        click.echo(json.dumps(bridge_schema(), indent=2, ensure_ascii=False))
    else:
        click.echo(settings_page(), nl=False)
