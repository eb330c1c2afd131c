"""What someone can try while the demo runs: commands ready to copy, with the sample passwords, and what each shows."""

import os
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table

from ldap_token_bridge.web import DEFAULT_MESSAGES

from .home import SERVICE
from .people import NETBIOS_NAME, PEOPLE, SamplePerson, person
from .walk import PUBLIC, PUSH_A, PUSH_B, REFUSALS
from .world import World


def print_world(world: World, out: TextIO) -> None:
    """What runs where."""
    registry = world.registry
    rows = {
        "Directory": f"{world.directory_url}  (a sample that answers as Active Directory does)",
        "Bridge": world.token_url,
        "Registry": f"{registry.url}  ({registry.program})"
        if registry
        else "none: no registry is on PATH (in Debian: apt install docker-registry)",
        "Files": f"{world.home.folder}  (bridge.yaml, policy.yaml, keys/, bridge.log, audit.jsonl)",
    }
    out.writelines(f"{name:<10} {value}\n" for name, value in rows.items())
    out.write("\n")
    out.flush()


def print_invitations(world: World, out: TextIO) -> None:
    """What to try, on a terminal. Commands that are too long for a table's cell stand on lines of their own."""
    out.write("Try it from another terminal. The passwords are samples; everything is gone at the end.\n\n")
    if world.registry:
        _print_logins(_logins(world.registry.address), out)
    out.write("Without docker:\n\n")
    out.writelines(f"  # {meaning}\n  {command}\n" for meaning, command in _requests(world.token_url))
    out.write(f"\nEach request leaves a line in the audit trail:\n\n  tail -f {world.home.audit}\n\n")
    out.flush()


def _logins(registry: str) -> list[tuple[str, str, str]]:
    """Command, password and what it shows."""
    return [(f"docker login {registry} -u {who.account}", who.password, _shown(who)) for who in PEOPLE]


def _shown(who: SamplePerson) -> str:
    if not who.condition:
        return "Login Succeeded"
    first_sentence = DEFAULT_MESSAGES[REFUSALS[who.condition]].partition(". ")[0].rstrip(".")
    return f"unauthorized: {first_sentence}."


def _print_logins(logins: list[tuple[str, str, str]], out: TextIO) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("command", no_wrap=True)
    table.add_column("password", no_wrap=True)
    table.add_column("shows")
    for login in logins:
        table.add_row(*login)
    Console(file=out, highlight=False, no_color="NO_COLOR" in os.environ or None).print(table)


def _requests(token_url: str) -> list[tuple[str, str]]:
    """Meaning and command, for machines without docker."""
    asked = [
        ("alice may push to team-a, over three nested groups", "alice", PUSH_A),
        ("not to team-b: her token is without access", "alice", PUSH_B),
        ("the same account by another name", f"{NETBIOS_NAME}\\alice", ""),
        ("carol may push everywhere, by her primary group", "carol", PUSH_B),
        ("dave is disabled, and is told so", "dave", ""),
        ("anyone may pull what is public", "", PUBLIC),
    ]
    return [(meaning, _curl(token_url, user, scope)) for meaning, user, scope in asked]


def _curl(token_url: str, user: str, scope: str) -> str:
    query = f"service={SERVICE}" + (f"&scope={scope}" if scope else "")
    password = person(user.rpartition("\\")[2]).password if user else ""
    login = f"-u '{user}:{password}' " if user else ""
    return f"curl {login}'{token_url}?{query}'"
