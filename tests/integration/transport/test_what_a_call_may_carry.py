"""Messages, errors, deadlines and log lines at the edge. ``wire`` is a hub's server; see the conftest beside this file."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import grpc
import pytest

from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu.pki import Role
from warifu.rpc import logging
from warifu.rpc.deadline import pass_on, remaining
from warifu.rpc.status import from_rpc_error

MIB = 1024 * 1024
SHAPES = ["Echo", "Yield", "Write", "Collect", "Talk"]
MALFORMED = b"\x0a\x05\xff"  # a field of five bytes of which one came
CANARY = "canary-4d61726b"


@pytest.mark.parametrize(
    ("shape", "answer"),
    [("Echo", ["a"]), ("Yield", ["a", "end"]), ("Write", ["a", "end"]), ("Collect", ["a,b"]), ("Talk", ["a", "b"])],
)
async def test_an_rpc_of_any_shape_is_answered(wire: Any, shape: str, answer: list[str]) -> None:
    stub = wire.connect(await wire.serve())
    assert await stub.call(shape, "a", "b") == answer


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_message_that_does_not_parse_is_refused_before_the_servicer_sees_it(wire: Any, shape: str) -> None:
    refused = await wire.connect(await wire.serve()).refused(shape, MALFORMED)
    assert (refused.reason, refused.where) == (Reason.REQUEST_MALFORMED, "request")
    assert wire.probe.seen == []


@pytest.mark.parametrize("shape", ["Collect", "Talk"])
async def test_one_bad_message_ends_its_stream_and_the_good_ones_before_it_count(wire: Any, shape: str) -> None:
    refused = await wire.connect(await wire.serve()).refused(shape, "a", MALFORMED, "b")
    assert refused.reason is Reason.REQUEST_MALFORMED
    assert [text for _, text in wire.probe.seen] == ["a"]


@pytest.mark.parametrize("shape", SHAPES)
async def test_five_mebibytes_are_refused_by_name(wire: Any, shape: str) -> None:
    refused = await wire.connect(await wire.serve()).refused(shape, "x" * (5 * MIB))
    assert (refused.reason, refused.where) == (Reason.REQUEST_TOO_LARGE, "request")
    assert wire.probe.seen == []


async def test_nine_mebibytes_are_refused_by_grpc_and_read_as_the_same_reason(wire: Any) -> None:
    stub = wire.connect(await wire.serve())
    refused = await stub.refused("Echo", "x" * (9 * MIB))
    assert (refused.reason, refused.where) == (Reason.REQUEST_TOO_LARGE, "")
    assert await stub.call("Echo", "a") == ["a"]


async def test_an_answer_of_nine_mebibytes_is_not_taken_by_the_client(wire: Any) -> None:
    wire.probe.act = lambda text, context: "x" * (9 * MIB)
    refused = await wire.connect(await wire.serve()).refused()
    assert (refused.reason, refused.definite) == (Reason.INTERNAL, False), "what it answers was done"


async def test_four_mebibytes_are_carried(wire: Any) -> None:
    text = "x" * (4 * MIB - 100)
    assert await wire.connect(await wire.serve()).call("Echo", text) == [text]


@pytest.mark.parametrize("reason", Reason)
async def test_every_reason_reaches_the_caller_as_it_was_raised(wire: Any, reason: Reason) -> None:
    def refuse(text: str, context: Any) -> str:
        raise WarifuError(reason, where="inquiry.item_code", debug="for the log here")

    wire.probe.act = refuse
    stub = wire.connect(await wire.serve())
    refused = await stub.refused()
    assert (refused.reason, refused.where, refused.debug) == (reason, "inquiry.item_code", "")
    assert refused.definite == CATALOGUE[reason].definite
    (line,) = wire.logged()
    assert (line["event"], line["reason"], line["debug"]) == ("call_refused", reason.value, "for the log here")


@pytest.mark.parametrize("shape", SHAPES)
async def test_an_unforeseen_error_tells_neither_caller_nor_log_what_it_said(wire: Any, shape: str) -> None:
    def fail(text: str, context: Any) -> str:
        raise ValueError(CANARY, text)

    wire.probe.act = fail
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await wire.connect(await wire.serve()).call(shape, CANARY)
    told = from_rpc_error(failed.value, default={})
    assert (told.reason, told.where) == (Reason.INTERNAL, "")
    assert failed.value.details() == CATALOGUE[Reason.INTERNAL].public_text
    assert CANARY not in repr(failed.value)
    (line,) = wire.logged()
    assert (line["event"], line["level"], line["error"]) == ("call_failed", "error", "ValueError")
    assert "test_what_a_call_may_carry.py" in line["at"]
    assert CANARY not in wire.log.getvalue()


async def test_an_answer_that_cannot_be_written_is_an_unforeseen_error_too(wire: Any) -> None:
    wire.probe.act = lambda text, context: 17
    assert (await wire.connect(await wire.serve()).refused()).reason is Reason.INTERNAL
    assert wire.logged()[-1]["error"] == "TypeError"


async def test_an_rpc_that_is_not_served_says_so(wire: Any) -> None:
    stub = wire.connect(await wire.serve())
    for path in ("/test.Probe/Unwritten", "/test.Probe/Nothing", "/test.Nothing/Echo"):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.raw(path, b"")
        assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_no_log_line_ever_holds_what_a_message_holds(wire: Any) -> None:
    stub = wire.connect(await wire.serve())
    for shape in SHAPES:
        await stub.call(shape, CANARY)
        await stub.refused(shape, CANARY.encode())
        await stub.refused(shape, CANARY * 400_000)
    log = wire.log.getvalue()
    for form in (CANARY, CANARY.encode().hex(), base64.b64encode(CANARY.encode()).decode()[:-2]):
        assert form not in log
    assert len(wire.logged()) == 3 * len(SHAPES)


async def test_a_log_line_says_who_called_what_for_how_long_and_under_which_request_id(wire: Any) -> None:
    def bind(text: str, context: Any) -> str:
        logging.bind(request_id=text)
        return text

    wire.probe.act = bind
    stub = wire.connect(await wire.serve())
    await stub.call("Echo", "r-1")
    await stub.call("Yield", "r-2")
    await stub.refused("Echo", MALFORMED)
    lines = wire.logged()
    assert [line.pop("request_id", None) for line in lines] == ["r-1", "r-2", None]
    assert all(line.pop("ms") >= 0 and line.pop("time") for line in lines)
    assert lines[0] == {
        "event": "call_answered",
        "level": "info",
        "party": f"hub/{wire.hub.identity.institution}",
        "method": "/test.Probe/Echo",
        "caller": wire.identity(Role.AGENCY, 1).institution,
        "role": "agency",
    }
    assert (lines[2]["event"], lines[2]["reason"], lines[2]["where"]) == (
        "call_refused",
        "REQUEST_MALFORMED",
        "request",
    )


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_call_that_is_cancelled_stays_cancelled(wire: Any, shape: str) -> None:
    running, ended = asyncio.Event(), asyncio.Event()

    async def wait(text: str, context: Any) -> str:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return text

    wire.probe.act = wait
    call = asyncio.ensure_future(wire.connect(await wire.serve()).call(shape, "a"))
    await running.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.wait_for(ended.wait(), 5)
    await wire.until(wire.logged)
    assert [line["event"] for line in wire.logged()] == ["call_cancelled"]


async def test_a_servicer_knows_how_much_time_is_left_and_passes_on_less(wire: Any) -> None:
    left: list[float | None] = []

    def note(text: str, context: Any) -> str:
        left.append(remaining(context))
        return text

    wire.probe.act = note
    stub = wire.connect(await wire.serve())
    await stub.call("Echo", "a", timeout=5)
    await stub.call("Echo", "a", timeout=None)
    assert left[0] is not None
    assert 4 < left[0] <= 5.1
    assert left[1] is None


async def test_too_little_time_is_refused_by_name_and_a_late_answer_is_a_timeout(wire: Any) -> None:
    wire.probe.act = lambda text, context: str(pass_on(remaining(context), margin=60))
    stub = wire.connect(await wire.serve())
    assert (await stub.refused()).reason is Reason.DEADLINE_TOO_SHORT

    async def never(text: str, context: Any) -> str:
        await asyncio.Event().wait()
        return text

    wire.probe.act = never
    with pytest.raises(grpc.aio.AioRpcError) as late:
        await stub.call("Echo", "a", timeout=0.05)
    told = from_rpc_error(late.value, default={grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT})
    assert told.reason is Reason.HUB_TIMED_OUT


async def test_an_interceptor_sees_the_bytes_of_both_sides(wire: Any) -> None:
    seen: list[bytes] = []

    class Recorder(grpc.aio.ServerInterceptor):
        async def intercept_service(self, continuation: Any, details: Any) -> Any:
            inner = (await continuation(details)).stream_unary  # to gRPC: the edge reads when it has let a call in

            def received(request: bytes) -> bytes:
                seen.append(request)
                return request

            def sent(reply: bytes) -> bytes:
                seen.append(reply)
                return reply

            return grpc.stream_unary_rpc_method_handler(inner, received, sent)

    wire.probe.act = lambda text, context: text.upper()
    target = await wire.serve(extra_interceptors=[Recorder()])
    assert await wire.connect(target).call("Echo", "a") == ["A"]
    assert seen == [b"\x0a\x01a", b"\x0a\x01A"]


async def test_every_log_line_is_json(wire: Any) -> None:
    await wire.connect(await wire.serve()).call("Echo", "a")
    assert all(json.loads(line)["party"] for line in wire.log.getvalue().splitlines())
