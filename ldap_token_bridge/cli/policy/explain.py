"""`policy explain`: why something is granted to someone, or is not."""

from collections.abc import Sequence
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import click

from ldap_token_bridge.cli.common import EXIT_FINDING, examples, format_option, run_or_explain
from ldap_token_bridge.cli.person import print_person
from ldap_token_bridge.identity import SubjectKind
from ldap_token_bridge.policy import Granted, Question
from ldap_token_bridge.policy.explain import explain

from .reasons import print_reasons
from .scopes import parse
from .subject import (
    Asked,
    NotFound,
    from_directory,
    from_files,
    parse_address,
    parse_day,
    policy_options,
    read_policy,
    robot_from_files,
)


@click.command(
    epilog=examples(
        "ldap-token-bridge policy explain --user alice team-a/app",
        "ldap-token-bridge policy explain --user alice --group platform --policy policy.yaml prod/app catalog",
        "ldap-token-bridge policy explain --user bob --group team-write:team-a repository:team-a/app:pull,push",
        "ldap-token-bridge policy explain --robot ci-deployer --address 10.20.0.7 team-a/release-1",
        "ldap-token-bridge policy explain --anonymous --format json public/base",
    )
)
@click.argument("scopes", nargs=-1, required=True, metavar="SCOPE...")
@click.option("--user", help="A person. Without --group and --policy the directory is asked for the groups.")
@click.option("--robot", help="A robot.")
@click.option("--workload", help="A workload.")
@click.option("--anonymous", is_flag=True, help="Nobody: a client that is not signed in.")
@click.option(
    "--group", "groups", multiple=True, help="A group of the user: its name in the policy, DN, SID, or FAMILY:WORD."
)
@click.option("--service", help="The service that the token is for. Else that of bridge.yaml, or unknown.")
@click.option("--address", callback=parse_address, help="The client's address. Else unknown.")
@click.option("--at", "now", callback=parse_day, metavar="DATE", help="The day, as 2026-12-24. Else now.")
@click.option("--all", "show_all", is_flag=True, help="Show the rules that lack several things, too.")
@policy_options
@format_option
@run_or_explain()
def command(  # noqa: PLR0913 -- a question has many sides
    *,
    scopes: Sequence[str],
    user: str | None,
    robot: str | None,
    workload: str | None,
    groups: Sequence[str],
    service: str | None,
    address: IPv4Address | IPv6Address | None,
    now: datetime,
    policy_path: Path | None,
    config: Path | None,
    output_format: str,
    anonymous: bool,
    show_all: bool,
) -> None:
    """Explain why somebody may do something, or may not.

    SCOPE is a repository, `catalog`, or a scope as clients send it: repository:team-a/app:pull,push. For each action it
    says which rules decide, where they stand, and what other rules lack.

    With --user alone the directory is asked, as by `whoami`; add both -c and --policy to try another policy there. With
    --group or --policy nothing is asked: the person is in those groups and in no other. Of a --robot it says, too,
    whether it can log in, unless --policy alone is given.

    Exit code 0: all of it is granted. 1: something is not, or there is no such person. 2: unusable input.
    """
    whom = [(SubjectKind(kind), name) for kind, name in _given(user=user, robot=robot, workload=workload)]
    if len(whom) + anonymous != 1:
        raise click.UsageError("Say about whom: one of --user, --robot, --workload, --anonymous.")
    if groups and not user:
        raise click.UsageError("--group is for --user: only people are in groups.")
    access = parse(scopes)
    try:
        asked = _asked(whom[0] if whom else None, groups, policy_path, config, now.date())
    except NotFound as unknown:
        print_person(unknown.person, output_format)
        raise SystemExit(max(unknown.person.exit_code, EXIT_FINDING)) from None
    question = Question(asked.subject, access, service if service is not None else asked.service, address, now)
    explanation = explain(asked.policy, question)
    print_reasons(asked, explanation, output_format, show_all=show_all)
    verdicts = (each.verdict for _, reasons in explanation.accesses for each in reasons)
    granted = asked.state is None and all(isinstance(verdict, Granted) for verdict in verdicts)
    raise SystemExit(0 if granted else EXIT_FINDING)


def _given(**names: str | None) -> list[tuple[str, str]]:
    return [(kind, name) for kind, name in names.items() if name is not None]


def _asked(
    whom: tuple[SubjectKind, str] | None,
    groups: Sequence[str],
    policy_path: Path | None,
    config: Path | None,
    today: date,
) -> Asked:
    is_person = whom is not None and whom[0] is SubjectKind.USER
    if whom and is_person and not groups and (policy_path is None or config is not None):
        return from_directory(policy_path, config, whom[1])
    if whom and whom[0] is SubjectKind.ROBOT:
        return robot_from_files(policy_path, config, whom[1], today)
    policy = read_policy(policy_path, config)
    return from_files(policy, *whom, groups) if whom else Asked(policy, None)
