"""One provision: what is answered, stored, counted, replayed and refused."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from warifu.agency import Absence, ProvidedRecord, ProvisionQuery
from warifu.api.type.v1 import inquiry_pb2
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeFlags
from warifu.exchange.inquiry import OpenedAnswer, open_answer
from warifu.exchange.signature import SIGNATURE_SIZE
from warifu.exchange.statements import inquiry_digest
from warifu.identifiers import ItemCode
from warifu.party.alarms import AlarmKind
from warifu_services.agencies.tax import TaxAgency
from warifu_services.node.lateness import HELD_BACK_AFTER
from warifu_services.node.store import ClerkDecision, ExchangeOutcome, ExchangeRecord, ExchangeSide, PersonFlags

ANSWERED, PENDING = inquiry_pb2.PROVISION_OUTCOME_ANSWERED, inquiry_pb2.PROVISION_OUTCOME_PENDING
REFUSED = inquiry_pb2.PROVISION_OUTCOME_REFUSED


class Asking:
    """An inquiry with its permit, and the key to the answer."""

    def __init__(self, two: Any, name: str, **changes: Any) -> None:
        self._pair = two.pair
        self.inquiry, self._answer_key = two.pair.inquiry(name.encode(), now=two.clock.now(), **changes)
        self.permit = two.pair.permit(self.inquiry, now=two.clock.now())

    def opened(self, answer: inquiry_pb2.SignedAnswer) -> OpenedAnswer:
        return open_answer(
            answer,
            context=self.inquiry.context,
            asked=inquiry_digest(self.inquiry),
            processing_number=self.permit.processing_number,
            provider=self._pair.keys["tax"].own,
            answer_key=self._answer_key,
        )


def records(two: Any) -> list[ExchangeRecord]:
    return [record for _, record in two.tax.records(0, 1000)]


async def test_answers_made_in_step_share_one_signature_and_the_inquirer_opens_each(two: Any) -> None:
    askings = [Asking(two, "hanako") for _ in range(4)]
    answers = await asyncio.gather(*(two.provider.provide(asking.permit, 10.0) for asking in askings))
    assert len({answer.provider_signature[:SIGNATURE_SIZE] for answer in answers}) == 1
    assert all(asking.opened(answer).found for asking, answer in zip(askings, answers, strict=True))


async def test_a_registered_record_is_provided_and_recorded(two: Any) -> None:
    asking = Asking(two, "hanako")
    opened = asking.opened(await two.provider.provide(asking.permit, 10.0))
    replica = two.replica("hanako")
    assert opened.found == ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", replica.record)
    (record,) = records(two)
    assert record.side is ExchangeSide.PROVIDER
    assert record.outcome is ExchangeOutcome.ANSWERED
    assert record.processing_number == asking.permit.processing_number
    assert record.inquiry_digest == inquiry_digest(asking.inquiry)
    assert record.answer_digest == opened.digest
    assert record.provided_ms == opened.provided_ms == two.clock.unix_ms()
    assert not record.non_disclosure


async def test_nobody_no_record_and_not_published_look_the_same_to_the_hub(two: Any) -> None:
    await two.add("recordless", record=False)
    await two.add("unpublished", record=False)
    await two.tax.put_replicas([("T-unpublished", two.replica("unpublished", start=date(2026, 7, 1)))])
    found, shapes = {}, set()
    for name in ("hanako", "nobody", "recordless", "unpublished"):
        asking = Asking(two, name)
        answer = await two.provider.provide(asking.permit, 10.0)
        found[name] = asking.opened(answer).found
        shapes.add((answer.outcome, len(answer.sealed_answer)))
    assert shapes == {(ANSWERED, 560)}
    assert found["nobody"] is found["recordless"] is Absence.NOT_HELD
    assert found["unpublished"] is Absence.NOT_PUBLISHED
    assert {record.outcome for record in records(two)} == {ExchangeOutcome.ANSWERED}


async def test_only_people_who_are_not_here_count_as_misses(two: Any) -> None:
    await two.add("recordless", record=False)
    for name in ("hanako", "nobody", "recordless", "no-one-else"):
        await two.provider.provide(Asking(two, name).permit, 10.0)
    assert two.tax.misses(two.pair.keys["childcare"].own.institution) == 2


async def test_an_agency_that_invents_a_record_for_nobody_gives_none(two: Any) -> None:
    class Inventive(TaxAgency):
        async def answer(self, query: ProvisionQuery) -> ProvidedRecord:
            return ProvidedRecord("T", b"invented")

    asking = Asking(two, "nobody")
    opened = asking.opened(await two.new_provider(Inventive()).provide(asking.permit, None))
    assert opened.found is Absence.NOT_HELD


async def test_an_agency_may_compute_its_answer(two: Any) -> None:
    class Computing(TaxAgency):
        async def answer(self, query: ProvisionQuery) -> ProvidedRecord:
            await asyncio.sleep(0)
            return ProvidedRecord("T", f"{query.fiscal_year} {query.today} {len(query.replicas)}".encode())

    asking = Asking(two, "hanako", fiscal_year=2025)
    opened = asking.opened(await two.new_provider(Computing()).provide(asking.permit, None))
    assert opened.found == ProvidedRecord("T", b"2025 2026-06-15 1")


async def test_what_the_table_forbids_is_not_answered_though_the_hub_permitted_it(two: Any, refusal: Any) -> None:
    asking = Asking(two, "hanako", item_code=ItemCode("TM00000000000004"))
    assert await refusal(two.provider.provide(asking.permit, None)) is Reason.EXCHANGE_NOT_PERMITTED
    assert records(two) == []
    ((kind, kept, why),) = two.evidence.found
    assert (kind, why) == (AlarmKind.PERMIT_FORBIDDEN, "EXCHANGE_NOT_PERMITTED")
    assert kept.permit == asking.permit.SerializeToString()
    assert kept.inquiry_digest == inquiry_digest(asking.inquiry)


async def test_a_permit_that_was_held_back_is_answered_and_noticed(two: Any) -> None:
    asking = Asking(two, "hanako")
    two.clock.advance(HELD_BACK_AFTER + timedelta(seconds=2))
    await two.provider.provide(asking.permit, None)
    ((kind, kept, why),) = two.evidence.found
    assert (kind, why) == (AlarmKind.PERMIT_HELD_BACK, "came 242 s after the minute in which the hub signed it began")
    assert kept.permit == asking.permit.SerializeToString()
    await two.provider.provide(asking.permit, None)
    assert len(two.evidence.found) == 1, "one that was seen before comes again for good reasons"


async def test_a_permit_that_was_held_back_until_it_was_stale_is_refused_and_noticed(two: Any, refusal: Any) -> None:
    asking = Asking(two, "hanako")
    two.clock.advance(timedelta(minutes=20))
    assert await refusal(two.provider.provide(asking.permit, None)) is Reason.CLOCK_SKEWED
    assert [kind for kind, *_ in two.evidence.found] == [AlarmKind.PERMIT_HELD_BACK]


@pytest.mark.parametrize("since_s", [None, 60])
async def test_a_permit_that_could_not_be_brought_earlier_was_not_held_back(two: Any, since_s: int | None) -> None:
    asking = Asking(two, "hanako")
    two.in_contact_since = None if since_s is None else two.clock.unix_ms() + since_s * 1000
    two.clock.advance(HELD_BACK_AFTER + timedelta(seconds=60))
    await two.provider.provide(asking.permit, None)
    assert two.evidence.found == []


async def test_a_permit_that_names_another_row_than_the_tables_is_not_answered(two: Any, refusal: Any) -> None:
    asking = Asking(two, "hanako")
    asking.permit.permission_row = "R02"
    two.pair.sign(asking.permit)
    assert await refusal(two.provider.provide(asking.permit, None)) is Reason.EXCHANGE_NOT_PERMITTED


async def test_the_same_permit_gets_the_same_bytes(two: Any) -> None:
    asking = Asking(two, "hanako")
    first = await two.provider.provide(asking.permit, None)
    two.clock.advance(timedelta(hours=3))
    again = await two.new_provider().provide(asking.permit, None)
    assert again.SerializeToString() == first.SerializeToString()
    assert len(records(two)) == 1


async def test_the_same_permit_many_times_at_once_gets_the_same_bytes(two: Any) -> None:
    asking = Asking(two, "nobody")
    answers = await asyncio.gather(*(two.provider.provide(asking.permit, None) for _ in range(8)))
    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert len(records(two)) == 1
    assert two.tax.misses(two.pair.keys["childcare"].own.institution) == 1


async def test_a_permit_with_other_bytes_under_a_used_request_id_is_refused(two: Any, refusal: Any) -> None:
    asking = Asking(two, "hanako")
    await two.provider.provide(asking.permit, None)
    other = Asking(two, "hanako", request_id=asking.inquiry.context[2:18])
    assert await refusal(two.provider.provide(other.permit, None)) is Reason.PERMIT_REUSED
    renumbered = two.pair.permit(asking.inquiry, now=two.clock.now())
    assert await refusal(two.provider.provide(renumbered, None)) is Reason.PERMIT_REUSED
    assert len(records(two)) == 1


async def test_a_processing_number_is_used_for_one_inquiry(two: Any, refusal: Any) -> None:
    first, second = Asking(two, "hanako"), Asking(two, "hanako")
    await two.provider.provide(first.permit, None)
    reused = two.pair.permit(second.inquiry, now=two.clock.now(), number=first.permit.processing_number)
    assert await refusal(two.provider.provide(reused, None)) is Reason.PERMIT_REUSED
    assert len(records(two)) == 1


async def test_an_old_permit_never_seen_is_refused_and_leaves_no_record(two: Any, refusal: Any) -> None:
    asking = Asking(two, "hanako")
    two.clock.advance(timedelta(minutes=15))
    assert await refusal(two.provider.provide(asking.permit, None)) is Reason.CLOCK_SKEWED
    assert records(two) == []


async def test_a_used_permit_whose_answer_is_no_longer_kept_is_not_answered_again(two: Any, refusal: Any) -> None:
    asking = Asking(two, "hanako")
    await two.provider.provide(asking.permit, None)
    await two.tax.purge(requested_before_ms=0, changed_before_ms=two.clock.unix_ms() + 1)
    assert await refusal(two.provider.provide(asking.permit, None)) is Reason.PERMIT_REUSED


async def test_too_little_time_is_told_before_anything_is_done(two: Any, refusal: Any) -> None:
    assert await refusal(two.provider.provide(Asking(two, "hanako").permit, 0.001)) is Reason.DEADLINE_TOO_SHORT
    assert records(two) == []


async def test_without_a_record_of_its_own_nothing_is_provided(
    two: Any, refusal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise WarifuError(Reason.STORE_UNAVAILABLE)

    asking = Asking(two, "hanako")
    with monkeypatch.context() as patch:
        patch.setattr(two.tax, "settle_provision", full)
        assert await refusal(two.provider.provide(asking.permit, None)) is Reason.STORE_UNAVAILABLE
    assert asking.opened(await two.provider.provide(asking.permit, None)).found is not None


async def test_a_flagged_person_waits_for_a_clerk(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asking = Asking(two, "hanako")
    answer = await two.provider.provide(asking.permit, None)
    assert (answer.outcome, answer.sealed_answer) == (PENDING, b"")
    ((_, kept),) = two.tax.pending_provisions(0, 2)
    waiting = two.provider.pending(kept)
    assert waiting.local_number == "T-hanako"
    assert waiting.record.processing_number == asking.permit.processing_number
    (record,) = records(two)
    assert (record.outcome, record.provided_ms) == (ExchangeOutcome.PENDING, None)
    again = await two.provider.provide(asking.permit, None)
    assert again.SerializeToString() == answer.SerializeToString()


async def test_a_released_answer_is_given_when_asked_again_however_late(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asking = Asking(two, "hanako")
    await two.provider.provide(asking.permit, None)
    two.clock.advance(timedelta(days=3))
    await two.provider.decide(asking.permit.processing_number, ClerkDecision.RELEASE)
    ((_, kept),) = two.tax.pending_provisions(0, 2)
    assert two.provider.pending(kept) is None
    assert records(two)[0].outcome is ExchangeOutcome.PENDING
    answer = await two.provider.provide(asking.permit, None)
    assert isinstance(asking.opened(answer).found, ProvidedRecord)
    (record,) = records(two)
    assert (record.outcome, record.provided_ms) == (ExchangeOutcome.ANSWERED, two.clock.unix_ms())
    again = await two.provider.provide(asking.permit, None)
    assert again.SerializeToString() == answer.SerializeToString()


async def test_a_refused_answer_says_only_that(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asking = Asking(two, "hanako")
    await two.provider.provide(asking.permit, None)
    await two.provider.decide(asking.permit.processing_number, ClerkDecision.REFUSE)
    answer = await two.provider.provide(asking.permit, None)
    assert (answer.outcome, answer.sealed_answer) == (REFUSED, b"")
    (record,) = records(two)
    assert (record.outcome, record.reason) == (ExchangeOutcome.REFUSED, Reason.RELEASE_REFUSED)


async def test_a_decision_on_another_inquiry_under_the_number_is_not_used(two: Any, refusal: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asking = Asking(two, "hanako")
    await two.provider.provide(asking.permit, None)
    await two.provider.decide(asking.permit.processing_number, ClerkDecision.RELEASE)
    other = Asking(two, "hanako", request_id=asking.inquiry.context[2:18])
    assert await refusal(two.provider.provide(other.permit, None)) is Reason.PERMIT_REUSED


async def test_there_is_nothing_to_decide_where_nothing_waits(two: Any, refusal: Any) -> None:
    asking = Asking(two, "hanako")
    await two.provider.provide(asking.permit, None)
    number = asking.permit.processing_number
    assert await refusal(two.provider.decide(number, ClerkDecision.RELEASE)) is Reason.INQUIRY_UNKNOWN


async def test_who_a_pending_provision_is_about_is_stored_sealed(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asking = Asking(two, "hanako")
    await two.provider.provide(asking.permit, None)
    ((_, kept),) = two.tax.pending_provisions(0, 2)
    assert two.provider.pending(kept).local_number == "T-hanako"
    assert kept.sealed_person
    assert b"hanako" not in kept.sealed_person
    await two.provider.decide(asking.permit.processing_number, ClerkDecision.RELEASE)
    await two.provider.provide(asking.permit, None)
    assert two.tax.provision(kept.record.inquirer, kept.record.request_id).sealed_person == b""


async def test_what_a_clerk_decided_about_waits_for_the_inquirer_and_for_no_clerk(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asking = Asking(two, "hanako")
    await two.provider.provide(asking.permit, None)
    await two.provider.decide(asking.permit.processing_number, ClerkDecision.REFUSE)
    ((_, kept),) = two.tax.pending_provisions(0, 2)
    assert two.provider.pending(kept) is None


@pytest.mark.parametrize(
    ("asked_hidden", "person_hidden", "hidden"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
async def test_either_side_may_mark_the_fact_as_not_to_be_disclosed(
    two: Any, asked_hidden: bool, person_hidden: bool, hidden: bool
) -> None:
    if person_hidden:
        await two.tax.set_flags("T-hanako", PersonFlags.NON_DISCLOSURE)
    flags = ExchangeFlags.NON_DISCLOSURE if asked_hidden else ExchangeFlags.NONE
    await two.provider.provide(Asking(two, "hanako", flags=flags).permit, None)
    assert records(two)[0].non_disclosure is hidden


@pytest.mark.parametrize("pauses", range(0, 24, 2))
async def test_a_hub_that_goes_at_any_pause_gets_one_answer_when_it_asks_again(two: Any, pauses: int) -> None:
    asking = Asking(two, "hanako")
    call = asyncio.ensure_future(two.provider.provide(asking.permit, 10.0))
    for _ in range(pauses):
        await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    first, again = [await two.provider.provide(asking.permit, 10.0) for _ in range(2)]
    assert first.SerializeToString() == again.SerializeToString()
    assert asking.opened(first).found
    assert len(records(two)) == 1
