"""`robot list`: every robot with its state; a table on a terminal, plain lines elsewhere, JSON for programs."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import click

from ldap_token_bridge.cli.common import examples, format_option, run_or_explain
from ldap_token_bridge.cli.table import print_table
from ldap_token_bridge.robots import Robot, load_robots

from .file import file_options, robots_file

_COLUMNS = ("robot", "state", "owner", "until", "networks", "note")


@click.command(
    epilog=examples(
        "ldap-token-bridge robot list -c bridge.yaml", "ldap-token-bridge robot list --file robots.yaml --format json"
    )
)
@file_options
@format_option
@run_or_explain()
def command(given: Path | None, config: Path | None, output_format: str) -> None:
    """Show every robot: its owner, networks, end, and state.

    States: active, changing (two secrets work), expired, revoked.
    """
    robots = load_robots(robots_file(given, config))
    today = datetime.now(UTC).date()
    if output_format == "json":
        click.echo(json.dumps({"robots": [_as_json(robot, today) for robot in robots]}, indent=2, ensure_ascii=False))
    elif not len(robots):
        click.echo("There are no robots.")
    else:
        print_table(_COLUMNS, [_row(robot, today) for robot in robots])


def state_of(robot: Robot, today: date) -> str:
    """The state in a word."""
    if robot.revoked:
        return "revoked"
    if robot.has_ended(today):
        return "expired"
    return "changing" if len(robot.hashes) > 1 else "active"


def _row(robot: Robot, today: date) -> tuple[str, ...]:
    networks = ", ".join(map(str, robot.networks)) if robot.networks is not None else "anywhere"
    return robot.name, state_of(robot, today), robot.owner, str(robot.until or "no end"), networks, robot.note


def _as_json(robot: Robot, today: date) -> dict[str, object]:
    return {
        "name": robot.name,
        "state": state_of(robot, today),
        "owner": robot.owner,
        "note": robot.note,
        "networks": None if robot.networks is None else [str(network) for network in robot.networks],
        "until": str(robot.until) if robot.until else None,
        "revoked": str(robot.revoked) if robot.revoked else None,
        "secrets": len(robot.hashes),
    }
