"""`robot new`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ldap_token_bridge.cli.common import examples, format_option, run_or_explain, show_warnings
from ldap_token_bridge.errors import Misconfigured
from ldap_token_bridge.identity import Secret, Subject, SubjectKind
from ldap_token_bridge.robots import new_secret
from ldap_token_bridge.robots.edit import add_robot, make_robot, rotate_robot

from .file import change, file_options, robots_file

_NO_END = "without --until or --days the robot never ends by itself. Give it an end, and renew it in time."


@click.command(
    epilog=examples(
        "ldap-token-bridge robot new ci-deployer --owner team-a@corp.example.com --days 365",
        "ldap-token-bridge robot new ci-deployer --owner team-a --network 10.20.0.0/16 --until 2027-03-31",
        "ldap-token-bridge robot new ci-deployer --rotate",
    )
)
@click.argument("name")
@file_options
@click.option("--owner", help="The person or team that answers for it.")
@click.option("--note", default="", help="What it is for.")
@click.option("--network", "networks", multiple=True, help="It may log in from here only; may be given again.")
@click.option("--until", help="Its last day, as 2027-03-31, UTC.")
@click.option("--days", type=click.IntRange(1, 3650), help="How many days it lives, in place of --until.")
@click.option("--rotate", is_flag=True, help="A second secret for a robot that exists; the old one goes on working.")
@format_option
@run_or_explain()
def command(  # noqa: PLR0913 -- one parameter an option
    *,
    name: str,
    given: Path | None,
    config: Path | None,
    owner: str | None,
    note: str,
    networks: tuple[str, ...],
    until: str | None,
    days: int | None,
    rotate: bool,
    output_format: str,
) -> None:
    """Make a robot, or a new secret for one; the secret is shown once.

    Only the secret's hash is kept: whoever loses the secret needs a new one. With --rotate a robot has two secrets
    until `robot revoke NAME --older`.
    """
    if rotate and any((owner, note, networks, until, days)):
        raise click.UsageError("--rotate changes the secret alone; edit the file for the rest.")
    if not rotate and not owner:
        raise click.UsageError("Name who answers for the robot: --owner team-a@corp.example.com")
    if until and days:
        raise click.UsageError("--until and --days say the same; give one of them.")
    path = robots_file(given, config)
    secret = new_secret()
    if rotate:
        change(path, lambda text: rotate_robot(text, str(path), name, secret))
    else:
        end = until or (str((datetime.now(UTC) + timedelta(days=days)).date()) if days else None)
        robot = make_robot(name, secret, owner=owner or "", note=note, networks=networks, until=end)
        change(path, lambda text: add_robot(text, str(path), robot))
        if end is None:
            show_warnings((_NO_END,))
    try:
        _show(name, secret, path, output_format)
    except OSError as error:
        raise _lost(name, path, error, rotated=rotate) from None


def _lost(name: str, path: Path, error: OSError, *, rotated: bool) -> Misconfigured:
    """The robot is in the file, and nobody has its secret."""
    again = f"ldap-token-bridge robot new {name} --rotate --file {path}"
    if rotated:  # `robot revoke --older` would end the one that works
        remedy = f"The old one goes on. Remove the first secret of {name} from the file, and make another: {again}"
    else:
        end = f"ldap-token-bridge robot revoke {name} --older --file {path}"
        remedy = f"Make another: {again} and then end the lost one: {end}"
    return Misconfigured.one(f"the new secret could not be shown and is lost: {error.strerror}", str(path), remedy)


def _show(name: str, secret: Secret, path: Path, output_format: str) -> None:
    text, user = secret.reveal().decode(), Subject(SubjectKind.ROBOT, name).account
    if output_format == "json":
        told = {"name": name, "user": user, "secret": text, "file": str(path)}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(
        f"user    {user}\n"
        f"secret  {text}\n\n"
        "The secret is not shown again. Log in with it:\n"
        f"  docker login --username '{user}' --password-stdin REGISTRY\n"
        f'What it may do is for the policy to say: who: ["robot:{name}"]'
    )
