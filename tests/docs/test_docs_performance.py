"""The page about performance names what `make bench` prints."""

from tests.bench.aims import AIMS
from tests.bench.figures import figure
from tests.bench.measurements import NAMES
from tests.bench.record import BEGIN, END
from tests.bench.service.measurements import NAMES as SERVICE_NAMES
from tests.support.documents import column, document

PAGE = document("docs/performance.md")


def test_every_line_of_the_benchmark_is_explained() -> None:
    """No more and no fewer, in the order of the output."""
    assert tuple(column(PAGE.section("The lines of the service"), 0)) == SERVICE_NAMES
    parts = tuple(name for name in NAMES if name not in SERVICE_NAMES)
    assert tuple(column(PAGE.section("The lines of the parts"), 0)) == parts


def test_every_aim_is_one_of_a_line() -> None:
    """Of one that is printed."""
    assert set(AIMS) <= set(NAMES)


def test_the_page_has_a_place_for_figures() -> None:
    """One, which `python -m tests.bench.record` fills in."""
    assert (PAGE.text.count(BEGIN), PAGE.text.count(END)) == (1, 1)
    assert PAGE.text.index(BEGIN) < PAGE.text.index(END)


def test_the_benchmarks_can_be_run_by_make() -> None:
    """`make bench` is there, and stands in the list of `make help`."""
    assert "\nbench: env-dev test-deps ## " in (PAGE.path.parents[1] / "Makefile").read_text(encoding="utf-8")


def test_a_line_has_five_columns() -> None:
    """Name, value, unit, ratio, yardstick; "-" where nothing was measured beside it."""
    beside = figure("a_ratio", [9.0, 8.0, 10.0], "times", [9.0, 8.0, 10.0], "ldap3-4-threads")
    assert beside.line().split() == ["a_ratio", "9", "times", "9", "ldap3-4-threads"]
    assert (beside.lowest, beside.highest) == (8.0, 10.0)
    assert figure("a_time_us", [1234.4, 5.0, 2000.0], "us").line().split() == ["a_time_us", "1234", "us", "-", "-"]
