"""`robot`: accounts for machines in robots.yaml, one file a command."""

from ldap_token_bridge.cli.common import examples
from ldap_token_bridge.cli.lazy import LazyGroup

# A new command: its file here, and one line with the same words as the first line of its help.
COMMANDS = {
    "new": "Make a robot, or a new secret for one; the secret is shown once.",
    "list": "Show every robot: its owner, networks, end, and state.",
    "revoke": "Let a robot log in no more.",
    "schema": "Print the JSON Schema of robots.yaml.",
}

_HELP = """\
Make, list and revoke accounts for machines.

A robot logs in as robot+NAME with a secret of its own, and is robot:NAME in the policy. The directory never hears of
it. Bridges that run take up a changed file by themselves.
"""

command = LazyGroup(
    name="robot",
    help=_HELP,
    package="ldap_token_bridge.cli.robot",
    table=COMMANDS,
    epilog=examples(
        "ldap-token-bridge robot new ci-deployer --owner team-a@corp.example.com --days 365 -c bridge.yaml",
        "ldap-token-bridge robot list -c bridge.yaml",
        "ldap-token-bridge robot revoke ci-deployer -c bridge.yaml",
    ),
)
