"""Which figures are drawn, and how: file names of docs/performance, each with its text for who cannot see it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.etree.ElementTree import fromstring

from . import svg
from .figures import Figure
from .service import crowded, refusals, sizes

_BARS = {
    "known people": "service_warm_rate",
    "the same over TLS": "service_tls_rate",
    "wrong passwords": "service_wrong_password_rate",
    "without a login": "service_anonymous_rate",
    "first logins": "service_cold_rate",
    "first logins, LDAPS": "service_cold_ldaps_rate",
}
_GROWTH = {"scopes": sizes.SCOPES, "groups": crowded.SIZES, "rules": sizes.RULES}
_PARTS = ("p10", "p50", "p90")


class Chart(NamedTuple):
    """A file of SVG; `text` says the same in words."""

    name: str
    drawing: str

    @property
    def title(self) -> str:
        """Its heading."""
        return self._child("title")

    @property
    def text(self) -> str:
        """All numbers that are drawn."""
        return self._child("desc")

    def _child(self, name: str) -> str:
        return fromstring(self.drawing).findtext(f"{{http://www.w3.org/2000/svg}}{name}") or ""  # noqa: S314 -- our own


def charts(figures: Mapping[str, Figure]) -> Iterator[Chart]:
    """Those whose figures were all measured."""
    pairs = [
        svg.Pair(label, figures[name].value, figures[name].value / ratio, figures[name].yardstick)
        for label, name in _BARS.items()
        if name in figures and (ratio := figures[name].ratio)
    ]
    if pairs:
        yield Chart("throughput.svg", svg.bars("Replies a second, each beside its yardstick", "a second", pairs))
    for kind, steps in _GROWTH.items():
        names = sizes.lines(kind, steps, 1)[:-1]
        if all(name in figures for name in names):
            line = svg.Line(kind, [figures[name].value for name in names])
            drawing = svg.lines(f"Microseconds a request by {kind}", "µs", [f"{step:,}" for step in steps], [line])
            yield Chart(f"{kind}.svg", drawing)
    if all(name in figures for name in refusals.TIMING):
        drawn = [
            svg.Line(kind, [figures[f"service_timing_{kind}_{part}_ms"].value for part in _PARTS])
            for kind in refusals.KINDS
        ]
        yield Chart("timing.svg", svg.lines("Milliseconds until the reply", "ms", _PARTS, drawn))
