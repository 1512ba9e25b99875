from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # ships its types without saying so

from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu.rpc.call_failure import error_of, failure_message
from warifu.rpc.status import (
    DOMAIN,
    UnparsedReplyError,
    from_rpc_error,
    parsed,
    to_grpc_status,
    to_status,
    translated,
)

HUB = {
    grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT,
}


class FailedCall(grpc.RpcError):
    """A failed call, as both kinds of channel raise it."""

    def __init__(self, code: grpc.StatusCode, details: str = "", trailing: Any = ()) -> None:
        self._parts = (code, details, trailing)

    def code(self) -> grpc.StatusCode:
        return self._parts[0]

    def details(self) -> str:
        return self._parts[1]

    def trailing_metadata(self) -> Any:
        return self._parts[2]


def as_received(error: WarifuError) -> FailedCall:
    status: Any = to_grpc_status(error)
    return FailedCall(status.code, status.details, status.trailing_metadata)


def info_of(status: Any) -> Any:
    (packed,) = status.details
    info = error_details_pb2.ErrorInfo()
    assert packed.Unpack(info)
    return info


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_comes_back_as_it_went(reason: Reason) -> None:
    received = from_rpc_error(
        as_received(WarifuError(reason, where="inquiry.item_code", debug="here only")), default={}
    )
    assert (received.reason, received.where, received.debug) == (reason, "inquiry.item_code", "")


@pytest.mark.parametrize("reason", Reason)
def test_every_status_has_the_catalogues_code_and_text_and_one_error_info(reason: Reason) -> None:
    status = to_status(WarifuError(reason))
    assert status.code == grpc.StatusCode[CATALOGUE[reason].status].value[0]
    assert status.message == CATALOGUE[reason].public_text
    info = info_of(status)
    definite = "true" if CATALOGUE[reason].definite else "false"
    assert (info.domain, info.reason, dict(info.metadata)) == (DOMAIN, reason.value, {"definite": definite})


def test_the_note_for_the_local_log_does_not_travel() -> None:
    sent: Any = to_grpc_status(WarifuError(Reason.INTERNAL, where="field", debug="NOTE-FOR-THE-LOG"))
    assert "NOTE-FOR-THE-LOG" not in repr(sent)
    told = info_of(to_status(WarifuError(Reason.INTERNAL, where="field"))).metadata
    assert told == {"where": "field", "definite": "false"}


def telling(reason: str, code: grpc.StatusCode, **metadata: str) -> FailedCall:
    info = error_details_pb2.ErrorInfo(domain=DOMAIN, reason=reason, metadata=metadata)
    return FailedCall(code, "x", (("grpc-status-details-bin", packed(info)),))


@pytest.mark.parametrize(
    ("reason", "told", "definite"),
    [
        (Reason.EXCHANGE_NOT_PERMITTED, {"definite": "true"}, True),
        (Reason.EXCHANGE_NOT_PERMITTED, {"definite": "false"}, False),
        (Reason.EXCHANGE_NOT_PERMITTED, {"definite": "perhaps"}, False),
        (Reason.EXCHANGE_NOT_PERMITTED, {}, True),
        (Reason.PROVIDER_TIMED_OUT, {"definite": "true"}, False),
        (Reason.PROVIDER_TIMED_OUT, {"definite": "false"}, False),
        (Reason.PROVIDER_TIMED_OUT, {}, False),
    ],
    ids=lambda value: value.name if isinstance(value, Reason) else str(value),
)
def test_that_a_failure_is_definite_is_read_and_never_believed_of_a_reason_that_cannot_be(
    reason: Reason, told: dict[str, str], definite: bool
) -> None:
    received = from_rpc_error(telling(reason.value, grpc.StatusCode.INTERNAL, **told), default=HUB)
    assert (received.reason, received.definite) == (reason, definite)
    assert received.after(1).definite == definite


@pytest.mark.parametrize(("told", "definite"), [("true", True), ("false", False), ("", False), ("TRUE", False)])
def test_a_reason_of_a_later_version_is_read_by_the_code_and_is_definite_as_it_says(told: str, definite: bool) -> None:
    failed = telling("MADE_LATER", grpc.StatusCode.UNAVAILABLE, definite=told, where="inquiry.flags", done="3")
    received = from_rpc_error(failed, default=HUB)
    assert (received.reason, received.definite) == (Reason.HUB_UNREACHABLE, definite)
    assert (received.where, received.done) == ("MADE_LATER inquiry.flags", 3)


@pytest.mark.parametrize("done", [None, 0, 500, 10**18 - 1])
def test_how_much_was_done_before_a_fault_travels_with_it(done: int | None) -> None:
    sent = WarifuError(Reason.CODE_NOT_ACQUIRED, where="replicas[512]", done=done)
    received = from_rpc_error(as_received(sent), default={})
    assert received.done == done
    assert str(received) == str(sent)
    assert ("done before it" in str(received)) == (done is not None)


@pytest.mark.parametrize("text", ["", "-1", "x", "1" * 19, "١"])
def test_what_is_no_count_is_no_count(text: str) -> None:
    status = to_status(WarifuError(Reason.INTERNAL, done=1))
    info = info_of(status)
    info.metadata["done"] = text
    status.details[0].Pack(info)
    trailing = (("grpc-status-details-bin", status.SerializeToString()),)
    received = from_rpc_error(FailedCall(grpc.StatusCode.INTERNAL, "", trailing), default={})
    assert (received.reason, received.done) == (Reason.INTERNAL, None)


def test_a_long_place_is_cut_so_that_it_fits_into_metadata() -> None:
    received = from_rpc_error(as_received(WarifuError(Reason.CONFIG_INVALID, where="x" * 100_000)), default={})
    assert received.where == "x" * 512


