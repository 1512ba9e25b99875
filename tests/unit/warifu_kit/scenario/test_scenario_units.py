"""Values with their units."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu_kit.scenario.file.units import Bound, length, length_text, length_typed, rate, share, time_of_day


@pytest.mark.parametrize(
    ("text", "seconds"), [("50ms", 0.05), ("1.5 s", 1.5), ("2m", 120), ("2min", 120), ("2h", 7200), ("1d", 86400)]
)
def test_a_length_is_in_seconds(text: str, seconds: float) -> None:
    assert length(text) == pytest.approx(seconds)


@pytest.mark.parametrize(("text", "a_second"), [("30/s", 30), ("3600/h", 1), ("31536000/y", 1), ("2 / m", 2 / 60)])
def test_a_rate_is_a_number_a_second(text: str, a_second: float) -> None:
    assert rate(text) == pytest.approx(a_second)


@pytest.mark.parametrize("text", ["50", "50 msec", "-1s", "1e3s", "", "s", "1 s 2", "１s", "1\ns"])
def test_what_has_no_unit_or_another_is_no_length(text: str) -> None:
    with pytest.raises(ValueError, match="unit"):
        length(text)


@pytest.mark.parametrize("text", ["101%", "5", "0.05", "5 percent", "-1%"])
def test_a_share_is_from_0_to_100_percent(text: str) -> None:
    with pytest.raises(ValueError, match="share"):
        share(text)


@pytest.mark.parametrize("text", ["25:00", "24:01", "8:30", "08:60", "8"])
def test_a_time_of_day_is_one(text: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        time_of_day(text)


@given(st.integers(0, 10**9), st.sampled_from(["us", "ms", "s", "m", "min", "h", "d", "y"]))
def test_more_of_a_unit_is_longer(count: int, unit: str) -> None:
    assert length(f"{count + 1}{unit}") > length(f"{count}{unit}") >= 0


@given(st.text(max_size=20))
def test_any_text_is_a_value_or_told_in_words(text: str) -> None:
    for parse in (length, rate, share, time_of_day):
        with suppress(ValueError):  # nothing else
            assert parse(text) >= 0


@pytest.mark.parametrize(
    ("text", "kept", "broken"), [("<= 500ms", 0.5, 0.51), ("> 1s", 1.01, 1.0), ("== 0s", 0.0, 0.1), (">= 2 s", 2, 1.9)]
)
def test_a_bound_is_kept_or_not(text: str, kept: float, broken: float) -> None:
    bound = Bound.parse(text, length)
    assert (bound.holds(kept), bound.holds(broken)) == (True, False)


@pytest.mark.parametrize("text", ["500ms", "=< 1s", "<=", "<= 5", "~ 1s"])
def test_a_bound_without_comparison_or_unit_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="should be"):
        Bound.parse(text, length)


@given(st.floats(1e-5, 1e8))
def test_a_length_for_people_has_a_unit(seconds: float) -> None:
    assert length_text(seconds).split()[1] in {"ms", "s", "min", "h", "d"}


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0183, "18.3 ms"),
        (0.9999, "1 s"),
        (2.5, "2.5 s"),
        (59.9, "59.9 s"),
        (59.96, "1 min"),
        (76.8, "1 min 17 s"),
        (600, "10 min"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
        (84_960, "23 h 36 min"),
        (86_369, "23 h 59 min"),
        (86_399, "1 d"),
        (86_400, "1 d"),
        (129_600, "1 d 12 h"),
    ],
)
def test_a_length_for_people_has_whole_minutes_and_no_sixty_of_anything(seconds: float, told: str) -> None:
    assert length_text(seconds) == told


@pytest.mark.parametrize("text", ["250ms", "1s", "90s", "3600s"])
def test_a_length_as_typed_is_read_as_what_it_was(text: str) -> None:
    assert length_typed(length(text)) == text
