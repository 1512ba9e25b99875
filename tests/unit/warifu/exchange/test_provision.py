"""Checking permits, opening what they carry, sealing answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st

from warifu.agency import Absence, ProvidedRecord
from warifu.api.record.v1 import sealed_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.curve.edwards25519 import IDENTITY
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import row_key
from warifu.exchange.context import ContextKind, ExchangeContext
from warifu.exchange.provision import CheckedPermit, check_fresh, check_permit, open_query, open_row_key, seal_found
from warifu.exchange.seal import seal
from warifu.exchange.statements import sign_inquiry

EXACTLY = {
    Reason.REQUEST_MALFORMED,
    Reason.SUITE_UNKNOWN,
    Reason.INSTITUTION_UNKNOWN,
    Reason.SIGNATURE_INVALID,
    Reason.EPOCH_STALE,
    Reason.POINT_INVALID,
}


@pytest.fixture
def permit(pair: Any) -> ProvisionPermit:
    """A permit for childcare to ask tax about somebody."""
    made: ProvisionPermit = pair.permit(pair.inquiry(b"somebody", fiscal_year=2026)[0])
    return made


def checked_by(pair: Any, party: str, permit: ProvisionPermit) -> CheckedPermit:
    return check_permit(permit, keys=pair.keys[party].provider, directory=pair.directory)


def refusal(pair: Any, permit: ProvisionPermit, party: str = "tax") -> WarifuError:
    with pytest.raises(WarifuError) as refused:
        checked_by(pair, party, permit)
    return refused.value


def resigned(pair: Any, permit: ProvisionPermit, **changes: Any) -> ProvisionPermit:
    """The permit with another context, signed again by everybody who signs."""
    context = ExchangeContext.decode(permit.inquiry.context)
    values = {name: getattr(context, name) for name in ExchangeContext.__slots__}
    other = ProvisionPermit()
    other.CopyFrom(permit)
    other.inquiry.context = ExchangeContext(**{**values, **changes}).encode()
    sign_inquiry(pair.keys["childcare"].inquirer.signing_key, other.inquiry)
    pair.sign(other)
    return other


def test_a_good_permit_tells_who_is_meant_and_what_is_asked(pair: Any, permit: ProvisionPermit) -> None:
    keys = pair.keys["tax"].provider
    checked = checked_by(pair, "tax", permit)
    assert open_row_key(checked, keys, pair.directory) == row_key(keys.row_secret, pair.code("tax", b"somebody").point)
    assert open_query(checked, keys).fiscal_year == 2026
    assert checked.processing_number == permit.processing_number


def _bytes_fields(message: Message, path: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for field, value in message.ListFields():
        name = f"{path}{field.name}"
        if isinstance(value, Message):
            found += _bytes_fields(value, f"{name}.")
        elif isinstance(value, bytes):
            found.append((name, value))
    return found


def _replaced(permit: ProvisionPermit, path: str, value: bytes) -> ProvisionPermit:
    other = ProvisionPermit()
    other.CopyFrom(permit)
    target: Any = other
    *outer, last = path.split(".")
    for name in outer:
        target = getattr(target, name)
    setattr(target, last, value)
    return other


def test_a_flipped_bit_anywhere_in_the_permit_is_refused(pair: Any, permit: ProvisionPermit) -> None:
    fields = _bytes_fields(permit)
    assert {name for name, _ in fields} >= {"inquiry.context", "inquiry.sealed_query", "converted_code.c1"}
    for path, value in fields:
        for place in range(len(value)):
            flipped = value[:place] + bytes([value[place] ^ (1 << place % 8)]) + value[place + 1 :]
            assert refusal(pair, _replaced(permit, path, flipped)).reason in EXACTLY


@given(data=st.data())
def test_whatever_bytes_arrive_a_permit_is_refused_by_name(pair: Any, data: st.DataObject) -> None:
    good = pair.permit(pair.inquiry(b"somebody")[0]).SerializeToString()
    start = data.draw(st.integers(0, len(good)))
    spoilt = (
        good[:start] + data.draw(st.binary(min_size=1, max_size=12)) + good[start + data.draw(st.integers(0, 12)) :]
    )
    try:
        permit = ProvisionPermit.FromString(spoilt)
    except DecodeError:
        return
    permit.DiscardUnknownFields()  # nobody reads them
    if permit.SerializeToString() != good:
        assert refusal(pair, permit).reason in EXACTLY


def test_another_number_row_or_time_breaks_the_hubs_signature(pair: Any, permit: ProvisionPermit) -> None:
    for name, value in (("processing_number", "20260615999999999999"), ("permission_row", "R02")):
        other = ProvisionPermit()
        other.CopyFrom(permit)
        setattr(other, name, value)
        assert refusal(pair, other).reason is Reason.SIGNATURE_INVALID
    other = ProvisionPermit()
    other.CopyFrom(permit)
    other.permit_time.nanos += 1
    assert refusal(pair, other).reason is Reason.SIGNATURE_INVALID


def test_a_permit_for_another_provider_is_refused(pair: Any, permit: ProvisionPermit) -> None:
    refused = refusal(pair, permit, "residence")
    assert (refused.reason, refused.where) == (Reason.INSTITUTION_UNKNOWN, "permit.inquiry.context.provider")


def test_the_hub_cannot_put_words_into_an_inquirers_mouth(pair: Any, permit: ProvisionPermit) -> None:
    sign_inquiry(pair.hub_key, permit.inquiry)
    pair.sign(permit)
    refused = refusal(pair, permit)
    assert (refused.reason, refused.where) == (Reason.SIGNATURE_INVALID, "inquiry.inquirer_signature")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": ContextKind.ISSUE}, Reason.REQUEST_MALFORMED),
        ({"suite": 1}, Reason.SUITE_UNKNOWN),
        ({"epoch_from": 2}, Reason.EPOCH_STALE),
        ({"epoch_to": 2}, Reason.EPOCH_STALE),
        ({"key_id_to": bytes(8)}, Reason.EPOCH_STALE),
    ],
)
def test_a_permit_with_keys_or_kind_that_do_not_fit_is_refused(
    pair: Any, permit: ProvisionPermit, changes: dict[str, Any], reason: Reason
) -> None:
    assert refusal(pair, resigned(pair, permit, **changes)).reason is reason


@pytest.mark.parametrize("number", ["", "1", "2026061500000000000x", "２" * 20, "0" * 21])
def test_a_processing_number_has_twenty_digits(pair: Any, permit: ProvisionPermit, number: str) -> None:
    permit.processing_number = number
    pair.sign(permit)
    assert refusal(pair, permit).reason is Reason.REQUEST_MALFORMED


def test_a_time_that_is_none_is_refused_whoever_signed_it(pair: Any, permit: ProvisionPermit) -> None:
    permit.permit_time.seconds = 2**62
    pair.sign(permit)
    refused = refusal(pair, permit)
    assert (refused.reason, refused.where) == (Reason.REQUEST_MALFORMED, "permit.permit_time")


@pytest.mark.parametrize("point", [IDENTITY, bytes(32), b"\xff" * 32, b"", b"\x58" + b"\x66" * 30])
@pytest.mark.parametrize("half", ["c1", "c2"])
def test_a_point_that_is_none_is_refused_whoever_signed_it(
    pair: Any, permit: ProvisionPermit, half: str, point: bytes
) -> None:
    setattr(permit.converted_code, half, point)
    pair.sign(permit)
    with pytest.raises(WarifuError) as refused:
        open_row_key(checked_by(pair, "tax", permit), pair.keys["tax"].provider, pair.directory)
    assert refused.value.reason is Reason.CONVERSION_NOT_PROVEN


@pytest.mark.parametrize(
    ("minutes", "fresh"), [(-3, False), (-1, True), (0, True), (9, True), (11, True), (13, False), (60, False)]
)
def test_a_new_permit_must_have_been_made_just_now(
    pair: Any, permit: ProvisionPermit, start: datetime, minutes: int, fresh: bool
) -> None:
    checked, now = checked_by(pair, "tax", permit), start + timedelta(minutes=minutes)
    if fresh:
        check_fresh(checked, now)
    else:
        with pytest.raises(WarifuError, match="CLOCK_SKEWED"):
            check_fresh(checked, now)


@pytest.mark.parametrize("minutes", [-5, 5, 20])
def test_the_hub_must_have_permitted_between_issue_and_now(pair: Any, start: datetime, minutes: int) -> None:
    inquiry, _ = pair.inquiry(b"somebody")
    permit = pair.permit(inquiry, now=start + timedelta(minutes=minutes))
    with pytest.raises(WarifuError) as refused:
        check_fresh(checked_by(pair, "tax", permit), start)
    assert (refused.value.reason, refused.value.where) == (Reason.CLOCK_SKEWED, "permit.permit_time")


def test_a_query_sealed_for_another_exchange_does_not_open(pair: Any, permit: ProvisionPermit) -> None:
    permit.inquiry.sealed_query = pair.inquiry(b"somebody")[0].sealed_query
    sign_inquiry(pair.keys["childcare"].inquirer.signing_key, permit.inquiry)
    pair.sign(permit)
    with pytest.raises(WarifuError) as refused:
        open_query(checked_by(pair, "tax", permit), pair.keys["tax"].provider)
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "permit.inquiry.sealed_query")


@pytest.mark.parametrize("answer_key", [b"", bytes(31), bytes(33)])
def test_an_answer_key_of_another_length_is_refused(pair: Any, permit: ProvisionPermit, answer_key: bytes) -> None:
    query = sealed_pb2.SealedQuery(answer_key=answer_key).SerializeToString()
    permit.inquiry.sealed_query = seal(pair.keys["tax"].own.sealing_key, permit.inquiry.context, query)
    sign_inquiry(pair.keys["childcare"].inquirer.signing_key, permit.inquiry)
    pair.sign(permit)
    with pytest.raises(WarifuError, match="REQUEST_MALFORMED"):
        open_query(checked_by(pair, "tax", permit), pair.keys["tax"].provider)


def test_an_answer_key_that_nothing_can_be_sealed_to_is_the_inquirers_fault(pair: Any, permit: ProvisionPermit) -> None:
    query = sealed_pb2.SealedQuery(answer_key=bytes(32)).SerializeToString()
    permit.inquiry.sealed_query = seal(pair.keys["tax"].own.sealing_key, permit.inquiry.context, query)
    sign_inquiry(pair.keys["childcare"].inquirer.signing_key, permit.inquiry)
    pair.sign(permit)
    checked = checked_by(pair, "tax", permit)
    with pytest.raises(WarifuError, match="REQUEST_MALFORMED"):
        seal_found(Absence.NOT_HELD, open_query(checked, pair.keys["tax"].provider), checked)


def test_the_hub_cannot_tell_an_answer_with_a_record_from_one_without(pair: Any, permit: ProvisionPermit) -> None:
    checked = checked_by(pair, "tax", permit)
    query = open_query(checked, pair.keys["tax"].provider)
    record = ProvidedRecord("warifu.api.record.v1.InsuranceQualificationRecord", b"r" * 180)
    sizes = {len(seal_found(found, query, checked)) for found in (record, Absence.NOT_HELD, Absence.NOT_PUBLISHED)}
    assert sizes == {560}
