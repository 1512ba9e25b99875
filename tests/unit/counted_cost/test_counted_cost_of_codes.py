"""What converting and opening codes that are issued costs, counted, by the code and by the proof of fifty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CONVERTED = {"multiply": (6, 2), "base_multiply": (2, 1), "add": (4, 0), "subtract": (0, 1)}
OPENED = {"multiply": (5, 3), "base_multiply": (2, 1), "add": (2, 0), "subtract": (3, 2)}
"""Each code, and each proof, which is about fifty of them."""


@pytest.mark.parametrize("count", [1, 50])
def test_a_code_that_is_issued_costs_what_is_written_here(issuing: Callable[[int], Any], count: int) -> None:
    converted, opened = issuing(count)
    assert converted == {kind: each * count + shared for kind, (each, shared) in CONVERTED.items()}
    assert opened == {kind: each * count + shared for kind, (each, shared) in OPENED.items()}
