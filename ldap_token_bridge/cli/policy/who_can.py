"""`policy who-can`: everybody who may do one thing."""

import json
from collections.abc import Iterator
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import click

from ldap_token_bridge.cli.common import examples, format_option, printable, run_or_explain
from ldap_token_bridge.cli.whoami import read_files
from ldap_token_bridge.policy import Meanings, Question
from ldap_token_bridge.policy.who_can import Grant, WhoCan, who_can
from ldap_token_bridge.registry import CATALOG, Access, is_repository_name

from .in_words import atom_objects, exception_line, exception_object, named, rule_object
from .people import list_people, people_object, print_people
from .scopes import is_lower
from .subject import parse_address, parse_day, policy_options, read_policy


@click.command(
    epilog=examples(
        "ldap-token-bridge policy who-can push team-a/app --policy policy.yaml",
        "ldap-token-bridge policy who-can delete prod/app --at 2027-01-05",
        "ldap-token-bridge policy who-can catalog --format json",
        "ldap-token-bridge policy who-can push prod/app --expand -c bridge.yaml",
    )
)
@click.argument("action", type=click.Choice(["pull", "push", "delete", CATALOG]))
@click.argument("repository", required=False)
@click.option("--at", "now", callback=parse_day, metavar="DATE", help="The day, as 2026-12-24. Else today.")
@click.option("--expand", "wants_people", is_flag=True, help="List the people, from the directory of bridge.yaml.")
@click.option(
    "--limit", type=click.IntRange(1), default=500, show_default=True, help="The most people to look up for --expand."
)
@click.option("--service", default="", help="For --expand: the service that the token is for. Else unknown.")
@click.option("--address", callback=parse_address, help="For --expand: the client's address. Else unknown.")
@policy_options
@format_option
@run_or_explain()
def command(  # noqa: PLR0913 -- a question has many sides
    *,
    action: str,
    repository: str | None,
    now: datetime,
    policy_path: Path | None,
    config: Path | None,
    output_format: str,
    wants_people: bool,
    limit: int,
    service: str,
    address: IPv4Address | IPv6Address | None,
) -> None:
    """Name everybody who may do one thing.

    ACTION is pull, push or delete on a REPOSITORY, or `catalog`, which needs none. The answer is not sampled: it names
    the groups, families with the word that it takes, people and robots of every rule that grants it, what narrows the
    rule, and whom a deny rule takes it from again. Rules that have ended by that day are passed over.

    With --expand every member of those groups is looked up in the directory and decided about as at a login: someone
    who is in a denied group as well, or whose account is disabled, is marked. Rules for networks or services need
    --address or --service then, since what is unknown never helps anybody.

    Exit code 0, also if it is nobody; 1: the directory does not answer; 2: unusable input.
    """
    access = _access(action, repository)
    if not wants_people and (service or address is not None):
        raise click.UsageError("--service and --address go with --expand. Else the answer names those of each rule.")
    settings = read_files(config)[0] if wants_people else None
    policy = read_policy(policy_path, config)
    found = who_can(policy, access, now.date())
    meanings = Meanings(policy.groups, policy.families)
    question = Question(None, (access,), service, address, now)
    people = list_people(settings, policy, found, question, limit) if settings else None
    if output_format == "json":
        shown = _as_json(found, meanings) | ({} if people is None else {"people": people_object(people)})
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for line in _lines(found, meanings):
        click.echo(line)
    if people is not None:
        print_people(people)


def _access(action: str, repository: str | None) -> Access:
    if action == CATALOG:
        if repository is not None:
            raise click.UsageError("The catalog is of all repositories: leave REPOSITORY out.")
        return Access("registry", CATALOG, ("*",))
    if repository is None:
        raise click.UsageError(f"Name a repository: policy who-can {action} team-a/app")
    if not (is_repository_name(repository) and is_lower(repository)):
        raise click.UsageError(
            f"{repository!r} is no repository name. Name one repository, no pattern and no tag; names are lower-case."
        )
    return Access("repository", repository, (action,))


def _lines(found: WhoCan, meanings: Meanings) -> Iterator[str]:
    what = (
        "list all repositories" if found.access.type == "registry" else f"{found.access.actions[0]} {found.access.name}"
    )
    left = [grant for grant in found.grants if not grant.is_void]
    void = [grant for grant in found.grants if grant.is_void]
    yield f"On {found.at} {'these' if left else 'nobody'} can {what}{':' if left else '.'}"
    yield from (line for grant in left for line in _grant(grant, meanings))
    if void:
        yield ""
        yield "Allowed, and taken away from all of them:"
        yield from (line for grant in void for line in _grant(grant, meanings))


def _grant(grant: Grant, meanings: Meanings) -> Iterator[str]:
    yield f"  {click.style(printable(' and '.join(map(str, sorted(grant.atoms)))), bold=True)}"
    for atom in sorted(grant.atoms):
        if dn := meanings.group_dn(atom):
            yield f"      that is {printable(dn)}"
    yield f"      by {named(grant.rule)}"
    yield from (f"      {exception_line(each)}" for each in grant.unless)


def _as_json(found: WhoCan, meanings: Meanings) -> dict[str, object]:
    return {
        "action": found.access.actions[0],
        "type": found.access.type,
        "name": found.access.name,
        "at": found.at.isoformat(),
        "grants": [
            {
                "who": atom_objects(grant.atoms, meanings),
                "by": rule_object(grant.rule),
                "unless": [exception_object(each, meanings) for each in grant.unless],
                "taken_away_from_all": grant.is_void,
            }
            for grant in found.grants
        ],
    }
