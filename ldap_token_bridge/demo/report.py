"""What the walk prints: a line a step and a few decoded tokens for people, or JSON for machines."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from .client import TokenAnswer
from .home import SERVICE
from .walk import Outcome
from .world import World

_X5C_SHOWN = 24  # characters of a certificate; the rest is noise here


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


def _can_print(text: str, out: TextIO) -> bool:
    try:
        text.encode(out.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _lines(out: TextIO, *lines: str) -> None:
    out.writelines(f"{line}\n" for line in lines)
    out.flush()
