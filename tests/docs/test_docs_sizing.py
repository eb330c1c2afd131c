"""docs/sizing.md reckons with figures that were measured."""

import re

from tests.support.documents import column, document, rows

PAGE, PERFORMANCE = document("docs/sizing.md"), document("docs/performance.md")


def test_every_line_that_it_reckons_with_is_one_of_the_benchmark() -> None:
    """In the table and in the formulae, by the names that docs/performance.md explains."""
    named = set(column(PAGE.section("The figures"), 0)) | set(re.findall(r"\b(?:service|memory|policy)_\w+", PAGE.text))
    assert {"service_warm_rate", "memory_idle_mb"} < named
    assert named <= set(column(PERFORMANCE.text, 0))


def test_every_figure_is_one_that_was_measured() -> None:
    """A number in the table at the top stands in docs/performance.md in the row of the same line."""
    given = {_name(row): row[1].strip() for row in rows(PAGE.section("The figures"))[2:] if row[1].strip()}
    measured: dict[str, list[str]] = {}
    for row in rows(PERFORMANCE.text):
        measured.setdefault(_name(row), []).extend(cell.strip() for cell in row[1:])
    assert given
    assert {name: value for name, value in given.items() if value not in measured.get(name, ())} == {}


def _name(row: list[str]) -> str:
    return row[0].strip(" `")
