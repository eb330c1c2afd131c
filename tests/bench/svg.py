"""Charts as SVG: bars of pairs, and lines over steps. Readable in light and dark, and by those who see nothing."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

_WIDTH, _LEFT, _RIGHT, _TOP = 760, 170, 190, 44
_BAR, _GAP = 14, 12
_PLOT_HEIGHT = 220
# Told apart by those who see no colours, too: by lightness in bars, by their strokes in lines.
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.a { fill: #0b5cad; stroke: #0b5cad } .b { fill: #9aa4af; stroke: #9aa4af } .c { fill: #b3541e; stroke: #b3541e }
rect { stroke-width: 0 } polyline { fill: none; stroke-width: 2.5 }
.b polyline { stroke-dasharray: 7 4 } .c polyline { stroke-dasharray: 2 4 }
.axis { stroke: #8c959f; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .a { fill: #58a6ff; stroke: #58a6ff } .b { fill: #6e7781; stroke: #6e7781 } .c { fill: #f0883e; stroke: #f0883e }
}
.a text, .b text, .c text { stroke: none }
"""
_KINDS = "abc"


class Pair(NamedTuple):
    """Two bars: ours, and what stands beside it. `label` says what of."""

    label: str
    ours: float
    beside: float
    yardstick: str


class Line(NamedTuple):
    """A value for each step."""

    label: str
    values: Sequence[float]


def bars(title: str, unit: str, pairs: Sequence[Pair]) -> str:
    """Each pair with its numbers; all on one scale."""
    told = "; ".join(
        f"{pair.label}: {short(pair.ours)}, {pair.yardstick}: {short(pair.beside)} {unit}" for pair in pairs
    )
    height = _TOP + len(pairs) * (2 * _BAR + _GAP)
    root = _root(title, told, height)
    scale = (_WIDTH - _LEFT - _RIGHT) / max(max(pair.ours, pair.beside) for pair in pairs)
    for number, pair in enumerate(pairs):
        top = _TOP + number * (2 * _BAR + _GAP)
        _text(root, _LEFT - 8, top + _BAR + 4, pair.label, anchor="end")
        for place, (value, name) in enumerate(((pair.ours, "bridge"), (pair.beside, pair.yardstick))):
            group = SubElement(root, "g", {"class": _KINDS[place]})
            y = top + place * _BAR
            shape = {"x": _number(_LEFT), "y": _number(y), "width": _number(value * scale), "height": _number(_BAR - 1)}
            SubElement(group, "rect", shape)
            _text(group, _LEFT + value * scale + 5, y + _BAR - 3, f"{short(value)} {name if place else ''}".strip())
    return _written(root)


def lines(title: str, unit: str, steps: Sequence[str], drawn: Sequence[Line]) -> str:
    """The values over the steps, which stand evenly; the scale begins at 0."""
    told = "; ".join(f"{line.label}: {_told(line.values, unit, steps)}" for line in drawn)
    root = _root(title, told, _TOP + _PLOT_HEIGHT + 34)
    left, right, bottom = 60, _WIDTH - 170, _TOP + _PLOT_HEIGHT
    top_value = max(max(line.values) for line in drawn)
    across = [left + (right - left) * number / max(1, len(steps) - 1) for number in range(len(steps))]
    for value in (0.0, top_value / 2, top_value):
        y = bottom - _PLOT_HEIGHT * value / top_value
        ends = {"x1": _number(left), "x2": _number(right), "y1": _number(y), "y2": _number(y)}
        SubElement(root, "line", {"class": "axis", **ends})
        _text(root, left - 6, y + 4, short(value), anchor="end")
    for x, step in zip(across, steps, strict=True):
        _text(root, x, bottom + 20, step, anchor="middle")
    heights = _apart([bottom - _PLOT_HEIGHT * line.values[-1] / top_value for line in drawn])
    for kind, line, label_at in zip(_KINDS, drawn, heights, strict=False):
        group = SubElement(root, "g", {"class": kind})
        ys = [bottom - _PLOT_HEIGHT * value / top_value for value in line.values]
        places = " ".join(f"{_number(x)},{_number(y)}" for x, y in zip(across, ys, strict=False))
        SubElement(group, "polyline", {"points": places})
        sample = f"{_number(right + 8)},{_number(label_at)} {_number(right + 34)},{_number(label_at)}"
        SubElement(group, "polyline", {"points": sample})
        _text(group, right + 40, label_at + 4, line.label)
    return _written(root)


def short(value: float) -> str:
    """Three figures, thousands apart."""
    return f"{value:,.0f}" if value >= 100 or value == 0 else f"{value:.3g}"


def _root(title: str, told: str, height: float) -> Element:
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH} {_number(height)}",
            "role": "img",
            "aria-labelledby": "title desc",
        },
    )
    SubElement(root, "title", {"id": "title"}).text = title
    SubElement(root, "desc", {"id": "desc"}).text = told
    SubElement(root, "style").text = _STYLE
    _text(root, 8, 22, title).set("class", "title")
    return root


def _text(parent: Element, x: float, y: float, text: str, anchor: str = "start") -> Element:
    element = SubElement(parent, "text", {"x": _number(x), "y": _number(y), "text-anchor": anchor})
    element.text = text
    return element


def _told(values: Sequence[float], unit: str, steps: Sequence[str]) -> str:
    return ", ".join(f"{short(value)} {unit} at {step}" for value, step in zip(values, steps, strict=True))


def _apart(heights: Sequence[float]) -> list[float]:
    """The same order, and none so near to another that one could not be read."""
    found, last = [0.0] * len(heights), float("-inf")
    for number in sorted(range(len(heights)), key=heights.__getitem__):
        last = found[number] = max(heights[number], last + 16)
    return found


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _written(root: Element) -> str:
    indent(root)
    return tostring(root, "unicode") + "\n"
