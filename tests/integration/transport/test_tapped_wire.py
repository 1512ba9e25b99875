"""A tap records every message of every shape of call, on both sides of a party, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.errors import Reason, WarifuError
from warifu_kit.blindness.tap import Direction, Tap, TappingServer, client_taps, read_tap

RECEIVED, SENT = Direction.RECEIVED, Direction.SENT


@pytest.fixture
def tap(tmp_path: Path) -> Iterator[Tap]:
    tap = Tap(tmp_path / "tap")
    yield tap
    tap.close()


@pytest.fixture
def tapped(tmp_path: Path) -> Any:
    """Which messages with a text in them the tap has so far: direction, method, what is on the wire."""

    def read() -> list[tuple[Direction, str, bytes]]:
        records = [(record.direction, record.method, record.message) for record in read_tap(tmp_path / "tap")]
        return [record for record in records if record[2].startswith(b"\n")]

    return read


@pytest.mark.parametrize(
    ("shape", "asked", "answered"),
    [
        ("Echo", ["hello"], ["hello"]),
        ("Yield", ["hello"], ["hello", "end"]),
        ("Write", ["hello"], ["hello", "end"]),
        ("Collect", ["a", "b"], ["a,b"]),
        ("Talk", ["a", "b"], ["a", "b"]),
    ],
)
async def test_a_server_under_a_tap_answers_as_ever_and_every_message_is_recorded(
    wire: Any, tap: Tap, tapped: Any, shape: str, asked: list[str], answered: list[str]
) -> None:
    stub = wire.connect(await wire.serve(extra_interceptors=[TappingServer(tap)]))
    assert await stub.call(shape, *asked) == answered
    method = f"/test.Probe/{shape}"
    assert sorted(tapped()) == sorted(
        [(RECEIVED, method, wire.text(text).SerializeToString()) for text in asked]
        + [(SENT, method, wire.text(text).SerializeToString()) for text in answered]
    )


async def test_a_server_under_a_tap_records_what_it_refuses(wire: Any, tap: Tap, tapped: Any) -> None:
    stub = wire.connect(await wire.serve(extra_interceptors=[TappingServer(tap)]))
    assert (await stub.refused("Echo", b"\n\xff")).reason is Reason.REQUEST_MALFORMED
    assert tapped() == [(RECEIVED, "/test.Probe/Echo", b"\n\xff")]


async def test_metadata_that_comes_with_a_call_is_recorded(wire: Any, tap: Tap, tmp_path: Path) -> None:
    stub = wire.connect(await wire.serve(extra_interceptors=[TappingServer(tap)]))
    echo = stub._to.unary_unary("/test.Probe/Echo")
    await echo(wire.text("hello").SerializeToString(), metadata=[("note-bin", b"\x01\x02"), ("note", "aloud")])
    recorded = b"".join(record.message for record in read_tap(tmp_path / "tap"))
    assert b"note-bin: \x01\x02" in recorded
    assert b"note: aloud" in recorded


async def test_an_rpc_that_is_not_served_stays_unserved(wire: Any, tap: Tap) -> None:
    stub = wire.connect(await wire.serve(extra_interceptors=[TappingServer(tap)]))
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await stub.raw("/test.Probe/Nothing", b"")
    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("shape", ["Echo", "Talk"])
async def test_a_client_under_a_tap_gets_its_answers_and_every_message_is_recorded(
    wire: Any, tap: Tap, tapped: Any, shape: str
) -> None:
    stub = wire.connect(await wire.serve(), interceptors=client_taps(tap))
    assert await stub.call(shape, "hello") == ["hello"]
    hello = wire.text("hello").SerializeToString()
    assert tapped() == [(SENT, f"/test.Probe/{shape}", hello), (RECEIVED, f"/test.Probe/{shape}", hello)]


async def test_a_stream_that_is_written_to_call_by_call_is_recorded(wire: Any, tap: Tap, tapped: Any) -> None:
    stub = wire.connect(await wire.serve(), interceptors=client_taps(tap))
    stream = stub.talk()
    for text in ("a", "b"):
        await stream.write(wire.text(text))
        assert (await anext(aiter(stream))).value == text
    await stream.done_writing()
    assert [record async for record in stream] == []
    assert [direction for direction, *_ in tapped()] == [SENT, RECEIVED, SENT, RECEIVED]


@pytest.mark.parametrize("shape", ["Echo", "Talk"])
async def test_how_a_called_party_ends_a_call_is_recorded_and_still_reported(
    wire: Any, tap: Tap, tmp_path: Path, shape: str
) -> None:
    def refuse(*_: object) -> None:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="a field")

    wire.probe.act = refuse
    stub = wire.connect(await wire.serve(), interceptors=client_taps(tap))
    assert (await stub.refused(shape, "hello")).where == "a field"
    last = list(read_tap(tmp_path / "tap"))[-1]
    assert last.direction is RECEIVED
    assert b"a field" in last.message


def test_a_record_that_was_cut_off_is_left_out(tap: Tap, tmp_path: Path) -> None:
    tap.record(RECEIVED, "/test.Probe/Echo", b"whole")
    tap.record(SENT, "/test.Probe/Echo", b"cut off")
    content = (tmp_path / "tap").read_bytes()
    for end in range(len(content)):
        (tmp_path / "torn").write_bytes(content[:end])
        assert [record.message for record in read_tap(tmp_path / "torn")] in ([], [b"whole"])
    assert [record.message for record in read_tap(tmp_path / "tap")] == [b"whole", b"cut off"]


def test_a_record_never_prints_its_message(tap: Tap, tmp_path: Path) -> None:
    tap.record(RECEIVED, "/test.Probe/Echo", b"kept quiet")
    assert "kept quiet" not in repr(list(read_tap(tmp_path / "tap")))
