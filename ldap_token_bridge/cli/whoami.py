"""`whoami`: a person as the directory shows them to the bridge."""

import asyncio
import os
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from ldap_token_bridge.checkup import Grade
from ldap_token_bridge.checkup.offline import check_files
from ldap_token_bridge.checkup.person import Whoami
from ldap_token_bridge.checkup.whoami import whoami
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Secret
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.serve import ldap_options
from ldap_token_bridge.settings import Settings

from .common import config_option, examples, find_config, format_option, run_or_explain
from .password import read_password
from .person import print_person

# Nothing is shown of a wait that is over before it is noticed.
_PATIENCE = 1.0


@click.command(
    epilog=examples(
        "ldap-token-bridge whoami alice",
        "ldap-token-bridge whoami 'CORP\\alice' -c /etc/ldap-token-bridge/bridge.yaml",
        "ldap-token-bridge whoami alice@corp.example.com --format json",
        "ldap-token-bridge whoami alice --password-stdin < password-file",
    )
)
@click.argument("user")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the person's password from standard input and try it once. A terminal asks for it and does not show it.",
)
@config_option
@format_option
@run_or_explain()
def command(user: str, config: Path | None, output_format: str, *, password_stdin: bool) -> None:
    """Show who a name is in the directory, with all groups.

    USER is a name in any form that people may log in with. The directory is asked anew, as for a login of which nothing
    is remembered: account, DN, ids, state, every group with how it was reached, and what the policy makes of them.

    Exit code 0: there is such a person, and nothing speaks against a login. 1: nobody or several have that name, the
    account or the password is refused, or the directory does not answer. 2: the settings cannot be used.
    """
    settings, policy = read_files(config)
    password = read_password(user) if password_stdin else None
    person = asyncio.run(ask(settings, policy, user, password))
    print_person(person, output_format)
    raise SystemExit(person.exit_code)


def read_files(config: Path | None) -> tuple[Settings, Policy | None]:
    """The settings, and the policy if it can be used; raises Misconfigured if the directory cannot be asked by them."""
    found = check_files(find_config(config), os.environ, datetime.now(UTC))
    if not found.settings or not found.directory_tls:
        unusable = [item for item in found.items if item.grade is Grade.UNUSABLE]
        raise Misconfigured(item.problem for item in unusable)
    return found.settings, found.policy


async def ask(settings: Settings, policy: Policy | None, user: str, password: Secret | None) -> Whoami:
    """The answer; on a terminal a sign of life if it takes long."""
    task = asyncio.create_task(whoami(settings, ldap_options(settings.directory), policy, user, password))
    done, _ = await asyncio.wait([task], timeout=_PATIENCE)
    console = Console(stderr=True)
    with nullcontext() if done or not console.is_terminal else console.status("Asking the directory"):
        return await task
