"""The program itself: its table of commands and its entry point."""

import codecs
import errno
import json
import os
import re
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn

import click

from ldap_token_bridge import __version__
from ldap_token_bridge.errors import Problem

from .common import EXIT_UNUSABLE, show_problem
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

_CONFIG_FILE = re.compile(r"\((\S+\.ya?ml)\)").search


class _Root(LazyGroup):
    def invoke(self, ctx: click.Context) -> object:
        """As any group; `check bridge.yaml` is told how settings are named."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            parameters = error.ctx.command.params if error.ctx else ()
            named = _CONFIG_FILE(error.message)
            if not named or not any(parameter.name == "config" for parameter in parameters):
                raise
            text = f"{error.message}. The settings are named by an option: -c {named[1]}"
            raise click.UsageError(text, error.ctx) from None


root = click.version_option(__version__, prog_name=PROGRAM)(
    _Root(name=PROGRAM, help=_HELP, package="ldap_token_bridge.cli", table=COMMANDS)
)


# What the system says of a stream that takes no more. A reader who has gone (EPIPE) is left to click: that is no fault.
_UNWRITABLE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF))


def main() -> None:
    """Entry point of the command `ldap-token-bridge`."""
    if sys.stdout is None:  # closed by who called: the first file that is opened would take its place
        _end("it is closed")
    _print_any_character()
    try:
        root(prog_name=PROGRAM)
    except OSError as error:
        if error.filename is not None or error.errno not in _UNWRITABLE:
            raise
        if error.errno == errno.EIO and _output_works():
            what = f"standard input or a file cannot be read: {error.strerror}"
            show_problem(Problem(what, remedy="Look into the system's log: the disk may have a fault."))
            raise SystemExit(EXIT_UNUSABLE) from None
        _end(error.strerror)
    except SystemExit as ended:
        try:
            sys.stdout.flush()
        except OSError as error:
            if ended.code:  # why is said already
                _discard_output()
                raise ended from None
            _end(error.strerror)
        raise


def _print_any_character() -> None:
    """What the output's encoding lacks is written as JSON writes it: an umlaut in a DN must not end a command."""
    codecs.register_error("json", _as_in_json)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="json")


def _as_in_json(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _output_works() -> bool:
    """Whether both streams still take something; a terminal that has gone refuses even nothing."""
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
            os.write(stream.fileno(), b"")
    except OSError:
        return False
    return True


def _end(why: str | None) -> NoReturn:
    """One line in place of a traceback."""
    with suppress(OSError):  # standard error may stand on the same disk
        show_problem(Problem(f"the output cannot be written: {why}"))
    _discard_output()
    raise SystemExit(EXIT_UNUSABLE) from None


def _discard_output() -> None:
    """What is left in the buffer would be tried again at the end, with a complaint of Python's own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
