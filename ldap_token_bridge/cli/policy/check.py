"""`policy check`: whether policy files can be used, and what in them will not do what its author means."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from ldap_token_bridge.checkup import Grade, exit_code
from ldap_token_bridge.checkup.lints import lint_items
from ldap_token_bridge.cli.common import EXIT_FINDING, examples, format_choice, run_or_explain
from ldap_token_bridge.cli.items import FORMATS, print_items

from .files import files_argument, loaded


@click.command(
    epilog=examples(
        "ldap-token-bridge policy check policy.yaml",
        "ldap-token-bridge policy check --strict policy.yaml",
        "ldap-token-bridge policy check --format github policies/",
    )
)
@files_argument
@click.option("--strict", is_flag=True, help="Exit with 1 for a warning, too.")
@format_choice(*FORMATS)
@run_or_explain()
def command(paths: Sequence[Path], strict: bool, output_format: str) -> None:  # noqa: FBT001 -- click's
    """Read policy files and show every problem with its place.

    Warnings are about rules that do nothing, have ended or reach further than people tend to mean, and about names
    that nobody uses or has; none is a guess.

    Exit code 0: they can be used. 1: with --strict, there are warnings. 2: they cannot be used.
    """
    items = []
    for path in paths:
        policy, found = loaded(path)
        items += found
        if policy:
            items += lint_items(policy, datetime.now(UTC).date())
    warned = strict and any(item.grade is Grade.WARNING for item in items)
    code = exit_code(items) or (EXIT_FINDING if warned else 0)
    print_items(items, output_format, code)
    raise SystemExit(code)
