"""`keys list`: every key with its state; a table on a terminal, plain lines elsewhere, JSON for programs."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ldap_token_bridge.tokens.listing import KeyState, ListedKey, list_keys

from .common import examples, format_option, run_or_explain, show_warnings
from .key_place import key_place, place_options

_SOON = 30  # days; from then on the bridge warns, too
_MONTH, _YEAR = 30.44, 365.25  # days
_COLOURS = {KeyState.SIGNS: "green", KeyState.RETIRED: "dim", KeyState.EXPIRED: "red", KeyState.NOT_YET_VALID: "yellow"}


@click.command(
    name="list",
    epilog=examples(
        "ldap-token-bridge keys list --keys-dir keys", "ldap-token-bridge keys list -c bridge.yaml --format json"
    ),
)
@place_options
@format_option
@run_or_explain()
def list_command(keys_dir: Path | None, config: Path | None, output_format: str) -> None:
    """Show every key: its ids, age, end, and state.

    States: signs, published (in the bundle and the JWKS), retired (kept in the folder `retired`, not published), not
    yet valid, expired. The two ids are the libtrust id, by which a registry 2.x finds a key, and the RFC 7638
    thumbprint, by which 3.x does.
    """
    now = datetime.now(UTC)
    found = list_keys(key_place(keys_dir, config).folder, now)
    if output_format == "json":
        listed = {"keys": [_as_json(each, now) for each in found.keys], "warnings": list(found.warnings)}
        click.echo(json.dumps(listed, indent=2))
        return
    show_warnings((*found.warnings, *_ending(found.keys, now)))
    if sys.stdout.isatty():
        _print_table(found.keys, now)
    else:
        click.echo("\n".join(_plain(each, now) for each in found.keys))


def _ending(keys: tuple[ListedKey, ...], now: datetime) -> list[str]:
    return [
        f"{each.files.certificate}: registries refuse tokens of this key from {each.key.not_after:%Y-%m-%d %H:%M} UTC "
        "on. Make the next key: ldap-token-bridge keys new"
        for each in keys
        if each.state is not KeyState.RETIRED and (each.active or each.state is not KeyState.EXPIRED)
        if (each.key.not_after - now).days < _SOON
    ]


def state_of(listed: ListedKey) -> str:
    """The state in words: a signing key that is out of its time is both."""
    out_of_time = listed.active and listed.state is not KeyState.SIGNS
    return f"signs, but {listed.state}" if out_of_time else str(listed.state)


def _print_table(keys: tuple[ListedKey, ...], now: datetime) -> None:
    states = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    # An id is 59 characters long: without lines and margins it fits into 80 columns beside the name.
    ids = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("key", "state", "alg", "age", "valid until"):
        states.add_column(column, overflow="fold")
    for column in ("key", "key id (libtrust) and thumbprint (RFC 7638)"):
        ids.add_column(column, overflow="fold")
    for each in keys:
        key = each.key
        state = Text(state_of(each), _COLOURS.get(each.state, ""))
        end = Text(f"{key.not_after:%Y-%m-%d} ({_left(key.not_after, now)})")
        states.add_row(Text(key.name), state, key.alg, _span((now - key.not_before).days), end)
        ids.add_row(Text(key.name), Text(f"{key.kid}\n{key.thumbprint}"))
    console = Console(highlight=False, no_color="NO_COLOR" in os.environ or None)
    console.print(states, ids)


def _plain(listed: ListedKey, now: datetime) -> str:
    key = listed.key
    return (
        f"{key.name}  ({state_of(listed)})\n"
        f"  key id       {key.kid}\n"
        f"  thumbprint   {key.thumbprint}\n"
        f"  algorithm    {key.alg}\n"
        f"  age          {_span((now - key.not_before).days)}\n"
        f"  valid until  {key.not_after:%Y-%m-%d %H:%M} UTC ({_left(key.not_after, now)})"
    )


def _left(end: datetime, now: datetime) -> str:
    days = (end - now).days
    return f"{_span(days)} left" if end > now else f"ended {_span((now - end).days)} ago"


def _span(days: int) -> str:
    """Days for people: `12 days`, `5 months`, `9.8 years`."""
    if days < 2 * _MONTH:
        return f"{max(days, 0)} day{'' if days == 1 else 's'}"
    return f"{days / _MONTH:.0f} months" if days < 2 * _YEAR else f"{days / _YEAR:.1f} years"


def _as_json(listed: ListedKey, now: datetime) -> dict[str, object]:
    key = listed.key
    return {
        "name": key.name,
        "state": str(listed.state).replace(" ", "-"),
        "active": listed.active,
        "kid": key.kid,
        "thumbprint": key.thumbprint,
        "alg": key.alg,
        "not_before": key.not_before.isoformat(),
        "not_after": key.not_after.isoformat(),
        "age_days": (now - key.not_before).days,
        "days_left": (key.not_after - now).days,
        "key_file": str(listed.files.key),
        "certificate_file": str(listed.files.certificate),
    }
