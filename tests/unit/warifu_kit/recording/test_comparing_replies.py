"""Whether two replies are the same, and by which fields they are not, without any party."""

from __future__ import annotations

from typing import Any

import pytest

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu_kit.recording.comparing import Compared, Ended, Verdict, compare, differing_fields

REPLY = adapter_pb2.LookUpResponse


def found(income: int = 1, *, tail: bytes = b"", **changes: Any) -> bytes:
    record = LocalTaxRecord(fiscal_year=2026, total_income_yen=income).SerializeToString() + tail
    values: dict[str, Any] = {
        "outcome": adapter_pb2.LOOK_UP_OUTCOME_FOUND,
        "local_number": "T-9",
        "record_type": LocalTaxRecord.DESCRIPTOR.full_name,
        "record": record,
    }
    return bytes(REPLY(**{**values, **changes}).SerializeToString())


def test_the_field_of_the_record_is_named_that_differs() -> None:
    assert differing_fields(REPLY, found(1), found(1)) == ()
    assert differing_fields(REPLY, found(1), found(2)) == ("record.total_income_yen",)
    assert differing_fields(REPLY, found(1), found(2, fiscal_year=2026)) == ("fiscal_year", "record.total_income_yen")


def test_a_record_in_another_order_of_bytes_is_the_same() -> None:
    one = LocalTaxRecord(fiscal_year=2026).SerializeToString()
    other = LocalTaxRecord(total_income_yen=1).SerializeToString()
    assert differing_fields(REPLY, found(record=one + other), found(record=other + one)) == ()


def test_a_field_that_the_contract_does_not_have_counts() -> None:
    unknown = bytes([15 << 3, 1])
    (told,) = differing_fields(REPLY, found(), found(tail=unknown))
    assert told == "record.15 (which the contract does not have)"
    (told,) = differing_fields(REPLY, found(), found() + unknown)
    assert told == "15 (which the contract does not have)"


@pytest.mark.parametrize("changes", [{"record_type": "no.such.Record"}, {"record": b"\xff"}])
def test_a_record_that_cannot_be_looked_into_is_named_as_a_whole(changes: dict[str, Any]) -> None:
    assert "record" in differing_fields(REPLY, found(1), found(2, **changes))
    assert differing_fields(REPLY, found(1, **changes), found(1, **changes)) == ()


def test_the_order_of_items_says_nothing() -> None:
    kind = adapter_pb2.GetReadinessResponse
    one, other, fewer = (kind(item_codes=codes).SerializeToString() for codes in (["A", "B"], ["B", "A"], ["A"]))
    assert differing_fields(kind, one, other) == ()
    assert differing_fields(kind, one, fewer) == ("item_codes",)


@pytest.mark.parametrize(
    ("before", "now", "verdict", "fields"),
    [
        (Ended(status="NOT_FOUND", reason="X"), Ended(status="NOT_FOUND", reason="X"), Verdict.SAME, ()),
        (Ended(status="NOT_FOUND", reason="X"), Ended(status="NOT_FOUND", reason="Y"), Verdict.DIFFERS, ("reason",)),
        (Ended(status="OK", reply=found()), Ended(status="INTERNAL"), Verdict.DIFFERS, ("status",)),
        (Ended(status="OK", reply=found()), Ended(status="DEADLINE_EXCEEDED"), Verdict.FAILED, ()),
        (Ended(status="OK", reply=found()), Ended(status="OK", reply=b"\xff"), Verdict.FAILED, ()),
        (Ended(status="OK", reply=b"\xff"), Ended(status="OK", reply=found()), Verdict.SKIPPED, ()),
        (Ended(status="UNAVAILABLE"), Ended(status="OK", reply=found()), Verdict.SKIPPED, ()),
    ],
)
def test_how_a_call_ended_is_compared_before_what_it_brought(
    before: Ended, now: Ended, verdict: Verdict, fields: tuple[str, ...]
) -> None:
    compared: Compared = compare(REPLY, before, now)
    assert (compared.verdict, compared.fields) == (verdict, fields)


def test_a_reason_that_no_catalogue_has_is_compared_and_not_shown() -> None:
    compared = compare(REPLY, Ended(status="OK", reply=found()), Ended(status="NOT_FOUND", reason="NOBODY_IS_T-9"))
    assert compared.words == "OK before, NOT_FOUND (a reason of its own) now"
    compared = compare(REPLY, Ended(status="OK", reply=found()), Ended(status="INTERNAL", reason="INTERNAL"))
    assert compared.words == "OK before, INTERNAL INTERNAL now"
