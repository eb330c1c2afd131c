"""What a measurement comes to, as values, one line each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One line of the output. `lowest` and `highest` are the rounds' own; `ratio` says how many times better we are."""

    name: str
    value: float
    unit: str
    lowest: float
    highest: float
    ratio: float | None = None
    yardstick: str = ""

    def line(self) -> str:
        """`name value unit ratio yardstick`, in columns; "-" where there is no yardstick."""
        ratio = "-" if self.ratio is None else f"{self.ratio:.3g}"
        return f"{self.name:<42} {_short(self.value):>9} {self.unit:<8} {ratio:>6} {self.yardstick or '-'}"

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


def figure(name: str, values: Sequence[float], unit: str, ratios: Sequence[float] = (), yardstick: str = "") -> Figure:
    """The median of the rounds. A ratio is the median of the rounds' ratios, so that a slow moment hits both sides."""
    ratio = median(ratios) if ratios else None
    return Figure(name, median(values), unit, min(values), max(values), ratio, yardstick)


def _short(value: float) -> str:
    """Three figures, or all before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
