"""The people behind `who-can`: asked for with a sign of progress, shown as a table or as objects."""

import asyncio
from typing import Any

import click

from ldap_token_bridge.checkup.expand import Candidate, Expansion, expand
from ldap_token_bridge.checkup.person import in_words
from ldap_token_bridge.cli.common import printable
from ldap_token_bridge.cli.progress import progress
from ldap_token_bridge.cli.table import print_table
from ldap_token_bridge.policy import Denied, DenyReason, Policy, Question
from ldap_token_bridge.policy.who_can import WhoCan
from ldap_token_bridge.serve import ldap_options
from ldap_token_bridge.settings import Settings


def list_people(settings: Settings, policy: Policy, found: WhoCan, question: Question, limit: int) -> Expansion:
    """Everybody, at most `limit`; raises what the directory's rooms raise."""
    options = ldap_options(settings.directory)
    with progress("Asking the directory") as show:
        return asyncio.run(expand(settings, options, policy, found, question, limit, show))


def print_people(people: Expansion) -> None:
    """On stdout: first those who can, then those who are meant and cannot."""
    click.echo()
    candidates = sorted(people.candidates, key=lambda each: not (each.granted and each.state is None))
    rows = [(_name(each), _outcome(each), _rules(each), each.dn) for each in candidates]
    if rows:
        print_table(("who", "outcome", "by", "DN"), rows)
    click.echo(
        f"{sum(each.granted and each.state is None for each in candidates)} can, of {len(candidates)} looked up."
    )
    for term in people.unlisted:
        click.echo(f"Not listed: {printable(term)}, which is everybody.")
    for dn in people.unread:
        click.echo(f"Not found, or the service account may not read it: {printable(dn)}")
    if people.more:
        click.echo(f"{people.more} more were not looked up: raise --limit.")


def people_object(people: Expansion) -> dict[str, Any]:
    """For programs."""
    return {
        "looked_up": [
            {
                "kind": each.subject.kind.value,
                "account": each.subject.name,
                "dn": each.dn or None,
                "granted": each.granted,
                "state": each.state.value if each.state else "fine",
                "rules": [reference.id for reference in each.verdict.rules],
            }
            for each in people.candidates
        ],
        "not_listed": list(people.unlisted),
        "not_found": list(people.unread),
        "not_looked_up": people.more,
    }


def _name(each: Candidate) -> str:
    return each.subject.name if each.dn else f"{each.subject.kind}:{each.subject.name}"


def _outcome(each: Candidate) -> str:
    if isinstance(each.verdict, Denied):
        return "taken away" if each.verdict.reason is DenyReason.TAKEN_AWAY else "not granted"
    return f"cannot log in: {in_words(each.state)}" if each.state else "can"


def _rules(each: Candidate) -> str:
    return ", ".join(reference.id for reference in each.verdict.rules)
