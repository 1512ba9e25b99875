"""What is asked of the network, and when: each shape a file, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from warifu_loadtest.shapes.saturation import Saturation
from warifu_loadtest.shapes.shape import Asked, Shape
from warifu_loadtest.shapes.stairs import Stairs
from warifu_loadtest.shapes.steady import Steady
from warifu_loadtest.shapes.tax_season import TaxSeason

__all__ = ["SHAPES", "Asked", "Saturation", "Shape"]

SHAPES: Mapping[str, Callable[[Asked], Shape]] = {
    "steady": Steady,
    "stairs": Stairs,
    "tax-season": TaxSeason,
    "saturation": Saturation,
}
"""Every shape by the name that people type."""
