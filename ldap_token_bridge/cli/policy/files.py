"""What the commands about policy files share: their arguments, and a file that is read or explained."""

from pathlib import Path

import click

from ldap_token_bridge.checkup import Grade, Item, items_of
from ldap_token_bridge.cli.common import ANY_PATH
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.policy import Policy, load_policy

files_argument = click.argument("paths", nargs=-1, required=True, type=ANY_PATH, metavar="FILE...")


def loaded(path: Path) -> tuple[Policy | None, list[Item]]:
    """The policy, or None, and what is to be said of it."""
    try:
        policy = load_policy(path)
    except Misconfigured as error:
        return None, items_of("policy", Grade.UNUSABLE, error.problems)
    return policy, [Item("policy", Grade.FINE, f"{path}: rules: {len(policy.rules)}, hash: {policy.hash}")]
