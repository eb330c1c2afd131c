"""A password from whoever runs a command: it stands in no argument and is never shown."""

import sys

import click

from ldap_token_bridge.identity import Secret


def read_password(user: str) -> Secret:
    """From a pipe as it is, but for one line break at its end; from a terminal without showing it."""
    if sys.stdin.isatty():
        typed: str = click.prompt(f"Password of {user}", hide_input=True, default="", show_default=False, err=True)
        return Secret(typed.encode())
    value = sys.stdin.buffer.read()
    return Secret(value.removesuffix(b"\n").removesuffix(b"\r"))
