"""`cache`: what running bridges remember, one file a command."""

from ldap_token_bridge.cli.common import examples
from ldap_token_bridge.cli.lazy import LazyGroup

# A new command: its file here, and one line with the same words as the first line of its help.
COMMANDS = {
    "flush": "Have a running bridge forget an account, or everyone.",
}

_HELP = """\
Have a running bridge forget what it remembers.

How long it remembers what is set by `cache` in bridge.yaml.
"""

command = LazyGroup(
    name="cache",
    help=_HELP,
    package="ldap_token_bridge.cli.cache",
    table=COMMANDS,
    epilog=examples(
        "ldap-token-bridge cache flush --account alice -c bridge.yaml",
        "ldap-token-bridge cache flush -c bridge.yaml",
    ),
)
