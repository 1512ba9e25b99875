from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from warifu.clock import ManualClock, SystemClock

NOON = datetime(2025, 4, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def test_the_system_clock_tells_utc_and_agrees_with_itself() -> None:
    clock = SystemClock()
    before, now, after = clock.unix_ms(), clock.now(), clock.unix_ms()
    assert now.utcoffset() == timedelta(0)
    assert before <= int(now.timestamp() * 1000) <= after


def test_a_manual_clock_stands_still_until_told() -> None:
    clock = ManualClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(seconds=90))
    assert clock.now() - NOON == timedelta(seconds=90)
    clock.advance(timedelta(seconds=-120))
    assert clock.now() < NOON


def test_milliseconds_are_whole_and_cut_down() -> None:
    assert ManualClock(NOON).unix_ms() == 1_743_508_800_123
    assert ManualClock(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)).unix_ms() == -1000


def test_a_manual_clock_is_set_from_any_zone_and_answers_in_utc() -> None:
    clock = ManualClock(NOON)
    clock.set(datetime(2025, 4, 1, 9, 0, tzinfo=timezone(timedelta(hours=9))))
    assert clock.now().isoformat() == "2025-04-01T00:00:00+00:00"


def test_a_time_without_a_zone_is_refused() -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(naive)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(NOON).set(naive)
