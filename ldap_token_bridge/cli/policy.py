"""`policy`: check and test policy files, without a directory and without bridge.yaml."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from ldap_token_bridge.checkup import Grade, Item, exit_code, items_of
from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.policy import Policy, TestResult, load_policy, policy_schema

from .common import examples, format_choice, run_or_explain
from .items import FORMATS, print_items

_files = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")


@click.group(
    epilog=examples(
        "ldap-token-bridge policy check policy.yaml",
        "ldap-token-bridge policy test policy.yaml",
        "ldap-token-bridge policy schema > policy.schema.json",
    )
)
def command() -> None:
    """Check and test policy files.

    A FILE may be a folder: every *.yaml in it, joined to one policy.
    """


@command.command(
    epilog=examples(
        "ldap-token-bridge policy check policy.yaml", "ldap-token-bridge policy check --format github policies/"
    )
)
@_files
@format_choice(*FORMATS)
@run_or_explain()
def check(paths: Sequence[Path], output_format: str) -> None:
    """Read policy files and show every problem with its place.

    Exit code 0: they can be used. 2: they cannot.
    """
    items = [item for path in paths for item in _loaded(path)[1]]
    print_items(items, output_format)
    raise SystemExit(exit_code(items))


@command.command(
    epilog=examples(
        "ldap-token-bridge policy test policy.yaml", "ldap-token-bridge policy test --format json policy.yaml"
    )
)
@_files
@format_choice(*FORMATS)
@run_or_explain()
def test(paths: Sequence[Path], output_format: str) -> None:
    """Run the tests that stand in policy files.

    Rules that decided nothing in any test are named, too. Exit code 0: all passed. 1: one failed. 2: a file cannot be
    used.
    """
    items: list[Item] = []
    for path in paths:
        policy, found = _loaded(path)
        items += _tested(path, policy) if policy else found
    print_items(items, output_format)
    raise SystemExit(exit_code(items))


@command.command(epilog=examples("ldap-token-bridge policy schema > policy.schema.json"))
def schema() -> None:
    r"""Print the JSON Schema of the policy file.

    Editors complete and check the file with it if the file's first line names it:

    \b
    # yaml-language-server: $schema=policy.schema.json
    """
    click.echo(json.dumps(policy_schema(), indent=2, ensure_ascii=False))


def _loaded(path: Path) -> tuple[Policy | None, list[Item]]:
    try:
        policy = load_policy(path)
    except Misconfigured as error:
        return None, items_of("policy", Grade.UNUSABLE, error.problems)
    return policy, [Item("policy", Grade.FINE, f"{path}: rules: {len(policy.rules)}, hash: {policy.hash}")]


def _tested(path: Path, policy: Policy) -> list[Item]:
    results = policy.run_tests(datetime.now(UTC))
    failed = [result for result in results if not result.passed]
    items = items_of("test", Grade.FINDING, (_failure(result) for result in failed))
    decided = {rule.id for result in results for rule in result.rules}
    items += [
        Item("coverage", Grade.WARNING, f"no test exercises the rule {rule.reference.id!r}", rule.reference.place)
        for rule in policy.rules
        if rule.reference.id not in decided
    ]
    what = f"{path}: tests passed: {len(results) - len(failed)} of {len(results)}, hash: {policy.hash}"
    return [Item("test", Grade.FINE, what), *items]


def _failure(result: TestResult) -> Problem:
    return Problem(result.text, result.place, "Mend the rule, or the test.")
