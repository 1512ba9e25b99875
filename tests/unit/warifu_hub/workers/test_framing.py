"""What is on the socket between workers and sequencer: any values come back as they were, and nothing else is taken."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu_hub.workers import framing
from warifu_hub.workers.framing import FrameError, Frames, framed, read_values

PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary() | st.text()
VALUES = st.lists(PLAIN | st.lists(PLAIN | st.lists(PLAIN, max_size=3), max_size=3), max_size=8)


@given(VALUES)
def test_values_come_back_as_they_were(values: list[Any]) -> None:
    (back,) = Frames().cut(framed(values))
    assert back == values
    assert [type(each) for each in back] == [type(each) for each in values]


@given(st.lists(VALUES, max_size=4), st.integers(1, 9))
def test_frames_are_the_same_wherever_they_are_cut(messages: list[list[Any]], size: int) -> None:
    sent, frames = b"".join(map(framed, messages)), Frames()
    pieces = [sent[start : start + size] for start in range(0, len(sent), size)]
    assert [values for piece in pieces for values in frames.cut(piece)] == messages


@given(st.binary(max_size=64))
def test_any_bytes_are_values_or_refused_and_nothing_else_happens(body: bytes) -> None:
    try:
        values = read_values(body)
    except FrameError:
        return
    assert framed(values)[4:] == body or framed(values)


@given(VALUES, st.data())
def test_a_frame_that_was_cut_short_is_refused(values: list[Any], data: st.DataObject) -> None:
    body = framed(values)[4:]
    with pytest.raises(FrameError):
        read_values(body[: data.draw(st.integers(0, len(body) - 1))])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"X",
        b"N",
        b"I" + bytes(7),
        b"L" + struct.pack(">I", 2) + b"N",
        b"L" + struct.pack(">I", 1) + b"NN",
        b"L" + struct.pack(">I", 1) + b"S" + struct.pack(">I", 1) + b"\xff",
        b"L" + struct.pack(">I", 2**32 - 1),
        (b"L" + struct.pack(">I", 1)) * 9 + b"N",
    ],
)
def test_what_has_no_such_shape_is_refused(body: bytes) -> None:
    with pytest.raises(FrameError):
        read_values(body)


def test_a_frame_has_a_largest_size_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "LARGEST_FRAME", 100)
    assert list(Frames().cut(framed([bytes(90)])))
    with pytest.raises(FrameError):
        framed([bytes(91)])
    with pytest.raises(FrameError):
        list(Frames().cut(struct.pack(">I", 101)))


def test_what_a_frame_cannot_hold_is_not_sent() -> None:
    for value in (1.5, {"a": 1}, {1}, object()):
        with pytest.raises(FrameError):
            framed([value])  # type: ignore[list-item]
