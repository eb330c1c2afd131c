"""`python -m tests.bench.record figures.json`: tables and charts of docs/performance.md from what `--json` wrote.

Nobody types figures: what stands between the two marks is written anew, and so are the files in docs/performance and
the figures that docs/sizing.md reckons with.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .aims import AIMS
from .charts import charts
from .figures import Figure
from .measurements import NAMES
from .service.measurements import NAMES as SERVICE_NAMES
from .svg import short

DOCS = Path(__file__).parents[2] / "docs"
PAGE, SIZING = "performance.md", "sizing.md"
BEGIN = "<!-- figures: python -m tests.bench.record writes what follows -->"
END = "<!-- end of the figures -->"

_TABLES = {
    "The whole service": SERVICE_NAMES,
    "The parts": tuple(name for name in NAMES if name not in SERVICE_NAMES),
}


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.record",
        description="Writes the tables and charts of docs/performance.md.",
        epilog="make bench BENCH_ARGS='--json figures.json' && python -m tests.bench.record figures.json",
    )
    parser.add_argument("figures", type=Path, metavar="FILE", help="what `make bench BENCH_ARGS='--json FILE'` wrote")
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="FOLDER", help="where the pages are")
    options = parser.parse_args(arguments)
    try:
        machine, figures = read(options.figures)
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(
            f"{options.figures} is not what `make bench` writes ({type(error).__name__}: {error}). Make it with: "
            f"make bench BENCH_ARGS='--json {options.figures}'"
        )
    try:
        write(options.docs / PAGE, machine, figures)
        quote(options.docs / SIZING, figures)
    except (OSError, ValueError) as error:
        parser.error(f"{error}")
    if missing := [name for name in NAMES if name not in figures]:
        sys.stderr.write(f"Not measured, so not in the tables: {', '.join(missing)}\n")
    return 0


def read(path: Path) -> tuple[str, Mapping[str, Figure]]:
    """On what was measured, in words, and the figures by name; ValueError, KeyError or TypeError for another file."""
    report = json.loads(path.read_text(encoding="utf-8"))
    figures = (Figure(**each) for each in report["figures"])
    return _machine(report["machine"]), {figure.name: figure for figure in figures}


def write(page: Path, machine: str, figures: Mapping[str, Figure]) -> None:
    """Replaces what stands between the marks of `page`, and the charts in the folder that is named like it.

    Raises ValueError if the page lacks the marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} lacks the marks {BEGIN} and {END}")
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    pictures = []
    for chart in charts(figures):
        (folder / chart.name).write_text(chart.drawing, encoding="utf-8")
        pictures.append(f"![{chart.title}. {chart.text}]({folder.name}/{chart.name})")
    parts = [begin, machine, *pictures, *_tables(figures), end]
    page.write_text(before + "\n\n".join(parts) + after, encoding="utf-8")


def quote(page: Path, figures: Mapping[str, Figure]) -> None:
    """Puts the medians into the second column of a page's tables, in the rows that are named like a figure."""
    text = page.read_text(encoding="utf-8")
    for name, figure in figures.items():
        text = re.sub(rf"^(\| `{name}` \|)[^|\n]*\|", rf"\1 {short(figure.value)} |", text, flags=re.MULTILINE)
    page.write_text(text, encoding="utf-8")


def _machine(machine: Mapping[str, Any]) -> str:
    return (
        f"Measured on {machine['date']} with {machine['processors']} processors ({machine['model']}), Python"
        f" {machine['python']} on {machine['system']}, in {machine['rounds']} rounds; the load average was"
        f" {machine['load_average']:.2g} before."
    )


def _tables(figures: Mapping[str, Figure]) -> Iterator[str]:
    for title, names in _TABLES.items():
        rows = [_row(figures[name]) for name in names if name in figures]
        if rows:
            head = _joined(("line", "lowest", "median", "highest", "unit", "ratio", "yardstick", "aim"))
            yield "\n".join([f"### {title}\n", head, "|---" * 8 + "|", *rows])


def _row(figure: Figure) -> str:
    aim = AIMS.get(figure.name)
    told = "" if aim is None else f"{aim}: {'met' if aim.is_met(figure) else '**missed**'}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.3g}"
    values = (short(value) for value in (figure.lowest, figure.value, figure.highest))
    return _joined((figure.name, *values, figure.unit, ratio, figure.yardstick, told))


def _joined(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