@pytest.mark.parametrize(
    ("code", "details", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, "Socket closed", Reason.HUB_UNREACHABLE),
        (grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2", Reason.HUB_UNREACHABLE),
        (grpc.StatusCode.UNKNOWN, "Stream removed", Reason.HUB_UNREACHABLE),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", Reason.HUB_TIMED_OUT),
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "SERVER: Received message larger than max (9 vs. 8)",
            Reason.REQUEST_TOO_LARGE,
        ),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "too many pings", Reason.INTERNAL),
        (grpc.StatusCode.UNIMPLEMENTED, "Method not found!", Reason.INTERNAL),
    ],
)
def test_a_status_without_a_reason_is_read_by_its_code(code: grpc.StatusCode, details: str, reason: Reason) -> None:
    for trailing in (None, (), (("other", "entry"),)):
        meant = from_rpc_error(FailedCall(code, details, trailing), default=HUB)
        assert meant.reason is reason
        assert meant.definite == (reason is Reason.REQUEST_TOO_LARGE)


@pytest.mark.parametrize("code", grpc.StatusCode)
def test_no_status_without_a_reason_is_definite_whatever_the_caller_takes_it_for(code: grpc.StatusCode) -> None:
    taken = dict.fromkeys(grpc.StatusCode, Reason.EXCHANGE_NOT_PERMITTED)
    assert not from_rpc_error(FailedCall(code, "Socket closed"), default=taken).definite


def test_a_call_that_never_left_is_definite() -> None:
    meant = from_rpc_error(FailedCall(grpc.StatusCode.UNAVAILABLE, "failed to connect to all addresses"), default=HUB)
    assert (meant.reason, meant.definite) == (Reason.NOT_CONNECTED, True)


def test_a_reply_that_is_too_large_to_be_taken_is_the_other_sides_fault_and_not_definite() -> None:
    told = FailedCall(
        grpc.StatusCode.RESOURCE_EXHAUSTED, "Stream removed (CLIENT: Received message larger than max (9 vs. 8))"
    )
    meant = from_rpc_error(told, default=HUB | {grpc.StatusCode.INTERNAL: Reason.HUB_ANSWER_INVALID})
    assert (meant.reason, meant.definite) == (Reason.HUB_ANSWER_INVALID, False)


def packed(*infos: Any) -> bytes:
    status = status_pb2.Status(code=14, message="x")
    for info in infos:
        status.details.add().Pack(info)
    serialised: bytes = status.SerializeToString()
    return serialised


OWN = error_details_pb2.ErrorInfo(domain=DOMAIN, reason="RECORD_NOT_HELD")


@pytest.mark.parametrize(
    "details",
    [
        b"",
        b"\xff\xff\xff",
        packed(),
        packed(OWN, OWN),
        packed(error_details_pb2.RetryInfo()),
        packed(error_details_pb2.ErrorInfo(domain="example.test", reason="RECORD_NOT_HELD")),
        packed(error_details_pb2.ErrorInfo(domain=DOMAIN, reason="FROM_A_LATER_VERSION")),
    ],
    ids=["empty", "garbage", "no details", "two", "of another type", "of another domain", "of an unknown reason"],
)
def test_details_that_are_not_one_of_ours_are_read_by_the_code(details: bytes) -> None:
    failed = FailedCall(grpc.StatusCode.UNAVAILABLE, "x", (("grpc-status-details-bin", details),))
    assert from_rpc_error(failed, default=HUB).reason is Reason.HUB_UNREACHABLE


def test_within_translated_a_failed_call_raises_our_error_and_nothing_else_is_touched() -> None:
    with pytest.raises(WarifuError) as raised, translated(HUB):
        raise FailedCall(grpc.StatusCode.UNAVAILABLE)
    assert raised.value.reason is Reason.HUB_UNREACHABLE
    assert raised.value.__suppress_context__
    with pytest.raises(ValueError, match="other"), translated(HUB):
        raise ValueError("other")


async def test_a_response_that_does_not_parse_is_an_error_of_the_other_side() -> None:
    async def answer(value: str) -> str:
        if not value:
            raise UnparsedReplyError
        return value

    assert await parsed(answer("something"), Reason.HUB_ANSWER_INVALID) == "something"
    with pytest.raises(WarifuError) as error:
        await parsed(answer(""), Reason.HUB_ANSWER_INVALID)
    assert error.value.reason is Reason.HUB_ANSWER_INVALID
    table = {grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE, grpc.StatusCode.INTERNAL: Reason.HUB_ANSWER_INVALID}
    assert from_rpc_error(UnparsedReplyError(), default=table).reason is Reason.HUB_ANSWER_INVALID


@pytest.mark.parametrize(("pause_s", "told"), [(None, None), (0.25, 0.25), (0.0, 0.001), (1e9, 60.0)])
def test_when_there_may_be_room_again_travels_on_calls_and_on_streams(
    pause_s: float | None, told: float | None
) -> None:
    sent = WarifuError(Reason.OVERLOADED, retry_after_s=pause_s)
    assert from_rpc_error(as_received(sent), default={}).retry_after_s == told
    assert error_of(failure_message(sent)).retry_after_s == told


@pytest.mark.parametrize("told", ["soon", "-1", "0", "1e3", "9" * 40])
def test_a_pause_that_is_no_number_is_none(told: str) -> None:
    info = error_details_pb2.ErrorInfo(reason="OVERLOADED", domain=DOMAIN, metadata={"retry_after_ms": told})
    status = status_pb2.Status()
    status.details.add().Pack(info)
    call = FailedCall(
        grpc.StatusCode.RESOURCE_EXHAUSTED, "", (("grpc-status-details-bin", status.SerializeToString()),)
    )
    assert from_rpc_error(call, default={}).retry_after_s is None
