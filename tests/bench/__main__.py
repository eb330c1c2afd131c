"""`python -m tests.bench`: measures, and prints a line for each figure as soon as it is there."""

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from subprocess import SubprocessError

from .figures import Figure
from .measurements import ALONE, IN_A_PLACE, NAMES
from .place import place
from .progress import tell

_ROUNDS = 4
_SOAK = 30


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures the bridge on this machine, on loopback alone. docs/performance.md explains each line.",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures and the machine there, too")
    parser.add_argument(
        "--rounds", type=int, default=_ROUNDS, metavar="N", help="rounds of each; %(default)s by default"
    )
    parser.add_argument(
        "--soak", type=int, default=_SOAK, metavar="SECONDS", help="how long the soak lasts; %(default)s by default"
    )
    parser.add_argument("only", nargs="*", metavar="NAME", help="measure only what gives lines that begin like this")
    options = parser.parse_args(arguments)
    if unknown := sorted(only for only in options.only if not _named([only])):
        parser.error(f"no such figure: {', '.join(unknown)}. There are: {', '.join(NAMES)}")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    if options.soak < 1:
        parser.error("--soak must be at least 1 second")
    machine = _machine()  # before: the load average is not to be the bench's own
    figures: list[Figure] = []
    failed = False
    for measure in _measures(_named(options.only or NAMES), options.rounds, options.soak):
        try:
            for figure in measure:
                tell("")
                print(figure.line(), flush=True)  # noqa: T201 -- this is what it is for
                figures.append(figure)
        except (RuntimeError, OSError, SubprocessError) as error:  # the other lines need not be lost for one
            tell("")
            sys.stderr.write(f"{error}\n")
            failed = True
    if options.json:
        report = {"machine": {**machine, "rounds": options.rounds}, "figures": [figure.as_json() for figure in figures]}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if failed else 0


def _named(only: Sequence[str]) -> frozenset[str]:
    return frozenset(name for name in NAMES if any(f"{name}_".startswith(f"{each}_") for each in only))


def _measures(wanted: frozenset[str], rounds: int, soak: int) -> Iterator[Iterator[Figure]]:
    for lines, alone in ALONE.items():
        if wanted & set(lines):
            yield alone(rounds)
    in_a_place = [measure for lines, measure in IN_A_PLACE.items() if wanted & set(lines)]
    if in_a_place:
        tell("a directory of 10,000 people is made")
        with place(soak) as here:
            for measure in in_a_place:
                yield measure(here, rounds)


def _machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "model": _model(),
        "system": platform.platform(),
        "processors": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg()[0],
    }


def _model() -> str:
    """What the processor calls itself."""
    names = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
