"""Building inquiries and opening answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.agency import Absence, Found, ProvidedRecord
from warifu.api.type.v1 import inquiry_pb2
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import AgencyCode
from warifu.exchange.context import ExchangeContext, ExchangeFlags
from warifu.exchange.inquiry import OpenedAnswer, build_inquiry, hedge_key_from, open_answer
from warifu.exchange.provision import OpenedQuery, check_permit, make_answer, open_query, seal_found
from warifu.exchange.seal import SealingKey
from warifu.exchange.statements import inquiry_digest
from warifu.identifiers import InstitutionCode

RECORD = ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", b"record bytes")

Answered = Callable[..., tuple[inquiry_pb2.SignedAnswer, Callable[..., OpenedAnswer]]]


@pytest.fixture
def answered(pair: Any, start: datetime) -> Answered:
    """An answer to a fresh inquiry, and how its inquirer opens one."""

    def make(
        found: Found | None = RECORD, outcome: Any = inquiry_pb2.PROVISION_OUTCOME_ANSWERED
    ) -> tuple[inquiry_pb2.SignedAnswer, Callable[..., OpenedAnswer]]:
        inquiry, answer_key = pair.inquiry(b"somebody")
        permit = pair.permit(inquiry)
        keys = pair.keys["tax"].provider
        checked = check_permit(permit, keys=keys, directory=pair.directory)
        sealed = seal_found(found, open_query(checked, keys), checked) if found is not None else b""
        now_ms = int(start.timestamp() * 1000)
        made = make_answer(outcome, checked, keys.signing_key, now_ms=now_ms, sealed_answer=sealed)

        def opens(answer: inquiry_pb2.SignedAnswer, **changes: Any) -> OpenedAnswer:
            known: dict[str, Any] = {
                "context": inquiry.context,
                "asked": inquiry_digest(inquiry),
                "processing_number": permit.processing_number,
                "provider": pair.keys["tax"].own,
                "answer_key": answer_key,
            }
            return open_answer(answer, **{**known, **changes})

        return made.answer, opens

    return make


@pytest.mark.parametrize("found", [RECORD, Absence.NOT_HELD, Absence.NOT_PUBLISHED])
def test_an_answer_opens_to_what_was_sealed(answered: Answered, found: Found, start: datetime) -> None:
    answer, opens = answered(found)
    opened = opens(answer)
    assert opened.found == found
    assert opened.outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED
    assert opened.provided_ms == int(start.timestamp() * 1000)
    assert len(opened.digest) == 32


@pytest.mark.parametrize("outcome", [inquiry_pb2.PROVISION_OUTCOME_PENDING, inquiry_pb2.PROVISION_OUTCOME_REFUSED])
def test_an_answer_without_a_body_has_found_nothing(answered: Answered, outcome: Any) -> None:
    answer, opens = answered(None, outcome)
    assert opens(answer).found is None


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (RECORD, inquiry_pb2.PROVISION_OUTCOME_PENDING),
        (RECORD, inquiry_pb2.PROVISION_OUTCOME_UNSPECIFIED),
        (None, inquiry_pb2.PROVISION_OUTCOME_ANSWERED),
    ],
)
def test_an_answer_whose_body_does_not_fit_its_outcome_is_refused(
    answered: Answered, found: Found | None, outcome: Any
) -> None:
    answer, opens = answered(found, outcome)
    with pytest.raises(WarifuError) as refused:
        opens(answer)
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID


def test_a_flipped_bit_anywhere_in_the_answer_is_refused(answered: Answered) -> None:
    answer, opens = answered()
    for field in ("sealed_answer", "provider_signature"):
        original = getattr(answer, field)
        for place in range(len(original)):
            changed = inquiry_pb2.SignedAnswer()
            changed.CopyFrom(answer)
            flipped = original[place] ^ (1 << place % 8)
            setattr(changed, field, original[:place] + bytes([flipped]) + original[place + 1 :])
            with pytest.raises(WarifuError) as refused:
                opens(changed)
            assert refused.value.reason is Reason.HUB_ANSWER_INVALID


def test_an_answer_with_another_time_or_outcome_is_refused(answered: Answered) -> None:
    answer, opens = answered(None, inquiry_pb2.PROVISION_OUTCOME_PENDING)
    later = inquiry_pb2.SignedAnswer()
    later.CopyFrom(answer)
    later.provision_time.seconds += 1
    other = inquiry_pb2.SignedAnswer()
    other.CopyFrom(answer)
    other.outcome = inquiry_pb2.PROVISION_OUTCOME_REFUSED
    for changed in (later, other):
        with pytest.raises(WarifuError, match="HUB_ANSWER_INVALID"):
            opens(changed)


def test_an_answer_for_another_exchange_is_refused(answered: Answered, pair: Any) -> None:
    answer, opens = answered()
    another = pair.inquiry(b"somebody")[0]
    changes: list[dict[str, Any]] = [
        {"asked": inquiry_digest(another)},
        {"context": another.context},
        {"processing_number": "20260615000000000000"},
        {"provider": pair.keys["residence"].own},
        {"answer_key": SealingKey.generate()},
    ]
    for change in changes:
        with pytest.raises(WarifuError, match="HUB_ANSWER_INVALID"):
            opens(answer, **change)


@pytest.mark.parametrize("outcome", [-1, 4, 300, 2**31 - 1])
def test_an_outcome_nobody_knows_is_refused(answered: Answered, outcome: int) -> None:
    answer, opens = answered()
    changed = inquiry_pb2.SignedAnswer.FromString(answer.SerializeToString())
    changed.outcome = outcome  # type: ignore[assignment]  # an open enum: the wire carries any number
    with pytest.raises(WarifuError, match="HUB_ANSWER_INVALID"):
        opens(changed)


def test_a_time_that_is_none_is_refused(answered: Answered) -> None:
    answer, opens = answered()
    for seconds, nanos in ((2**62, 0), (0, -5)):
        answer.provision_time.seconds, answer.provision_time.nanos = seconds, nanos
        with pytest.raises(WarifuError, match="HUB_ANSWER_INVALID"):
            opens(answer)


def test_what_is_inside_an_answer_must_make_sense(answered: Answered, pair: Any, start: datetime) -> None:
    inquiry, answer_key = pair.inquiry(b"somebody")
    permit = pair.permit(inquiry)
    keys = pair.keys["tax"].provider
    checked = check_permit(permit, keys=keys, directory=pair.directory)
    query = open_query(checked, keys)
    nameless = seal_found(ProvidedRecord("", b"record"), query, checked)
    made = make_answer(
        inquiry_pb2.PROVISION_OUTCOME_ANSWERED, checked, keys.signing_key, now_ms=0, sealed_answer=nameless
    )
    with pytest.raises(WarifuError, match="HUB_ANSWER_INVALID"):
        open_answer(
            made.answer,
            context=inquiry.context,
            asked=checked.asked,
            processing_number=permit.processing_number,
            provider=pair.keys["tax"].own,
            answer_key=answer_key,
        )


@given(number=st.integers(0, 2**64 - 1))
def test_two_inquiries_about_one_person_have_nothing_in_common_but_the_context(pair: Any, number: int) -> None:
    request_id = number.to_bytes(16, "big")
    first, _ = pair.inquiry(b"somebody", request_id=request_id)
    second, _ = pair.inquiry(b"somebody", request_id=request_id)
    assert first.context == second.context
    assert first.encrypted_code.c1 != second.encrypted_code.c1
    assert first.encrypted_code.c2 != second.encrypted_code.c2
    assert first.sealed_query != second.sealed_query


def test_randomness_that_repeats_does_not_repeat_the_encryption_of_another_request(pair: Any, start: datetime) -> None:
    now_ms = int(start.timestamp() * 1000)
    keys, code = pair.keys["childcare"].inquirer, pair.code("childcare", b"somebody")

    def stuck(size: int) -> bytes:
        return b"\x07" * size

    built = [
        build_inquiry(pair.question(), code, keys=keys, directory=pair.directory, now_ms=now_ms, random_bytes=stuck)[0]
        for _ in range(2)
    ]
    assert built[0].encrypted_code.c1 != built[1].encrypted_code.c1


def test_the_context_says_what_is_asked_and_for_ten_minutes(pair: Any, start: datetime) -> None:
    flags = ExchangeFlags.ORDINANCE | ExchangeFlags.CONSENT
    inquiry, _ = pair.inquiry(b"somebody", flags=flags)
    context = ExchangeContext.decode(inquiry.context)
    own, provider = pair.keys["childcare"].own, pair.keys["tax"].own
    assert (context.inquirer, context.provider) == (own.institution, provider.institution)
    assert (context.epoch_from, context.epoch_to, context.key_id_to) == (own.epoch, provider.epoch, provider.key_id)
    assert context.flags == flags
    context.check_times(start + timedelta(minutes=10))
    with pytest.raises(WarifuError, match="CLOCK_SKEWED"):
        context.check_times(start + timedelta(minutes=13))


def test_no_fiscal_year_is_to_be_seen_from_outside(pair: Any) -> None:
    sizes = {len(pair.inquiry(b"somebody", fiscal_year=year)[0].sealed_query) for year in (0, 2026, 9999)}
    assert sizes == {304}


def test_a_provider_outside_the_directory_is_not_asked(pair: Any) -> None:
    with pytest.raises(WarifuError) as refused:
        pair.inquiry(b"somebody", provider=InstitutionCode("9990000000000001"))
    assert (refused.value.reason, refused.value.where) == (Reason.INSTITUTION_UNKNOWN, "inquiry.provider")


def test_a_code_of_another_epoch_is_not_used(pair: Any) -> None:
    code = pair.code("childcare", b"somebody")
    old = AgencyCode(institution=code.institution, epoch=code.epoch + 1, point=code.point)
    with pytest.raises(WarifuError, match="CODE_NOT_ACQUIRED"):
        build_inquiry(pair.question(), old, keys=pair.keys["childcare"].inquirer, directory=pair.directory, now_ms=0)


def test_secrets_do_not_show_when_printed(pair: Any) -> None:
    keys = pair.keys["childcare"]
    shown = repr(keys) + str(keys) + repr(OpenedQuery(b"k" * 32, 0))
    for secret in (keys.at_rest.storage_key, keys.inquirer.hedge_key, keys.provider.row_secret):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown


def test_the_hedging_key_is_not_the_storage_key() -> None:
    assert hedge_key_from(bytes(32)) != bytes(32)
