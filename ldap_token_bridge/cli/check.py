"""`check`: everything that can be known before a start."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from ldap_token_bridge.checkup import Grade, Item, check_directory, check_issuers, check_store, exit_code, items_of
from ldap_token_bridge.checkup.named_users import check_named_users
from ldap_token_bridge.checkup.offline import check_files
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.ldap import LdapOptions
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.serve import ldap_options
from ldap_token_bridge.settings import Settings

from .common import EXIT_UNUSABLE, config_option, examples, find_config, format_choice, run_or_explain, say
from .items import FORMATS, print_items


@click.command(
    epilog=examples(
        "ldap-token-bridge check",
        "ldap-token-bridge check -c /etc/ldap-token-bridge/bridge.yaml --connect",
        "ldap-token-bridge check --format github    # in a pipeline",
    )
)
@config_option
@click.option(
    "--connect",
    is_flag=True,
    help="Also sign in to every directory server and look up the base DNs, people, and every group and account of the"
    " policy; and fetch the keys of the workloads' issuers, and try the store that replicas share.",
)
@format_choice(*FORMATS)
@run_or_explain()
def command(config: Path | None, connect: bool, output_format: str) -> None:  # noqa: FBT001 -- click passes it by name
    """Check settings, keys, certificates, policy and its tests.

    Exit code 0: fine, or only warnings. 1: a policy test fails, a server does not answer, a group of the policy is not
    there. 2: the bridge cannot work until the settings, the policy, a key or a certificate are mended.
    """
    try:
        path = find_config(config)
    except Misconfigured as error:
        _end(items_of("settings", Grade.UNUSABLE, error.problems), output_format)
    found = check_files(path, os.environ, datetime.now(UTC))
    items: tuple[Item, ...] = found.items
    if connect and found.settings and found.directory_tls:
        options = ldap_options(found.settings.directory)
        items += asyncio.run(_ask_directory(found.settings, options, found.policy))
    elif connect:
        say("The directory was not asked: first mend what stands above.")
    if connect and found.settings:
        items += tuple(asyncio.run(check_issuers(found.settings, found.issuers)))
        items += asyncio.run(check_store(found.settings))
    _end(items, output_format)


def _end(items: Sequence[Item], output_format: str) -> NoReturn:
    print_items(items, output_format)
    raise SystemExit(exit_code(items))


async def _ask_directory(settings: Settings, options: LdapOptions, policy: Policy | None) -> tuple[Item, ...]:
    items = await check_directory(settings, options, policy)
    # Each client of its own signs in anew: a service account that is refused must not be locked by it.
    people = any(item.topic == "people" and item.grade is Grade.FINE for item in items)
    if policy and people and exit_code(items) != EXIT_UNUSABLE:
        items += await check_named_users(settings, options, policy)
    return items
