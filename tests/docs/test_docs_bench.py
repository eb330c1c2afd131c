"""The bench's own parts: what wrk says is understood, and the page is written from figures, with charts."""

import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from tests.bench import record
from tests.bench.charts import charts
from tests.bench.clock import by_turns
from tests.bench.figures import Figure, figure
from tests.bench.measurements import NAMES
from tests.bench.place import Place
from tests.bench.service import asks
from tests.bench.service.bridge import BenchBridge
from tests.bench.service.wrk import Load, load, read_load
from tests.bench.service.yardstick import Yardstick
from tests.support import canaries
from tests.support.certificates import Authority
from tests.support.process import ServerFailed
from tests.support.slapd import Slapd

FIGURES = {name: figure(name, [3.0, 4.0, 5.0], "1/s", [0.5, 0.6, 0.7], "aiohttp-signed") for name in NAMES}
MACHINE = {
    "date": "2026-01-02",
    "processors": 2,
    "model": "A <Processor>",
    "python": "3.11.7",
    "system": "Linux",
    "rounds": 3,
    "load_average": 0.1,
}
TOLD = (
    "Running 1s test\n"
    '{"requests": 200, "refused": 3, "broken": 1, "seconds": 2.0, "p10": 1.0, "p50": 2.0, "p90": 3.0, "p99": 9.0, '
    '"worst": 12.5}\n'
)


def test_what_wrk_says_is_understood() -> None:
    """The last line, whatever stands before it; anything else is shown to who runs the bench."""
    told = read_load(TOLD)
    assert (told.rate, told.refused, told.broken, told.p99) == (100.0, 3, 1, 9.0)
    with pytest.raises(ServerFailed, match="unable to connect"):
        read_load("unable to connect to 127.0.0.1:1 Connection refused\n")


@pytest.mark.parametrize(("requests", "refused", "broken"), [(10, 1, 0), (10, 0, 1), (0, 0, 0)])
def test_a_load_that_was_not_as_it_was_to_be_is_no_figure(requests: int, refused: int, broken: int) -> None:
    """Neither if one reply was a refusal, nor if one never came, nor if nothing was asked."""
    told = Load(requests, refused, broken, 1.0, *[1.0] * 5)
    with pytest.raises(ServerFailed, match="to be granted"):
        told.all_granted()


def test_turns_alternate() -> None:
    """Who came second comes first in the next round; what each gives stays in its place; the first round is lost."""
    order: list[str] = []

    def work(name: str) -> str:
        order.append(name)
        return name

    assert list(by_turns(2, lambda: work("a"), lambda: work("b"))) == [("a", "b")] * 2
    assert order == ["a", "b", "b", "a", "a", "b"]


def test_real_load_on_a_real_bridge(slapd: Slapd, authority: Authority, tmp_path: Path) -> None:
    """People get tokens, wrong passwords do not, and the handler beside it signs with the same key."""
    here = Place(slapd, tmp_path, authority, soak_seconds=1)
    right = asks.ask([asks.EVERYONE], "alice", canaries.password("alice"))
    wrong = asks.ask([asks.EVERYONE], "alice", "not alice's password")
    with BenchBridge(here, "bridge", rules=10) as bridge, Yardstick(bridge, signed=True) as signed:
        file = asks.known(bridge, [right], "right")
        ours, theirs = load(bridge.url, file).all_granted(), load(signed.url, file).all_granted()
        assert ours.requests <= bridge.counted("ltb_token_requests_total")
        assert theirs.rate > 0
        assert signed.name.startswith("aiohttp-signed")
        mixed = load(bridge.url, asks.known(bridge, [right, wrong], "mixed"))
    assert 0 < mixed.refused < mixed.requests


def test_charts_are_well_formed_and_say_in_words_what_they_show() -> None:
    """Each has a title and a text with the numbers, and colours for dark pages."""
    drawn = {chart.name: chart for chart in charts(FIGURES)}
    assert set(drawn) == {"throughput.svg", "timing.svg", "scopes.svg", "groups.svg", "rules.svg"}
    for chart in drawn.values():
        root = fromstring(chart.drawing)  # noqa: S314 -- what is tested
        assert root.get("role") == "img"
        assert chart.title
        assert "4" in chart.text
        assert "prefers-color-scheme: dark" in chart.drawing


def test_no_chart_is_drawn_of_what_was_not_measured() -> None:
    """A part of the bench gives the charts of that part."""
    names = [chart.name for chart in charts({"service_warm_rate": FIGURES["service_warm_rate"]})]
    assert names == ["throughput.svg"]
    assert list(charts({})) == []


def test_figures_are_written_into_the_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Between the marks alone: the machine, the charts, each figure with its aim; and the sizing page quotes them."""
    (tmp_path / "performance.md").write_text(f"before\n\n{record.BEGIN}\n\nearlier figures\n\n{record.END}\n\nafter\n")
    (tmp_path / "sizing.md").write_text("| `service_warm_rate` | | requests |\n| `other` | | stays |\n")
    some = [each for name, each in FIGURES.items() if name != "service_cold_rate"]
    file = _written(tmp_path / "figures.json", some)
    assert record.main([str(file), "--docs", str(tmp_path)]) == 0
    page = (tmp_path / "performance.md").read_text()
    assert page.startswith(f"before\n\n{record.BEGIN}")
    assert page.endswith(f"{record.END}\n\nafter\n")
    assert "earlier figures" not in page
    row = "| service_warm_rate | 3 | 4 | 5 | 1/s | 0.6 | aiohttp-signed | ratio ≥ 0.8: **missed** |"
    assert row in page.splitlines()
    assert "](performance/throughput.svg)" in page
    assert (tmp_path / "performance" / "throughput.svg").exists()
    sizing = (tmp_path / "sizing.md").read_text()
    assert sizing == "| `service_warm_rate` | 4 | requests |\n| `other` | | stays |\n"
    assert capsys.readouterr().err == "Not measured, so not in the tables: service_cold_rate\n"
    record.main([str(file), "--docs", str(tmp_path)])
    assert (tmp_path / "performance.md").read_text() == page


def test_another_file_is_refused_in_plain_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And no page is touched."""
    file = tmp_path / "figures.json"
    file.write_text("{}")
    with pytest.raises(SystemExit):
        record.main([str(file), "--docs", str(tmp_path)])
    assert "is not what `make bench` writes" in capsys.readouterr().err


def _written(path: Path, figures: list[Figure]) -> Path:
    report = {"machine": MACHINE, "figures": [each.as_json() for each in figures]}
    path.write_text(json.dumps(report))
    return path
