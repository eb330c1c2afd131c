"""`python -m tests.bench`: measures, and prints a line for each figure as soon as it is there."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.process import ServerFailed

from .figures import Figure
from .measurements import ALONE, IN_A_PLACE, NAMES
from .place import place
from .progress import tell

_ROUNDS = 7


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
    parser.add_argument("only", nargs="*", metavar="NAME", help="measure only what gives these lines")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.only) - set(NAMES)):
        parser.error(f"no such figure: {', '.join(unknown)}. There are: {', '.join(NAMES)}")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    figures = []
    try:
        for figure in _measured(options.only or NAMES, options.rounds):
            tell("")
            print(figure.line(), flush=True)  # noqa: T201 -- this is what it is for
            figures.append(figure)
    except ServerFailed as error:
        tell("")
        sys.stderr.write(f"{error}\n")
        return 1
    if options.json:
        report = {"machine": _machine(), "figures": [figure.as_json() for figure in figures]}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def _measured(names: Sequence[str], rounds: int) -> Iterator[Figure]:
    wanted = set(names)
    for lines, alone in ALONE.items():
        if wanted & set(lines):
            yield from alone(rounds)
    in_a_place = [measure for lines, measure in IN_A_PLACE.items() if wanted & set(lines)]
    if in_a_place:
        tell("a directory of 10,000 people is made")
        with place() as here:
            for measure in in_a_place:
                yield from measure(here, rounds)


def _machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg()[0],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
