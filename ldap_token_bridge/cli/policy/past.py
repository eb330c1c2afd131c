"""`policy diff --replay`: the requests of an audit trail, put to two policies."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ldap_token_bridge.checkup.many import groups_of_accounts
from ldap_token_bridge.cli.common import find_config, printable, show_warnings
from ldap_token_bridge.cli.progress import progress
from ldap_token_bridge.cli.table import print_table
from ldap_token_bridge.identity import Group
from ldap_token_bridge.policy import Change, Policy
from ldap_token_bridge.policy.replay import PastRequest, count_alike, people_of, read_requests, replay
from ldap_token_bridge.registry import Access
from ldap_token_bridge.serve import ldap_options
from ldap_token_bridge.settings import load_settings
from ldap_token_bridge.values import dataclass

_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Past:
    """What became of the requests. `changes` are counted by account; the groups of `unknown` accounts nobody told."""

    requests: int
    changes: Counter[tuple[str, Change]]
    unknown: tuple[str, ...]
    unread: tuple[tuple[int, str], ...]

    @property
    def may_gain(self) -> bool:
        """Whether somebody would have got more, or that cannot be told."""
        return (
            not self.requests or bool(self.unknown or self.unread) or any(change.gained for _, change in self.changes)
        )


def replay_trail(trail: Iterable[str], old: Policy, new: Policy, config: Path | None) -> Past:
    """Reads the trail to its end; asks the directory only with `config`. Raises what the directory's rooms raise."""
    requests: list[PastRequest] = []
    unread: list[tuple[int, str]] = []
    for read in read_requests(trail):
        if isinstance(read, PastRequest):
            requests.append(read)
        elif read.why:
            unread.append((read.line, read.why))
    groups = _groups(people_of(requests), config)
    replayed = list(replay(requests, old, new, groups))
    unknown = {each.request.account for each in replayed if each.change is None}
    return Past(len(requests), count_alike(replayed), tuple(sorted(unknown)), tuple(unread))


def print_past(past: Past, output_format: str) -> None:
    """On stdout."""
    if output_format == "json":
        click.echo(json.dumps(_as_json(past), indent=2, ensure_ascii=False))
        return
    rows = [
        (account or "anyone", str(count), _listed(change.gained), _listed(change.lost), ", ".join(_rules(change)))
        for (account, change), count in past.changes.most_common()
    ]
    if rows:
        print_table(("account", "requests", "gains", "loses", "rules"), rows)
    for line, why in past.unread[:_MOST_SHOWN]:
        show_warnings((f"line {line} was left out: {why}",))
    if past.unknown:
        names = ", ".join(map(printable, past.unknown[:_MOST_SHOWN]))
        more = len(past.unknown) - _MOST_SHOWN
        click.echo(f"Not decided, for want of their groups: {names}{f' and {more} more' if more > 0 else ''}.")
        click.echo(
            "    Name the bridge.yaml by which the directory is asked: -c bridge.yaml. Who has left is not there."
        )
    differ = sum(past.changes.values())
    click.echo(f"{past.requests} requests, {differ} with another outcome.")
    if not past.requests:
        show_warnings(("nothing was compared: no line is a request that a policy decided. Name an audit trail.",))


def _groups(accounts: list[str], config: Path | None) -> dict[str, tuple[Group, ...]]:
    if config is None or not accounts:
        return {}
    settings = load_settings(find_config(config), os.environ)
    options = ldap_options(settings.directory)
    with progress("Asking the directory") as show:
        return asyncio.run(groups_of_accounts(settings, options, accounts, show))


def _listed(accesses: Iterable[Access]) -> str:
    return ", ".join(map(str, accesses))


def _rules(change: Change) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*change.before, *change.after)))


def _as_json(past: Past) -> dict[str, Any]:
    return {
        "requests": past.requests,
        "changes": [
            {
                "account": account or None,
                "requests": count,
                "gained": [str(access) for access in change.gained],
                "lost": [str(access) for access in change.lost],
                "rules_before": list(change.before),
                "rules_after": list(change.after),
            }
            for (account, change), count in past.changes.most_common()
        ],
        "not_decided": list(past.unknown),
        "left_out": [{"line": line, "why": why} for line, why in past.unread],
    }
