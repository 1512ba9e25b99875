"""Calls on a shared stream are told to a recorder each as the call that it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from warifu.errors import Reason
from warifu_kit.faults.rpcs import every_rpc
from warifu_kit.recording.order import Order, Recorder, take_back, write_order
from warifu_kit.recording.recorded import SERVED, Beginning
from warifu_kit.recording.recording_file import begin_file, read_recording
from warifu_kit.recording.wire.together import NotedStream

RPC = every_rpc()["AgencyService.ProvideStream"]
BEGINNING = Beginning(network="sim", party="tax", role="agency", institution_code="1" * 16, version="1.0", began=0.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    begin_file(tmp_path / "tax.jsonl", BEGINNING)
    write_order(tmp_path, Order(tmp_path / "tax.jsonl", 0.0))
    return tmp_path / "tax.jsonl"


@pytest.fixture
def stream(tmp_path: Path) -> NotedStream:
    return NotedStream(RPC, Recorder("tax", "agency", tmp_path), SERVED, "hub")


def asked(*numbers: int) -> Any:
    message = RPC.request()
    for number in numbers:
        message.calls.add(call_number=number, timeout_ms=1000)
    return message


def answered(number: int, failure: str = "") -> Any:
    message = RPC.reply()
    reply = message.replies.add(call_number=number)
    if failure:
        reply.failure.reason = failure
    else:
        reply.response.SetInParent()
    return message


def ends(file: Path) -> list[tuple[str, str, str]]:
    return [(each.rpc, each.status, each.reason) for each in read_recording(file).calls.values()]


def test_each_call_ends_by_itself_and_with_the_stream_at_the_latest(file: Path, stream: NotedStream) -> None:
    stream.asked(asked(1, 2, 3).SerializeToString())  # as a server reads it
    stream.asked(asked(4))
    stream.reply(answered(2, Reason.OVERLOADED.value))
    stream.reply(answered(1).SerializeToString())
    stream.reply(answered(3, "OF_A_LATER_VERSION"))
    stream.reply(b"\xff")
    stream.over()
    provide = "AgencyService.Provide"
    assert sorted(ends(file)) == [
        (provide, "CANCELLED", ""),
        (provide, "OK", ""),
        (provide, "RESOURCE_EXHAUSTED", Reason.OVERLOADED.value),
        (provide, "UNKNOWN", "OF_A_LATER_VERSION"),
    ]


def test_a_recording_begins_and_ends_in_the_middle_of_a_stream(file: Path, stream: NotedStream, tmp_path: Path) -> None:
    take_back(tmp_path)
    stream.asked(asked(1))
    write_order(tmp_path, Order(file, 0.0))
    stream.reply(answered(1))
    stream.asked(asked(2, 3))
    stream.reply(answered(2))
    take_back(tmp_path)
    stream.reply(answered(3))
    assert ends(file) == [("AgencyService.Provide", "OK", "")]
