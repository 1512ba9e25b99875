"""Lines over two axes, as SVG that stands in a page by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Line", "bar", "chart"]

_COLOURS = (
    "#0969da",
    "#bc4c00",
    "#1a7f37",
    "#8250df",
    "#bf3989",
    "#57606a",
    "#9a6700",
    "#0550ae",
    "#a40e26",
    "#116329",
)
_WIDE, _HIGH, _LEFT, _BELOW, _ABOVE = 760, 260, 62, 40, 12
_LEGEND = 16


@dataclass(slots=True)
class Line:
    """A name, and points across and up."""

    name: str
    points: list[tuple[float, float]]


def chart(lines: Sequence[Line], *, across: str, up: str, marks: Sequence[str] = (), logarithmic: bool = False) -> str:
    """The lines in one picture, empty where there is no point. ``marks`` name the places 0, 1, … across."""
    points = [point for line in lines for point in line.points]
    if not points:
        return ""
    axes = _Axes(points, logarithmic)
    high = _HIGH + _LEGEND * len(lines)
    parts = [axes.grid(marks), *(_drawn(line, axes, place) for place, line in enumerate(lines))]
    words = (
        f'<text x="{_WIDE - 4}" y="{_HIGH - 6}" text-anchor="end">{escape(across)}</text>'
        f'<text x="4" y="{_ABOVE + 4}">{escape(up)}</text>'
    )
    return f'<svg viewBox="0 0 {_WIDE} {high}" role="img">{"".join(parts)}{words}</svg>'


def bar(pieces: Sequence[tuple[str, float]], *, unit: str) -> str:
    """Pieces of a whole in one row, each with its name and size below; empty where there is none."""
    whole = sum(size for _, size in pieces)
    if not whole:
        return ""
    parts, at = [], 0.0
    for place, (name, size) in enumerate(pieces):
        colour, wide, y = _COLOURS[place % len(_COLOURS)], size / whole * _WIDE, 44 + _LEGEND * place
        parts.append(f'<rect x="{at:.1f}" y="4" width="{wide:.1f}" height="24" fill="{colour}"/>')
        parts.append(f'<rect x="0" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="16" y="{y}">{escape(name)}: {size:,.2f} {escape(unit)}</text>')
        at += wide
    return f'<svg viewBox="0 0 {_WIDE} {44 + _LEGEND * len(pieces)}" role="img">{"".join(parts)}</svg>'


class _Axes:
    def __init__(self, points: Sequence[tuple[float, float]], logarithmic: bool) -> None:
        self._log = logarithmic
        self._left = min(x for x, _ in points)
        right = max(x for x, _ in points)
        self._right = right if right > self._left else self._left + 1
        ups = [self._scaled(y) for _, y in points]
        self._low = math.floor(min(ups)) if logarithmic else 0.0
        top = math.ceil(max(ups)) if logarithmic else max(ups) * 1.05
        self._top = top if top > self._low else self._low + 1

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is in the picture."""
        share_x = (x - self._left) / (self._right - self._left)
        share_y = (self._scaled(y) - self._low) / (self._top - self._low)
        return (
            _LEFT + share_x * (_WIDE - _LEFT - 12),
            _HIGH - _BELOW - share_y * (_HIGH - _BELOW - _ABOVE),
        )

    def grid(self, marks: Sequence[str]) -> str:
        """Lines across with their values, and what stands below."""
        parts = []
        for value in self._values():
            _, y = self.at(self._left, value)
            parts.append(f'<line x1="{_LEFT}" x2="{_WIDE - 12}" y1="{y:.1f}" y2="{y:.1f}" stroke="#8884"/>')
            parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,.6g}</text>')
        below: list[tuple[float, str]] = [*enumerate(marks)] or [(x, f"{x:,.0f}") for x in self._places()]
        for place, text in below:
            x, _ = self.at(place, self._values()[0])
            parts.append(f'<text x="{x:.1f}" y="{_HIGH - _BELOW + 16}" text-anchor="middle">{escape(text)}</text>')
        return "".join(parts)

    def _values(self) -> list[float]:
        if self._log:
            return [10.0**power for power in range(int(self._low), int(self._top) + 1)]
        return [self._top * step / 5 for step in range(6)]

    def _places(self) -> list[float]:
        return [self._left + (self._right - self._left) * step / 6 for step in range(7)]

    def _scaled(self, value: float) -> float:
        return math.log10(max(value, 0.01)) if self._log else value


def _drawn(line: Line, axes: _Axes, place: int) -> str:
    colour = _COLOURS[place % len(_COLOURS)]
    placed = " ".join(f"{x:.1f},{y:.1f}" for x, y in (axes.at(*point) for point in line.points))
    y = _HIGH + _LEGEND * place + 4
    return (
        f'<polyline points="{placed}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
        f'<rect x="{_LEFT}" y="{y - 3}" width="14" height="3" fill="{colour}"/>'
        f'<text x="{_LEFT + 20}" y="{y + 3}">{escape(line.name)}</text>'
    )
