"""`policy what-can`: everything that someone may do."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from ldap_token_bridge.cli.common import EXIT_FINDING, examples, find_config, format_option, printable, run_or_explain
from ldap_token_bridge.cli.person import print_person
from ldap_token_bridge.dn import fold
from ldap_token_bridge.errors import Misconfigured, Problem
from ldap_token_bridge.policy import Atom, Meanings, Policy, parse_who
from ldap_token_bridge.policy.what_can import Allowance, Holder, holder_of, holder_of_subject, what_can
from ldap_token_bridge.policy.who_can import Exemption
from ldap_token_bridge.yamlfile import suggest

from .in_words import exception_line, exception_object, named, rule_object, state_line
from .subject import Asked, NotFound, from_directory, parse_day, policy_options, read_policy


@click.command(
    epilog=examples(
        "ldap-token-bridge policy what-can group:platform --policy policy.yaml",
        "ldap-token-bridge policy what-can signed-in",
        "ldap-token-bridge policy what-can robot:ci-deployer --at 2027-04-01",
        "ldap-token-bridge policy what-can alice -c bridge.yaml",
    )
)
@click.argument("subject")
@click.option("--at", "now", callback=parse_day, metavar="DATE", help="The day, as 2026-12-24. Else today.")
@policy_options
@format_option
@run_or_explain()
def command(
    *,
    subject: str,
    now: datetime,
    policy_path: Path | None,
    config: Path | None,
    output_format: str,
) -> None:
    """List what somebody may do, as patterns with their exceptions.

    SUBJECT is a term as in `who`: group:platform, family:team-write, user:alice, robot:ci, signed-in, anyone. Then
    nothing else is known of them, and deny rules for other groups are named as possible exceptions. A bare account is
    asked of the directory, with all its groups.

    Exit code 0; 1 if the directory does not know the account; 2: unusable input.
    """
    try:
        asked, holder = _holder(subject, policy_path, config)
    except NotFound as unknown:
        print_person(unknown.person, output_format)
        raise SystemExit(max(unknown.person.exit_code, EXIT_FINDING)) from None
    policy = asked.policy
    found = what_can(policy, holder, now.date())
    if output_format == "json":
        meanings = Meanings(policy.groups, policy.families)
        shown = {
            "subject": subject,
            "at": now.date().isoformat(),
            "state": asked.state.value if asked.state else None,
            "allowed": [_object(each, meanings) for each in found],
        }
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for line in _lines(subject, now, found):
        click.echo(line)
    if asked.state:
        click.echo(f"\n{state_line(asked.state)}")


def _holder(subject: str, policy_path: Path | None, config: Path | None) -> tuple[Asked, Holder]:
    if subject not in ("anyone", "signed-in") and ":" not in subject:
        _need_settings(config, subject)
        asked = from_directory(policy_path, config, subject)
        if asked.subject is None:
            raise AssertionError("the directory has given a person")
        return asked, holder_of_subject(asked.policy, asked.subject)
    policy = read_policy(policy_path, config)
    return Asked(policy, None), holder_of(policy, _atom(policy, subject))


def _need_settings(config: Path | None, account: str) -> None:
    """Raises Misconfigured, which says what else can be asked, if no settings are found."""
    try:
        find_config(config)
    except Misconfigured as error:
        what = f"the directory is asked for the groups of the account {account!r}"
        hint = Problem(what, remedy="To ask without a directory write a term: user:NAME, group:NAME, anyone.")
        raise Misconfigured([*error.problems, hint]) from None


def _atom(policy: Policy, subject: str) -> Atom:
    try:
        who = parse_who(subject)
    except ValueError as error:
        context = getattr(error, "context", None) or {}
        raise Misconfigured.one(context.get("what", str(error)), remedy=context.get("remedy", "")) from None
    known = {fold(each.name) for each in (policy.groups if who.kind == "group" else policy.families)}
    if who.kind in ("group", "family") and fold(who.name) not in known:
        raise Misconfigured.one(f"the policy has no {who.kind} {who.name!r}", remedy=suggest(who.name, known))
    return Meanings(policy.groups, policy.families).atom(who.kind, who.name)


def _lines(subject: str, now: datetime, found: Sequence[Allowance]) -> Iterator[str]:
    yield printable(f"On {now:%Y-%m-%d} {subject} can{':' if found else ' do nothing.'}")
    for each in found:
        actions = ", ".join(sorted(each.rule.effective))
        for pattern in each.patterns:
            yield f"  {click.style(printable(pattern.text), bold=True)}: {actions}"
        if each.rule.catalog:
            yield f"  {click.style('list all repositories', bold=True)}"
        yield f"      by {named(each.rule)}"
        for exception in each.unless:
            yield f"      {exception_line(exception)}"
            yield f"          it takes {_taken(exception)}"


def _taken(exception: Exemption) -> str:
    rule = exception.rule
    patterns = ", ".join(placed.pattern.text for placed in rule.patterns)
    parts = [f"{', '.join(sorted(rule.effective))} on {patterns}"] if patterns else []
    return printable("; ".join([*parts, *(["the list of all repositories"] if rule.catalog else [])]))


def _object(each: Allowance, meanings: Meanings) -> dict[str, object]:
    return {
        "patterns": [pattern.text for pattern in each.patterns],
        "actions": sorted(each.rule.effective),
        "catalog": each.rule.catalog,
        "by": rule_object(each.rule),
        "unless": [
            {
                **exception_object(exception, meanings),
                "patterns": [placed.pattern.text for placed in exception.rule.patterns],
                "actions": sorted(exception.rule.effective),
                "catalog": exception.rule.catalog,
            }
            for exception in each.unless
        ],
    }
