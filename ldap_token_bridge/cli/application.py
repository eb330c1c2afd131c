"""The program itself: its table of commands and its entry point."""

import click

from ldap_token_bridge import __version__

from .lazy import LazyGroup

PROGRAM = "ldap-token-bridge"

# A new command: its file here, and one line with the same words as the first line of its help.
COMMANDS = {
    "demo": "Try everything on this machine, with nothing to set up.",
    "serve": "Run the token service until SIGTERM or Ctrl-C.",
    "check": "Check settings, keys, certificates, policy and its tests.",
    "whoami": "Show who a name is in the directory, with all groups.",
    "keys": "Make, publish and rotate the keys that sign tokens.",
    "robot": "Make, list and revoke accounts for machines.",
    "token": "Explain why tokens are refused; revoke refresh tokens.",
    "cache": "Have a running bridge forget what it remembers.",
    "doctor": "Find out why a registry refuses the bridge's tokens.",
    "registry-config": "Print what a registry needs to send people to the bridge.",
    "policy": "Check, test and explain policies.",
    "schema": "Print the JSON Schema of bridge.yaml.",
}

_HELP = """\
Log in to container registries with an LDAP or Active Directory account.

\b
Try it:          ldap-token-bridge demo
Set it up:       ldap-token-bridge keys new --keys-dir keys
Before a start:  ldap-token-bridge check -c bridge.yaml
Run it:          ldap-token-bridge serve -c bridge.yaml
"""

root = click.version_option(__version__, prog_name=PROGRAM)(
    LazyGroup(name=PROGRAM, help=_HELP, package="ldap_token_bridge.cli", table=COMMANDS)
)


def main() -> None:
    """Entry point of the command `ldap-token-bridge`."""
    root(prog_name=PROGRAM)
