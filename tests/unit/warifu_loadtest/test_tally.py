"""What was meant is no failure, and what was not is one, however it ended."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from warifu_loadtest.deciding.tally import ANSWERED, End, Tally

ENDS = st.lists(
    st.tuples(
        st.builds(
            End,
            st.sampled_from(["clerk", "auditor"]),
            st.sampled_from(["Inquire", "GetCheckpoint"]),
            st.sampled_from([ANSWERED, "HUB_TIMED_OUT", "ASSESSMENT_NOT_IN_FORCE"]),
            st.booleans(),
        ),
        st.integers(0, 10_000_000),
    ),
    max_size=60,
)


def _tally(ends: list[tuple[End, int]]) -> Tally:
    tally = Tally()
    for end, took_us in ends:
        tally.add(end, took_us, "" if end.reason == ANSWERED else end.reason)
    return tally


@given(ENDS)
def test_every_call_is_counted_once_and_only_what_was_not_meant_as_failed(ends: list[tuple[End, int]]) -> None:
    tally = _tally(ends)
    assert tally.calls == len(ends)
    assert tally.failures == sum(not end.meant for end, _ in ends)
    assert tally.took().count == len(ends)


@given(ENDS, st.integers(0, 60))
def test_the_parts_of_several_processes_make_the_whole(ends: list[tuple[End, int]], cut: int) -> None:
    first, second = _tally(ends[:cut]), _tally(ends[cut:])
    first.merge(Tally.read(second.told()))
    assert [(end, line.took.told()) for end, line in first.lines()] == [
        (end, line.took.told()) for end, line in _tally(ends).lines()
    ]


def test_a_few_samples_are_kept_of_each_end_and_none_twice() -> None:
    tally = Tally()
    for number in range(50):
        tally.add(End("clerk", "Inquire", "HUB_TIMED_OUT", False), 1, f"said {number % 7}")
    (_, line), *_ = tally.lines()
    assert line.samples == ["said 0", "said 1", "said 2"]
