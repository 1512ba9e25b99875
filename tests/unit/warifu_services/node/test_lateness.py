"""When a permit was held back: by how late it came, of the time in which the hub could have brought it."""

from __future__ import annotations

import pytest

from warifu_services.node.lateness import HELD_BACK_AFTER, held_back_s

BOUND_MS = int(HELD_BACK_AFTER.total_seconds() * 1000)


def test_the_bound_is_more_than_two_clocks_may_differ_by_and_a_permit_may_be_rounded() -> None:
    assert HELD_BACK_AFTER.total_seconds() == 240


@pytest.mark.parametrize(
    ("late_ms", "found"),
    [(-BOUND_MS, None), (0, None), (BOUND_MS, None), (BOUND_MS + 1, 240), (BOUND_MS + 5_000, 245)],
)
def test_what_is_later_than_the_bound_was_held_back(late_ms: int, found: int | None) -> None:
    assert held_back_s(1_000_000, 1_000_000 + late_ms, 0) == found


@pytest.mark.parametrize(("since_ms", "found"), [(None, None), (1_000_001, None), (1_000_000, 340), (999_999, 340)])
def test_only_the_time_in_contact_counts(since_ms: int | None, found: int | None) -> None:
    assert held_back_s(900_000, 1_000_001 + BOUND_MS, since_ms) == found
