"""One inquiry of ours: stored before it is sent, recorded before it is handed over, the same when repeated."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from warifu.agency import ProvidedRecord
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.inquiry_book import InquiryResult
from warifu_services.node.store import ClerkDecision, ExchangeOutcome, ExchangeRecord, PersonFlags
from warifu_services.node.store_memory import MemoryNodeStore


def records(two: Any) -> list[ExchangeRecord]:
    return [record for _, record in two.childcare.records(0, 1000)]


def unreachable() -> WarifuError:
    return WarifuError(Reason.HUB_UNREACHABLE)


async def background(inquirer: Inquirer) -> None:
    """Wait until nothing goes on in the background any more."""
    while tasks := (*inquirer._background, *inquirer._under_way.values()):
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


async def test_an_answer_comes_with_its_record_and_both_sides_records_agree(two: Any) -> None:
    asked = two.ask("hanako")
    result: InquiryResult = await two.inquirer.inquire(asked, 10.0)
    assert result.found == ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", two.replica("hanako").record)
    assert result.kept.permitted_position == 5
    (ours,), ((_, theirs),) = records(two), two.tax.records(0, 10)
    assert ours.outcome is theirs.outcome is ExchangeOutcome.ANSWERED
    for name in ("request_id", "processing_number", "inquiry_digest", "answer_digest", "provided_ms", "item_code"):
        assert getattr(ours, name) == getattr(theirs, name)


async def test_an_inquiry_is_stored_before_it_is_sent(two: Any) -> None:
    stored: list[ExchangeOutcome] = []

    async def look() -> None:
        stored.extend(record.outcome for record in records(two))

    two.hub.before = look
    await two.inquirer.inquire(two.ask("hanako"), 10.0)
    assert stored == [ExchangeOutcome.OPEN]


async def test_what_sending_again_needs_is_sealed_and_erased_at_the_end(two: Any) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(Reason.HUB_TIMED_OUT)]
    with pytest.raises(WarifuError, match="HUB_TIMED_OUT"):
        await two.inquirer.inquire(asked, 10.0)
    kept = two.childcare.inquiry(asked.question.request_id)
    assert kept.sealed_secrets
    assert two.hub.seen[0] not in kept.sealed_secrets
    await two.inquirer.fetch(asked.question.request_id, 10.0, 10.0)
    kept = two.childcare.inquiry(asked.question.request_id)
    assert kept.sealed_secrets == b""
    assert two.replica("hanako").record not in kept.sealed_result


async def test_without_a_code_nothing_is_stored_and_nothing_sent(two: Any, refusal: Any) -> None:
    assert await refusal(two.inquirer.inquire(two.ask("nobody"), 10.0)) is Reason.CODE_NOT_ACQUIRED
    assert (records(two), two.hub.seen) == ([], [])


async def test_an_inquiry_to_oneself_or_to_nobody_is_refused_here(two: Any, refusal: Any) -> None:
    own = two.pair.keys["childcare"].own.institution
    asked = two.ask("hanako", provider=own)
    assert await refusal(two.inquirer.inquire(asked, 10.0)) is Reason.REQUEST_MALFORMED
    asked = two.ask("hanako", provider=InstitutionCode("9990000000000001"))
    assert await refusal(two.inquirer.inquire(asked, 10.0)) is Reason.INSTITUTION_UNKNOWN
    assert (records(two), two.hub.seen) == ([], [])


async def test_too_little_time_is_told_before_anything_is_stored(two: Any, refusal: Any) -> None:
    assert await refusal(two.inquirer.inquire(two.ask("hanako"), 0.05)) is Reason.DEADLINE_TOO_SHORT
    assert (records(two), two.hub.seen) == ([], [])


async def test_the_hub_gets_what_is_left_of_the_deadline(two: Any) -> None:
    await two.inquirer.inquire(two.ask("hanako"), 2.0)
    await two.inquirer.inquire(two.ask("hanako"), None)
    assert 1.5 < two.hub.timeouts[0] <= 1.95
    assert 29 < two.hub.timeouts[1] <= 30


async def test_the_same_request_is_the_same_inquiry(two: Any) -> None:
    asked = two.ask("hanako")
    first = await two.inquirer.inquire(asked, 10.0)
    again = await two.new_inquirer().inquire(asked, 10.0)
    assert again.found == first.found
    assert again.kept == first.kept
    assert len(two.hub.seen) == 1


async def test_the_same_request_many_times_at_once_is_sent_once(two: Any) -> None:
    asked = two.ask("hanako")
    results = await asyncio.gather(*(two.inquirer.inquire(asked, 10.0) for _ in range(6)))
    assert len({result.kept.record.answer_digest for result in results}) == 1
    assert (len(two.hub.seen), len(records(two))) == (1, 1)


@pytest.mark.parametrize("change", [{"fiscal_year": 2025}, {"person": "taro"}])
async def test_a_request_id_with_other_content_is_refused(two: Any, refusal: Any, change: dict[str, Any]) -> None:
    await two.add("taro")
    asked = two.ask("hanako")
    await two.inquirer.inquire(asked, 10.0)
    person = change.pop("person", "hanako")
    other = two.ask(person, request_id=asked.question.request_id, **change)
    assert await refusal(two.inquirer.inquire(other, 10.0)) is Reason.REQUEST_REUSED
    assert await refusal(two.inquirer.submit(other)) is Reason.REQUEST_REUSED


async def test_a_request_id_of_a_pruned_inquiry_is_not_used_again(two: Any, refusal: Any) -> None:
    asked = two.ask("hanako")
    await two.inquirer.inquire(asked, 10.0)
    await two.childcare.purge(requested_before_ms=0, changed_before_ms=two.clock.unix_ms() + 1)
    assert await refusal(two.inquirer.inquire(asked, 10.0)) is Reason.ASKED_BEFORE
    assert await refusal(two.inquirer.fetch(asked.question.request_id, 10.0, 10.0)) is Reason.INQUIRY_UNKNOWN


async def test_a_hub_that_comes_back_gets_the_same_bytes_again(two: Any) -> None:
    two.hub.failures = [unreachable(), unreachable(), unreachable()]
    result = await two.inquirer.inquire(two.ask("hanako"), 10.0)
    assert isinstance(result.found, ProvidedRecord)
    assert len(two.hub.seen) == 4
    assert len(set(two.hub.seen)) == 1


async def test_a_hub_that_stays_away_leaves_the_inquiry_open(two: Any, refusal: Any) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [unreachable() for _ in range(100)]
    assert await refusal(two.inquirer.inquire(asked, 0.5)) is Reason.HUB_UNREACHABLE
    assert 2 <= len(two.hub.seen) < 100
    (record,) = records(two)
    assert (record.outcome, record.reason) == (ExchangeOutcome.OPEN, None)
    two.hub.failures = []
    result = await two.inquirer.fetch(asked.question.request_id, 10.0, 10.0)
    assert isinstance(result.found, ProvidedRecord)
    assert len(set(two.hub.seen)) == 1
    assert [record.outcome for record in records(two)] == [ExchangeOutcome.ANSWERED]


REFUSALS = [Reason.EXCHANGE_NOT_PERMITTED, Reason.ASSESSMENT_NOT_IN_FORCE, Reason.CONSENT_MISSING, Reason.ITEM_UNKNOWN]


@pytest.mark.parametrize("reason", REFUSALS)
async def test_a_refusal_is_recorded_final_and_told_again(two: Any, refusal: Any, reason: Reason) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(reason)]
    assert await refusal(two.inquirer.inquire(asked, 10.0)) is reason
    (record,) = records(two)
    assert (record.outcome, record.reason, record.processing_number) == (ExchangeOutcome.REFUSED, reason, "")
    assert two.childcare.inquiry(asked.question.request_id).sealed_secrets == b""
    assert await refusal(two.inquirer.inquire(asked, 10.0)) is reason
    assert await refusal(two.inquirer.fetch(asked.question.request_id, 10.0, 10.0)) is reason
    assert len(two.hub.seen) == 1


FAILURES = [Reason.PROVIDER_UNREACHABLE, Reason.PROVIDER_TIMED_OUT, Reason.PROVIDER_FAILED, Reason.LOG_UNAVAILABLE]


@pytest.mark.parametrize("reason", FAILURES)
async def test_a_failure_is_recorded_and_may_be_asked_again(two: Any, refusal: Any, reason: Reason) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(reason)]
    assert await refusal(two.inquirer.inquire(asked, 10.0)) is reason
    (record,) = records(two)
    assert (record.outcome, record.reason) == (ExchangeOutcome.FAILED, reason)
    result = await two.inquirer.inquire(asked, 10.0)
    assert isinstance(result.found, ProvidedRecord)
    assert len(set(two.hub.seen)) == 1
    (record,) = records(two)
    assert (record.outcome, record.reason) == (ExchangeOutcome.ANSWERED, None)


async def test_an_absence_is_recorded_as_answered_and_told_as_a_reason(two: Any, refusal: Any) -> None:
    await two.add("recordless", record=False)
    asked = two.ask("recordless")
    assert await refusal(two.inquirer.inquire(asked, 10.0)) is Reason.RECORD_NOT_HELD
    (record,) = records(two)
    assert (record.outcome, record.reason) == (ExchangeOutcome.ANSWERED, Reason.RECORD_NOT_HELD)
    assert await refusal(two.inquirer.fetch(asked.question.request_id, 10.0, 10.0)) is Reason.RECORD_NOT_HELD
    assert len(two.hub.seen) == 1


@pytest.mark.parametrize("number", ["", "x" * 20, "20260615000000000000"])
async def test_an_answer_that_does_not_verify_is_recorded_and_not_handed_over(
    two: Any, refusal: Any, number: str
) -> None:
    two.hub.change = lambda response: setattr(response, "processing_number", number)
    assert await refusal(two.inquirer.inquire(two.ask("hanako"), 10.0)) is Reason.HUB_ANSWER_INVALID
    (record,) = records(two)
    assert (record.outcome, record.reason) == (ExchangeOutcome.FAILED, Reason.HUB_ANSWER_INVALID)


async def test_an_answer_that_cannot_be_recorded_is_withheld(
    two: Any, refusal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise WarifuError(Reason.STORE_UNAVAILABLE)

    asked = two.ask("hanako")
    with monkeypatch.context() as patch:
        patch.setattr(two.childcare, "put_inquiry", full)
        assert await refusal(two.inquirer.inquire(asked, 10.0)) is Reason.STORE_UNAVAILABLE
    assert records(two)[0].outcome is ExchangeOutcome.OPEN
    assert isinstance((await two.inquirer.fetch(asked.question.request_id, 10.0, 10.0)).found, ProvidedRecord)


async def test_an_inquiry_that_cannot_be_stored_is_not_sent(
    two: Any, refusal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise WarifuError(Reason.STORE_UNAVAILABLE)

    monkeypatch.setattr(two.childcare, "begin_inquiry", full)
    assert await refusal(two.inquirer.inquire(two.ask("hanako"), 10.0)) is Reason.STORE_UNAVAILABLE
    assert two.hub.seen == []


async def test_a_pending_answer_is_fetched_later_with_the_same_bytes(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asked = two.ask("hanako")
    result = await two.inquirer.inquire(asked, 10.0)
    assert (result.kept.record.outcome, result.found) == (ExchangeOutcome.PENDING, None)
    number = result.kept.record.processing_number
    two.clock.advance(timedelta(days=2))
    still = await two.new_inquirer().fetch(asked.question.request_id, 10.0, 10.0)
    assert still.kept.record.outcome is ExchangeOutcome.PENDING
    await two.provider.decide(number, ClerkDecision.RELEASE)
    fetched = await two.new_inquirer().fetch(asked.question.request_id, 10.0, 10.0)
    assert isinstance(fetched.found, ProvidedRecord)
    assert fetched.kept.record.processing_number == number
    assert len(set(two.hub.seen)) == 1


async def test_a_clerks_refusal_ends_the_inquiry(two: Any, refusal: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asked = two.ask("hanako")
    number = (await two.inquirer.inquire(asked, 10.0)).kept.record.processing_number
    await two.provider.decide(number, ClerkDecision.REFUSE)
    assert await refusal(two.inquirer.fetch(asked.question.request_id, 10.0, 10.0)) is Reason.RELEASE_REFUSED
    (record,) = records(two)
    assert (record.outcome, record.reason) == (ExchangeOutcome.REFUSED, Reason.RELEASE_REFUSED)
    assert two.childcare.inquiry(asked.question.request_id).sealed_secrets == b""


async def test_a_pending_inquiry_stays_so_while_the_hub_is_away(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asked = two.ask("hanako")
    await two.inquirer.inquire(asked, 10.0)
    two.hub.failures = [unreachable() for _ in range(100)]
    for wait in (0.0, 10.0):
        fetched = await two.inquirer.fetch(asked.question.request_id, wait, 0.2)
        assert fetched.kept.record.outcome is ExchangeOutcome.PENDING
    assert records(two)[0].outcome is ExchangeOutcome.PENDING


async def test_a_submitted_inquiry_goes_on_by_itself(two: Any) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [unreachable()]
    await two.inquirer.submit(asked)
    assert two.hub.seen == []
    await background(two.inquirer)
    assert [record.outcome for record in records(two)] == [ExchangeOutcome.ANSWERED]
    await two.inquirer.submit(asked)
    fetched = await two.inquirer.fetch(asked.question.request_id, 10.0, 10.0)
    assert isinstance(fetched.found, ProvidedRecord)
    assert len(two.hub.seen) == 2


async def test_a_submitted_inquiry_that_is_refused_says_so_when_fetched(two: Any, refusal: Any) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(Reason.EXCHANGE_NOT_PERMITTED)]
    await two.inquirer.submit(asked)
    await background(two.inquirer)
    assert await refusal(two.inquirer.fetch(asked.question.request_id, 10.0, 10.0)) is Reason.EXCHANGE_NOT_PERMITTED


async def test_an_unknown_inquiry_cannot_be_fetched(two: Any, refusal: Any) -> None:
    assert await refusal(two.inquirer.fetch(b"u" * 16, 10.0, 10.0)) is Reason.INQUIRY_UNKNOWN


async def test_a_restarted_node_goes_on_with_what_it_left_open(two: Any) -> None:
    away = asyncio.Event()
    two.hub.before = away.wait
    asked = [two.ask("hanako") for _ in range(3)]
    for one in asked:
        await two.inquirer.submit(one)
    await asyncio.sleep(0)
    await two.inquirer.close()
    assert {record.outcome for record in records(two)} == {ExchangeOutcome.OPEN}
    two.hub.before = None
    restarted = two.new_inquirer()
    restarted.resume()
    await background(restarted)
    assert {record.outcome for record in records(two)} == {ExchangeOutcome.ANSWERED}
    for one in asked:
        assert isinstance((await restarted.fetch(one.question.request_id, 10.0, 10.0)).found, ProvidedRecord)
    assert len(set(two.hub.seen)) == 3


async def test_an_inquiry_goes_on_when_its_caller_has_gone(two: Any) -> None:
    arrived, gate = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await gate.wait()

    two.hub.before = wait
    asked = two.ask("hanako")
    call = asyncio.create_task(two.inquirer.inquire(asked, 10.0))
    await arrived.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    gate.set()
    await background(two.inquirer)
    assert [record.outcome for record in records(two)] == [ExchangeOutcome.ANSWERED]


async def test_a_code_moved_to_another_row_does_not_open(two: Any) -> None:
    await two.add("taro")
    hanako, taro = two.childcare.person("C-hanako"), two.childcare.person("C-taro")
    store = MemoryNodeStore()
    mixed = type(hanako)(
        local_number="C-hanako", row_key=hanako.row_key, sealed_code=taro.sealed_code, code_epoch=hanako.code_epoch
    )
    await store.add_people([mixed])
    with pytest.raises(WarifuError, match="KEY_INVALID"):
        await two.new_inquirer(store).inquire(two.ask("hanako"), 10.0)


@pytest.mark.parametrize("pauses", range(0, 24, 2))
async def test_a_business_system_that_goes_at_any_pause_finds_one_inquiry_when_it_asks_again(
    two: Any, pauses: int
) -> None:
    asked = two.ask("hanako")
    call = asyncio.ensure_future(two.inquirer.inquire(asked, 10.0))
    for _ in range(pauses):
        await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    result: InquiryResult = await two.inquirer.inquire(asked, 10.0)
    assert result.found == ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", two.replica("hanako").record)
    assert [record.outcome for record in records(two)] == [ExchangeOutcome.ANSWERED]
    assert len(set(two.hub.seen)) == 1
