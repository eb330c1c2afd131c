"""`policy test`: the tests that stand in policy files."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from ldap_token_bridge.checkup import Grade, Item, exit_code, items_of
from ldap_token_bridge.cli.common import examples, format_choice, run_or_explain
from ldap_token_bridge.cli.items import FORMATS, print_items
from ldap_token_bridge.errors import Problem
from ldap_token_bridge.policy import Policy, TestResult

from .files import files_argument, loaded


@click.command(
    epilog=examples(
        "ldap-token-bridge policy test policy.yaml",
        "ldap-token-bridge policy test --min-coverage 90 policy.yaml",
        "ldap-token-bridge policy test --format json policy.yaml",
    )
)
@files_argument
@click.option(
    "--min-coverage",
    type=click.IntRange(0, 100),
    default=0,
    metavar="PERCENT",
    help="Exit with 1 if the tests exercise fewer of the rules.",
)
@format_choice(*FORMATS)
@run_or_explain()
def command(paths: Sequence[Path], min_coverage: int, output_format: str) -> None:
    """Run the tests that stand in policy files.

    Rules that decided nothing in any test are named, too. Exit code 0: all passed. 1: one failed, or too few rules are
    exercised. 2: a file cannot be used.
    """
    items: list[Item] = []
    for path in paths:
        policy, found = loaded(path)
        items += _tested(path, policy, min_coverage) if policy else found
    print_items(items, output_format)
    raise SystemExit(exit_code(items))


def _tested(path: Path, policy: Policy, min_coverage: int) -> list[Item]:
    results = policy.run_tests(datetime.now(UTC))
    failed = [result for result in results if not result.passed]
    items = items_of("test", Grade.FINDING, (_failure(result) for result in failed))
    decided = {rule.id for result in results for rule in result.rules}
    idle = [rule for rule in policy.rules if rule.id not in decided]
    items += [
        Item("coverage", Grade.WARNING, f"no test exercises the rule {rule.id!r}", rule.reference.place)
        for rule in idle
    ]
    # Rounded down: only what is whole is 100 %.
    coverage = (len(policy.rules) - len(idle)) * 100 // len(policy.rules) if policy.rules else 100
    if coverage < min_coverage:
        what = f"{path}: tests exercise {coverage} % of the rules; at least {min_coverage} % are asked for"
        items.append(Item("coverage", Grade.FINDING, what, None, "Add tests for the rules named above."))
    passed = len(results) - len(failed)
    what = f"{path}: tests passed: {passed} of {len(results)}, rules exercised: {coverage} %, hash: {policy.hash}"
    return [Item("test", Grade.FINE, what), *items]


def _failure(result: TestResult) -> Problem:
    return Problem(result.text, result.place, "Mend the rule, or the test.")
