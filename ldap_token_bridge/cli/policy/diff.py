"""`policy diff`: who gains and who loses what by a change of the policy."""

from datetime import datetime
from pathlib import Path
from typing import TextIO

import click

from ldap_token_bridge.cli.common import EXIT_FINDING, config_option, examples, format_option, run_or_explain
from ldap_token_bridge.cli.progress import progress
from ldap_token_bridge.policy import Policy
from ldap_token_bridge.policy.proof import Work
from ldap_token_bridge.policy.proof.diff import PolicyDiff, diff_policies

from .diff_report import Compared, print_diff
from .effort import effort_option
from .past import print_past, replay_trail
from .revision import read_policy_at
from .subject import parse_day


@click.command(
    epilog=examples(
        "ldap-token-bridge policy diff policy.yaml next.yaml",
        "ldap-token-bridge policy diff HEAD~1:policy.yaml policy.yaml",
        "ldap-token-bridge policy diff --no-new-access origin/main:policy.yaml policy.yaml",
        "ldap-token-bridge policy diff --format json origin/main:policies policies",
        "ldap-token-bridge policy diff --replay audit.jsonl -c bridge.yaml policy.yaml next.yaml",
    )
)
@click.argument("old")
@click.argument("new")
@click.option("--no-new-access", is_flag=True, help="Exit 1 if anybody gains anything, or if that is not disproved.")
@click.option("--from", "now", callback=parse_day, metavar="DATE", help="The first day that counts. Else today.")
@click.option(
    "--replay",
    "trail",
    type=click.File(encoding="utf-8", errors="replace"),
    metavar="FILE",
    help="Put the requests of an audit trail to both policies instead; - for standard input.",
)
@effort_option
@config_option
@format_option
@run_or_explain()
def command(
    *,
    old: str,
    new: str,
    no_new_access: bool,
    effort: int,
    now: datetime,
    trail: TextIO | None,
    config: Path | None,
    output_format: str,
) -> None:
    """Show who gains and who loses what by a change.

    OLD and NEW are files, folders, or either in a git revision, as in origin/main:policy.yaml. The answer is exact:
    each difference is shown by the shortest repository name for which the two policies decide differently, for somebody
    who meets these terms and no others; where nothing is shown, it is proved that every request has the same outcome.
    What would take too many steps of search to prove is said not to be proved; --effort 10 searches ten times as long.

    With --replay only the requests of the past are looked at, each at its own time; -c names the bridge.yaml by which
    the directory is asked for people's groups, as they are today.

    Exit code 0: compared, whether they differ or not. 1: with --no-new-access, somebody gains something, or a bound was
    hit and it is not proved that nobody does. 2: a policy cannot be used.
    """
    before, after = read_policy_at(old), read_policy_at(new)
    if trail is not None:
        past = replay_trail(trail, before, after, config)
        print_past(past, output_format)
        raise SystemExit(EXIT_FINDING if no_new_access and past.may_gain else 0)
    found = _compare(before, after, now, effort)
    print_diff(Compared(old, new, before.hash, after.hash, now.date(), found), output_format)
    raise SystemExit(EXIT_FINDING if no_new_access and found.may_gain else 0)


def _compare(before: Policy, after: Policy, now: datetime, effort: int) -> PolicyDiff:
    with progress("Comparing") as show:
        return diff_policies(before, after, now.date(), show, Work.of_effort(effort))
