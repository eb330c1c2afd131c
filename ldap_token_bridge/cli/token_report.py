"""A token and what registries make of it, printed."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from ldap_token_bridge.tokens import STEPS, Verification

from .common import printable

_OK, _BAD, _UNSEEN = "✓", "✗", "·"
_PLAIN = {_OK: "ok", _BAD: "x", _UNSEEN: "-"}
_TIMES = ("exp", "nbf", "iat")
_LONGEST_YEAR = 253_402_300_799  # the last second of the year 9999

# What to change, by the step that fails.
_REMEDIES = {
    "trust": "Give the registry the file of `ldap-token-bridge keys bundle` as auth.token.rootcertbundle. A registry "
    "2.x takes RSA and EC keys alone.",
    "form": "The token was cut or changed on its way, or no token server for registries made it.",
    "claims": "No token server for registries made this token.",
    "issuer": "Make auth.token.issuer of the registry and token.issuer of bridge.yaml equal, and restart the registry.",
    "audience": "One of token.services in bridge.yaml must be auth.token.service of the registry, letter for letter.",
    "expiry": "Get a new token. If it is new: set the clocks of both machines (NTP).",
    "not before": "Set the clocks of both machines (NTP).",
    "key": "Give the registry the bundle anew (`ldap-token-bridge keys bundle`) and restart it: it reads the file at "
    "its start only. Without x5c in the token a registry 3.x needs `ldap-token-bridge keys jwks`.",
    "signature": "The token was changed, or another key than the one that it names made it.",
    "access": "The policy decides: the bridge's audit line for the request shows what was asked and granted.",
}


def print_report(
    header: Mapping[str, Any], claims: Mapping[str, Any], verdicts: Sequence[Verification], output_format: str
) -> None:
    """On stdout; never the token itself."""
    if output_format == "json":
        click.echo(json.dumps(_as_json(header, claims, verdicts), indent=2))
        return
    lines = ["Header", *_fields({**header, **_x5c(header)}), "Claims", *_fields(claims)]
    for verdict in verdicts:
        word = click.style("accepted", fg="green") if verdict.accepted else click.style("refused", fg="red")
        lines += ["", f"Registry {verdict.generation}: {word}", *_steps(verdict)]
    click.echo("\n".join(lines))


def _steps(verdict: Verification) -> list[str]:
    lines = []
    for step in verdict.steps:
        sign = click.style(_sign(_OK), fg="green") if step.ok else click.style(_sign(_BAD), fg="red", bold=True)
        lines.append(f"  {sign} {step.name}: {printable(step.detail)}")
        if not step.ok:
            lines.append(f"      {_REMEDIES[step.name]}")
    reached = {step.name for step in verdict.steps}
    lines += [f"  {_sign(_UNSEEN)} {name}: not looked at" for name in STEPS[verdict.generation] if name not in reached]
    return lines


def _sign(sign: str) -> str:
    """One that the terminal can show."""
    try:
        sign.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _PLAIN[sign]
    return sign


def _x5c(header: Mapping[str, Any]) -> dict[str, Any]:
    """The certificates by their size: which one it is says the step that looks for the key."""
    x5c = header.get("x5c")
    if not isinstance(x5c, list):
        return {}
    return {"x5c": f"{len(x5c)} certificate{'' if len(x5c) == 1 else 's'}"}


def _fields(values: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, value in values.items():
        if name == "access" and isinstance(value, list):
            lines += [f"  access   {_access(entry)}" for entry in value] or ["  access   nothing"]
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        moment = f"  ({_moment(value)})" if name in _TIMES else ""
        lines.append(f"  {printable(name):8} {printable(text)}{moment}")
    return lines


def _access(entry: Any) -> str:
    try:
        return printable(f"{entry['type']}:{entry['name']}:{','.join(entry['actions'])}")
    except (KeyError, TypeError):
        return printable(json.dumps(entry))


def _moment(value: object) -> str:
    if not isinstance(value, int) or not 0 <= value <= _LONGEST_YEAR:
        return "no time"
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _as_json(
    header: Mapping[str, Any], claims: Mapping[str, Any], verdicts: Sequence[Verification]
) -> dict[str, object]:
    return {
        "accepted": all(verdict.accepted for verdict in verdicts),
        "header": header,
        "claims": claims,
        "registries": [
            {
                "generation": verdict.generation,
                "accepted": verdict.accepted,
                "steps": [{"name": step.name, "ok": step.ok, "detail": step.detail} for step in verdict.steps],
                "remedy": _REMEDIES[verdict.failure.name] if verdict.failure else None,
            }
            for verdict in verdicts
        ],
    }
