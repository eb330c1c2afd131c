"""What the demo prints: as text for people, a table on a terminal, and JSON for machines."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .client import TokenAnswer
from .home import SERVICE
from .people import NETBIOS_NAME, PEOPLE, person
from .walk import PUBLIC, PUSH_A, PUSH_B, REFUSALS, Outcome
from .world import World

_X5C_SHOWN = 24  # characters of a certificate; the rest is noise here


@dataclass(frozen=True, slots=True)
class Invitation:
    """A command to try, the password that it asks for (none if empty), and what it shows."""

    command: str
    password: str
    shows: str


def invitations(world: World) -> list[Invitation]:
    """The commands to try, ready to copy."""
    found = []
    if world.registry:
        for who in PEOPLE:
            shows = f"the reason: {REFUSALS[who.condition]}" if who.condition else "Login Succeeded"
            found.append(Invitation(f"docker login {world.registry.address} -u {who.account}", who.password, shows))
    found += [
        _curl(world, "alice", PUSH_A, "a token for pull and push"),
        _curl(world, "alice", PUSH_B, "a token without access"),
        _curl(world, f"{NETBIOS_NAME}\\alice", "", "a token for the account alice"),
        _curl(world, "carol", PUSH_B, "a token for pull and push, through her primary group"),
        _curl(world, "", PUBLIC, "a token for anyone"),
        _curl(world, "dave", "", "the reason: account-disabled"),
    ]
    return found


def print_world(world: World, out: TextIO) -> None:
    """What runs where."""
    registry = world.registry
    rows = [
        ("Directory", f"{world.directory_url}  (a sample that answers as Active Directory does)"),
        ("Bridge", world.token_url),
        (
            "Registry",
            f"{registry.url}  ({registry.program})"
            if registry
            else "none: neither `registry` nor `docker-registry` is on PATH (Debian's package: docker-registry)",
        ),
        ("Settings", f"{world.home.folder}  (bridge.yaml, policy.yaml, keys, bridge.log, audit.jsonl)"),
    ]
    _lines(out, *(f"{name:<10} {value}" for name, value in rows), "")


def print_invitations(world: World, out: TextIO) -> None:
    """What to try; the passwords are samples, and everything is gone at the end."""
    _lines(out, "Try it from another terminal:", "")
    found = invitations(world)
    if out.isatty():
        table = Table("command", "password", "shows", box=box.SIMPLE_HEAD, pad_edge=False)
        for invitation in found:
            # Folded, never cut: a command is there to be copied.
            table.add_row(Text(invitation.command, overflow="fold"), invitation.password, invitation.shows)
        Console(file=out, highlight=False, no_color="NO_COLOR" in os.environ or None).print(table)
        return
    for invitation in found:
        _lines(out, f"  {invitation.command}")
        if invitation.password:
            _lines(out, f"      password: {invitation.password}")
        _lines(out, f"      shows: {invitation.shows}")
    _lines(out, "")


def print_outcome(outcome: Outcome, out: TextIO) -> None:
    """One line a step, and its token where it is worth a look."""
    good, bad = ("✓", "✗") if _can_print("✓✗…", out) else ("ok", "WRONG")
    _lines(out, f"{good if outcome.right else bad} {outcome.title}: {outcome.came}")
    if not outcome.right:
        _lines(out, f"    should have been: {outcome.should}")
    if outcome.shown and outcome.answer and outcome.answer.token:
        _lines(out, *(f"    {line}" for line in _token_lines(outcome.answer, out)))


def print_summary(outcomes: Sequence[Outcome], out: TextIO) -> None:
    """How many came out right."""
    right = sum(outcome.right for outcome in outcomes)
    _lines(out, "", f"{right} of {len(outcomes)} came out as they should.")


def as_json(world: World, outcomes: Sequence[Outcome]) -> str:
    """The whole walk as one JSON object. Signatures are left out, as in the text."""
    return json.dumps(
        {
            "directory": world.directory_url,
            "bridge": world.token_url,
            "registry": world.registry.url if world.registry else None,
            "service": SERVICE,
            "ok": all(outcome.right for outcome in outcomes),
            "steps": [_step(outcome) for outcome in outcomes],
        },
        indent=2,
    )


def _step(outcome: Outcome) -> Mapping[str, Any]:
    step: dict[str, Any] = {
        "step": outcome.title,
        "ok": outcome.right,
        "result": outcome.came,
        "expected": outcome.should,
    }
    if outcome.answer and outcome.answer.token:
        step["token"] = {"header": outcome.answer.header, "claims": outcome.answer.claims}
    return step


def _token_lines(answer: TokenAnswer, out: TextIO) -> list[str]:
    """Header and claims; the signature is what makes a token good, so it is not shown."""
    dots = "…" if _can_print("…", out) else "..."
    header = dict(answer.header)
    if "x5c" in header:
        header["x5c"] = [f"{entry[:_X5C_SHOWN]}{dots}" for entry in header["x5c"]]
    return [*_object_lines("header", header, dots), *_object_lines("claims", answer.claims, dots), f"signature {dots}"]


def _object_lines(name: str, values: Mapping[str, Any], dots: str) -> list[str]:
    """An object with one key a line: easier on the eye than one long line or JSON spread out."""
    pairs = [f"{key}: {json.dumps(value, ensure_ascii=dots != '…')}" for key, value in values.items()]
    return [name, *(f"  {pair}" for pair in pairs)]


def _curl(world: World, user: str, scope: str, shows: str) -> Invitation:
    query = f"service={SERVICE}" + (f"&scope={scope}" if scope else "")
    login = f"-u '{user}' " if user else ""
    password = person(user.rpartition("\\")[2]).password if user else ""
    return Invitation(f"curl {login}'{world.token_url}?{query}'", password, shows)


def _can_print(text: str, out: TextIO) -> bool:
    try:
        text.encode(out.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _lines(out: TextIO, *lines: str) -> None:
    out.writelines(f"{line}\n" for line in lines)
    out.flush()
