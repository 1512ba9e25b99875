"""A hub under each of the floods that one member can make: honest members are served, and memory comes back.

``make floods`` runs these; what of it is quick and needs no clock stands in ``test_bounds.py``.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

ATTACKS = sorted(
    path.stem for path in (Path(__file__).parent / "attacks").glob("*.py") if "\nCALLER = " in path.read_text("utf-8")
)
_SECONDS = float(os.environ.get("FLOOD_SECONDS", "12"))
_BACK_S = 60.0


def test_there_are_twenty_floods_and_more() -> None:
    assert len(ATTACKS) >= 20


@pytest.mark.floods
@pytest.mark.parametrize("flood", ATTACKS)
async def test_under_a_flood_honest_members_are_served_and_memory_comes_back(
    flooded: Any, honest: Any, flood: str
) -> None:
    calm, during = honest, honest.fresh()
    await calm.for_seconds(4)
    before = flooded.resident.now()
    flooded.resident.begin()
    with flooded.under(flood):
        await during.for_seconds(_SECONDS)
        peak = flooded.resident.peak()
        descriptors = flooded.resident.descriptors()
    ended = time.monotonic()
    while flooded.resident.now() > 1.1 * before and time.monotonic() - ended < _BACK_S:  # noqa: ASYNC110
        await asyncio.sleep(0.25)
    back = time.monotonic() - ended
    print(  # noqa: T201
        f"\nFLOOD {flood:22} rss {before:5.0f} -> {peak:5.0f} MiB (x{peak / before:4.2f}), after {back:4.1f} s"
        f" {flooded.resident.now():5.0f}; p99 {calm.p99() * 1000:6.1f} -> {during.p99() * 1000:7.1f} ms"
        f" (x{during.p99() / calm.p99():5.1f}); calls {len(calm.took)} / {len(during.took)},"
        f" failed {len(during.failed)} {sorted(set(during.failed))[:2]}; descriptors {descriptors}"
    )
    assert during.failed == []
    assert peak <= 1.5 * before
    assert flooded.resident.now() <= 1.5 * before
    assert during.p99() <= 10 * calm.p99()
