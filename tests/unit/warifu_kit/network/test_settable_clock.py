"""A clock in a file: all who have it are told at once, and the time runs on from where it was set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu_kit.network.settable_clock import FARTHEST, SettableClock, make_clock_file

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def real() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    make_clock_file(tmp_path / "clock")
    return tmp_path / "clock"


def test_nobody_set_it_and_it_goes_by_the_machines(path: Path, real: ManualClock) -> None:
    clock = SettableClock(path, real)
    assert (clock.now(), clock.unix_ms()) == (real.now(), real.unix_ms())


def test_whoever_has_it_open_is_told_at_once(path: Path, real: ManualClock) -> None:
    party, test = SettableClock(path, real), SettableClock(path, real)
    test.set(datetime(2025, 1, 1, tzinfo=UTC))
    assert party.now() == datetime(2025, 1, 1, tzinfo=UTC)
    assert party.unix_ms() == int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)


def test_the_time_runs_on_from_where_it_was_set(path: Path, real: ManualClock) -> None:
    clock = SettableClock(path, real)
    clock.set(datetime(2027, 1, 1, tzinfo=UTC))
    real.advance(timedelta(seconds=90))
    assert clock.now() == datetime(2027, 1, 1, 0, 1, 30, tzinfo=UTC)


def test_it_is_moved_by_what_is_said_and_set_back(path: Path, real: ManualClock) -> None:
    clock = SettableClock(path, real)
    clock.advance(timedelta(days=30))
    clock.advance(timedelta(days=-40))
    assert clock.offset == timedelta(days=-10)
    clock.reset()
    assert clock.now() == NOON


@pytest.mark.parametrize("by", [FARTHEST + timedelta(days=1), -FARTHEST - timedelta(days=1)])
def test_it_goes_no_farther_than_certificates_are_good(path: Path, real: ManualClock, by: timedelta) -> None:
    with pytest.raises(ValueError, match="at most 1460 days"):
        SettableClock(path, real).advance(by)


def test_a_time_without_a_zone_is_none(path: Path, real: ManualClock) -> None:
    with pytest.raises(ValueError, match="aware"):
        SettableClock(path, real).set(datetime(2026, 6, 1))  # noqa: DTZ001  # that is the point


@pytest.mark.parametrize("content", [None, b"", b"1234567"])
def test_a_file_that_is_no_clock_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "clock").write_bytes(content)
    with pytest.raises(WarifuError) as refused:
        SettableClock(tmp_path / "clock")
    assert refused.value.reason is Reason.FILE_INVALID
