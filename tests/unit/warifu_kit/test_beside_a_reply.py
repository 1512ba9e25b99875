"""All of a reply is looked at: metadata, a text with an answer, and fields at any depth that its message has not."""

from __future__ import annotations

import pytest

from warifu.api.adapter.v1.adapter_service_pb2 import GetClerkDecisionRequest, GetReadinessResponse, LookUpResponse
from warifu.api.record.v1.sealed_pb2 import SealedAnswer
from warifu_kit.conformance.wire.beside import beside, own_metadata, strange_fields
from warifu_kit.conformance.wire.calls import Reply

LOOKED = LookUpResponse
NEW = b"\xc2\x3e\x03new"  # field 1000, bytes
ANSWER = LookUpResponse(
    local_number="T-9",
    item_code="TM00000000000002",
    outcome="LOOK_UP_OUTCOME_FOUND",
    fiscal_year=2026,
    record=b"\x08\1",
)


def of(**metadata: str) -> Reply:
    told = tuple((name.replace("_", "-"), value.encode()) for name, value in metadata.items())
    return Reply(status="OK", body=ANSWER.SerializeToString(), metadata=told)


def test_an_answer_as_the_contract_has_it_has_nothing_beside_it() -> None:
    told = of(
        date="Sat, 28 Nov 2026 10:07:30 GMT",
        grpc_accept_encoding="identity, deflate, gzip",
        content_type="application/grpc+proto",
    )
    assert beside(told, LOOKED) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rows-read", "1"),
        ("x-cache", "hit"),
        ("date", "Yamada Hanako"),
        ("grpc-status-details-bin", "T-9"),
        ("server", "x"),
    ],
)
def test_metadata_of_its_own_is_told_by_name_and_not_by_value(name: str, value: str) -> None:
    reply = Reply(status="OK", body=b"", metadata=((name, value.encode()),))
    assert beside(reply, LOOKED) == [f"metadata {name!r}"]
    assert own_metadata(reply) == [name]


def test_what_the_contract_has_beside_an_answer_may_be_there() -> None:
    assert beside(of(warifu_fault="delay"), LOOKED, frozenset({"warifu-fault"})) == []


def test_a_text_with_the_status_ok_is_told() -> None:
    assert beside(Reply(status="OK", words="of Yamada"), LOOKED) == ["a text with the status OK"]


def test_an_error_is_nothing_beside_an_answer() -> None:
    assert beside(Reply(status="INTERNAL", words="broken", metadata=(("x", b"y"),)), LOOKED) == []


def test_a_field_that_the_message_has_not_is_told_by_its_number() -> None:
    assert beside(Reply(status="OK", body=ANSWER.SerializeToString() + NEW), LOOKED) == ["LookUpResponse: field 1000"]


def test_fields_are_looked_at_at_any_depth() -> None:
    within = b"\x0a" + bytes([len(NEW)]) + NEW  # SealedAnswer.record, a message that holds only the new field
    assert strange_fields(within, SealedAnswer) == ["record.field 1000"]
    received = b"\x32" + bytes([len(NEW)]) + NEW
    assert strange_fields(received, GetClerkDecisionRequest) == ["received_time.field 1000"]


def test_a_field_that_stands_there_twice_hides_the_first() -> None:
    twice = LookUpResponse(record=b"of somebody else").SerializeToString() + ANSWER.SerializeToString()
    assert strange_fields(twice, LOOKED) == ["record twice"]


def test_a_list_may_have_many() -> None:
    assert strange_fields(GetReadinessResponse(item_codes=["a", "b"]).SerializeToString(), GetReadinessResponse) == []


def test_a_field_of_another_kind_is_strange() -> None:
    assert strange_fields(b"\x0a\x01x", LOOKED) == ["field 1"]  # outcome is a number, and this is text


@pytest.mark.parametrize("body", [b"\xff", b"\x12\x7fT", b"\x00\x01", b"\x0b\x01", b"\xff" * 20], ids=repr)
def test_bytes_that_are_no_field_are_strange_and_end_nothing(body: bytes) -> None:
    assert len(strange_fields(body, LOOKED)) == 1


def test_defaults_that_are_written_out_are_nothing_strange() -> None:
    assert (
        strange_fields(b"\x20\x00\x2a\x00", LOOKED) == []
    )  # fiscal_year 0, publication_start "", as some libraries do
