"""Issuing codes: the agency opens its own code and only that, and the hub is sent nothing that names a person."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.authority.v1.authority_service_pb2 import ConversionReceipt
from warifu.api.hub.v1.hub_service_pb2 import ConvertIssuedCodesResponse
from warifu.clock import ManualClock
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import NO_ITEM, NO_PROCEDURE, ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import check_conversion, check_issue
from warifu.identifiers import InstitutionCode, MyNumber, ResidentRecordCode
from warifu.party.held import Held
from warifu_services.authority.issuing import Issuer
from warifu_services.authority.numbering import Numbering
from warifu_services.authority.store import AuthorityStore

Designate = Callable[[int], Any]
PersonOf = Callable[[MyNumber], Point]


def patient() -> float | None:
    """The caller set no deadline."""
    return None


@pytest.fixture
def designate(
    numbering: Numbering, registry: InstitutionCode, residents: Callable[[int], list[ResidentRecordCode]]
) -> Designate:
    """Designates numbers for so many residents."""
    return lambda count: numbering.designate(registry, residents(count))


def digits(numbers: Sequence[MyNumber]) -> list[str]:
    return [number.digits for number in numbers]


async def test_an_agency_opens_its_code_of_each_person(
    issuer: Issuer, tax: Any, designate: Designate, person_of: PersonOf
) -> None:
    numbers = await designate(120)
    batch = await issuer.issue(tax.code, digits(numbers), patient)
    opened = [tax.opened(result) for result in batch.results]
    assert opened == [tax.expected(person_of(number)) for number in numbers]
    assert len(set(opened)) == 120


async def test_a_second_issuance_gives_the_same_code_in_another_encryption(
    issuer: Issuer, tax: Any, designate: Designate
) -> None:
    numbers = digits(await designate(3))
    first, second = [(await issuer.issue(tax.code, numbers, patient)).results for _ in range(2)]
    assert [tax.opened(result) for result in first] == [tax.opened(result) for result in second]
    assert not any(one == other for one in first for other in second)


async def test_one_person_twice_in_a_batch_is_encrypted_twice(
    issuer: Issuer, hub: Any, tax: Any, designate: Designate
) -> None:
    (number,) = digits(await designate(1))
    await issuer.issue(tax.code, [number, number], patient)
    first, second = hub.requests[0].encrypted_codes
    assert not {first.c1, first.c2} & {second.c1, second.c2}


async def test_a_source_of_randomness_that_repeats_links_no_two_encryptions(
    network: Any, issuer: Issuer, hub: Any, tax: Any, childcare: Any, designate: Designate
) -> None:
    (number,) = digits(await designate(1))
    issuer._random_bytes = lambda size: bytes([len(hub.requests)]) * 16 if size == 16 else bytes(size)
    await issuer.issue(tax.code, [number, number], patient)
    await issuer.issue(childcare.code, [number], patient)
    assert len({code.c1 for request in hub.requests for code in request.encrypted_codes}) == 3


async def test_two_agencies_get_codes_that_have_nothing_in_common(
    issuer: Issuer, tax: Any, childcare: Any, designate: Designate
) -> None:
    numbers = digits(await designate(10))
    at_tax = [tax.opened(result) for result in (await issuer.issue(tax.code, numbers, patient)).results]
    at_childcare = (await issuer.issue(childcare.code, numbers, patient)).results
    assert not set(at_tax) & {childcare.opened(result) for result in at_childcare}


async def test_another_agency_opens_nothing_of_use(
    issuer: Issuer, tax: Any, childcare: Any, designate: Designate, person_of: PersonOf
) -> None:
    (number,) = await designate(1)
    (result,) = (await issuer.issue(tax.code, [number.digits], patient)).results
    person = person_of(number)
    assert childcare.opened(result) not in {tax.expected(person), childcare.expected(person), person}


async def test_a_changed_number_changes_no_code(
    issuer: Issuer, numbering: Numbering, tax: Any, childcare: Any, designate: Designate
) -> None:
    (old,) = await designate(1)
    agencies = (tax, childcare)
    before = [a.opened((await issuer.issue(a.code, [old.digits], patient)).results[0]) for a in agencies]
    new = await numbering.replace(old)
    after = [a.opened((await issuer.issue(a.code, [new.digits], patient)).results[0]) for a in agencies]
    assert before == after
    assert (await issuer.issue(tax.code, [old.digits], patient)).results == [Reason.NUMBER_NOT_DESIGNATED]


async def test_refused_numbers_are_refused_in_their_places_and_the_others_issued(
    issuer: Issuer, tax: Any, designate: Designate, person_of: PersonOf
) -> None:
    numbers = await designate(130)
    asked: list[str] = digits(numbers)
    bad = {0: "", 49: "123456789012", 50: "123456789018", 51: "１" * 12, 129: numbers[129].digits + "\n"}
    for place, text in bad.items():
        asked[place] = text
    batch = await issuer.issue(tax.code, asked, patient)
    for place, result in enumerate(batch.results):
        if place in bad:
            well_formed = bad[place] == "123456789018"
            assert result is (Reason.NUMBER_NOT_DESIGNATED if well_formed else Reason.NUMBER_MALFORMED)
        else:
            assert tax.opened(result) == tax.expected(person_of(numbers[place]))


async def test_the_hub_is_not_called_for_a_batch_without_a_code(issuer: Issuer, hub: Any, tax: Any) -> None:
    batch = await issuer.issue(tax.code, ["123456789018", "x"], patient)
    assert batch.results == [Reason.NUMBER_NOT_DESIGNATED, Reason.NUMBER_MALFORMED]
    assert (batch.receipt, hub.requests) == (ConversionReceipt(), [])


async def test_the_context_says_issue_and_names_no_item_and_no_procedure(
    issuer: Issuer, hub: Any, tax: Any, directory: Directory, clock: ManualClock, designate: Designate
) -> None:
    await issuer.issue(tax.code, digits(await designate(1)), patient)
    context = ExchangeContext.decode(hub.requests[0].context)
    assert (context.kind, context.suite, context.flags) == (ContextKind.ISSUE, 2, ExchangeFlags.NONE)
    assert (context.inquirer, context.provider) == (directory.authority, tax.code)
    assert (context.item_code, context.procedure_code) == (NO_ITEM, NO_PROCEDURE)
    assert (context.epoch_to, context.key_id_to) == (tax.entry.epoch, tax.entry.key_id)
    context.check_times(clock.now())
    clock.advance(timedelta(minutes=1))
    await issuer.issue(tax.code, digits(await designate(1)), patient)
    again = ExchangeContext.decode(hub.requests[1].context)
    assert again.issued_ms - context.issued_ms == 60_000
    assert again.request_id != context.request_id


async def test_the_authority_signs_what_it_sends_and_hands_on_what_the_hub_signed(
    issuer: Issuer, hub: Any, tax: Any, directory: Directory, designate: Designate
) -> None:
    batch = await issuer.issue(tax.code, [*digits(await designate(3)), "x"], patient)
    (sent,) = hub.requests
    check_issue(directory.authority_signing_key, sent.authority_signature, sent.context, sent.encrypted_codes)
    codes = [result for result in batch.results if not isinstance(result, Reason)]
    receipt = batch.receipt
    assert (receipt.context, receipt.encrypted_codes) == (sent.context, sent.encrypted_codes)
    assert (receipt.authority_signature, len(receipt.conversion_proofs)) == (sent.authority_signature, 1)
    proofs, key = receipt.conversion_proofs, directory.hub_signing_key
    check_conversion(key, receipt.hub_signature, receipt.context, codes, proofs)


def drop_one(answer: ConvertIssuedCodesResponse) -> None:
    del answer.converted_codes[-1]


def add_one(answer: ConvertIssuedCodesResponse) -> None:
    answer.converted_codes.append(answer.converted_codes[0])


def swap_two(answer: ConvertIssuedCodesResponse) -> None:
    answer.converted_codes.reverse()


def shorten(answer: ConvertIssuedCodesResponse) -> None:
    code = answer.converted_codes[0]
    code.c2, code.c1 = code.c1[-1:] + code.c2, code.c1[:-1]


def flip_a_bit(answer: ConvertIssuedCodesResponse) -> None:
    code = answer.converted_codes[1]
    code.c2 = bytes([code.c2[0] ^ 1]) + code.c2[1:]


def forget_to_sign(answer: ConvertIssuedCodesResponse) -> None:
    answer.hub_signature = b""


@pytest.mark.parametrize("spoil", [drop_one, add_one, swap_two, shorten, flip_a_bit, forget_to_sign])
async def test_an_answer_that_is_not_exactly_what_the_hub_signed_is_discarded(
    issuer: Issuer,
    hub: Any,
    tax: Any,
    store: AuthorityStore,
    designate: Designate,
    spoil: Callable[[ConvertIssuedCodesResponse], object],
) -> None:
    hub.spoil = spoil
    with pytest.raises(WarifuError) as refused:
        await issuer.issue(tax.code, digits(await designate(3)), patient)
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID
    assert store.codes_issued() == 0


async def test_an_unknown_agency_gets_nothing(issuer: Issuer, hub: Any, designate: Designate) -> None:
    with pytest.raises(WarifuError) as refused:
        await issuer.issue(InstitutionCode.build(99, None, 1), digits(await designate(1)), patient)
    assert (refused.value.reason, hub.requests) == (Reason.INSTITUTION_UNKNOWN, [])


async def test_the_hub_gets_what_is_left_of_the_deadline(
    issuer: Issuer, hub: Any, tax: Any, designate: Designate
) -> None:
    numbers = digits(await designate(1))
    await issuer.issue(tax.code, numbers, lambda: 3.0)
    assert 2.5 < hub.timeouts[0] < 3.0
    with pytest.raises(WarifuError) as refused:
        await issuer.issue(tax.code, numbers, lambda: 0.05)
    assert (refused.value.reason, len(hub.requests)) == (Reason.DEADLINE_TOO_SHORT, 1)


async def test_only_a_total_is_kept_of_what_was_issued(
    issuer: Issuer, store: AuthorityStore, tax: Any, designate: Designate
) -> None:
    numbers = digits(await designate(5))
    await issuer.issue(tax.code, [*numbers, "x"], patient)
    await issuer.issue(tax.code, numbers[:2], patient)
    assert store.codes_issued() == 7


async def batches_of(*batches: Sequence[str]) -> AsyncGenerator[Sequence[str], None]:
    for batch in batches:
        yield batch


async def test_batches_come_back_in_order(issuer: Issuer, tax: Any, designate: Designate, person_of: PersonOf) -> None:
    numbers = await designate(12)
    texts = digits(numbers)
    batches = [texts[:5], ["x"], texts[5:6], texts[6:]]
    issued = [batch async for batch in issuer.issue_many(tax.code, batches_of(*batches), patient)]
    results = [result for batch in issued for result in batch.results]
    assert results.pop(5) is Reason.NUMBER_MALFORMED
    assert [tax.opened(result) for result in results] == [tax.expected(person_of(number)) for number in numbers]


async def test_the_next_batch_is_encrypted_while_the_hub_converts_one(
    issuer: Issuer, hub: Any, tax: Any, designate: Designate, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = digits(await designate(3))
    prepared: asyncio.Queue[int] = asyncio.Queue()
    prepare = issuer._prepare

    async def noted(*asked: Any) -> Any:
        done = await prepare(*asked)
        prepared.put_nowait(len(hub.requests))
        return done

    monkeypatch.setattr(issuer, "_prepare", noted)
    hub.open.clear()
    stream = issuer.issue_many(tax.code, batches_of(numbers[:1], numbers[1:2], numbers[2:]), patient)
    first = asyncio.ensure_future(anext(stream))
    for _ in range(3):  # all three are encrypted although the hub has answered none
        await asyncio.wait_for(prepared.get(), 10)
    assert len(hub.requests) == 1
    hub.open.set()
    await first
    assert len([batch async for batch in stream]) == 2


async def test_a_caller_that_waits_for_each_answer_before_it_asks_again_is_answered(
    issuer: Issuer, tax: Any, designate: Designate
) -> None:
    numbers = digits(await designate(3))
    answered = asyncio.Semaphore(1)

    async def one_at_a_time() -> AsyncGenerator[Sequence[str], None]:
        for number in numbers:
            await asyncio.wait_for(answered.acquire(), 10)
            yield [number]

    count = 0
    async for _ in issuer.issue_many(tax.code, one_at_a_time(), patient):
        count += 1
        answered.release()
    assert count == 3


async def test_a_batch_that_waited_for_its_turn_is_dated_when_it_is_sent(
    issuer: Issuer, hub: Any, tax: Any, clock: ManualClock, designate: Designate
) -> None:
    numbers = digits(await designate(2))
    stream = issuer.issue_many(tax.code, batches_of(numbers[:1], numbers[1:]), patient)
    await anext(stream)
    clock.advance(timedelta(hours=1))
    await anext(stream)
    ExchangeContext.decode(hub.requests[1].context).check_times(clock.now())
    await stream.aclose()


async def test_what_came_before_an_error_is_given_first(issuer: Issuer, tax: Any, designate: Designate) -> None:
    numbers = digits(await designate(2))

    async def failing() -> AsyncGenerator[Sequence[str], None]:
        yield numbers
        raise WarifuError(Reason.REQUEST_MALFORMED, where="acquisitions")

    stream = issuer.issue_many(tax.code, failing(), patient)
    assert len((await anext(stream)).results) == 2
    with pytest.raises(WarifuError) as refused:
        await anext(stream)
    assert refused.value.reason is Reason.REQUEST_MALFORMED


async def test_a_stream_left_early_leaves_nothing_running(issuer: Issuer, tax: Any, designate: Designate) -> None:
    numbers = digits(await designate(2))
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[Sequence[str], None]:
        try:
            while True:
                yield numbers
        finally:
            closed.set()

    stream = issuer.issue_many(tax.code, endless(), patient)
    await anext(stream)
    await stream.aclose()
    assert closed.is_set()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_arithmetic_is_done_in_pieces_and_off_the_event_loop(
    issuer: Issuer, tax: Any, designate: Designate, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = digits(await designate(120))
    pieces: list[tuple[str, int]] = []
    encrypt = issuer._encrypt

    def noted(entry: Any, request_id: bytes, start: int, piece: Sequence[str]) -> Any:
        pieces.append((threading.current_thread().name, len(piece)))
        return encrypt(entry, request_id, start, piece)

    monkeypatch.setattr(issuer, "_encrypt", noted)
    assert len((await issuer.issue(tax.code, numbers, patient)).results) == 120
    assert sorted(size for _, size in pieces) == [20, 50, 50]
    assert threading.current_thread().name not in {thread for thread, _ in pieces}


class Behind:
    """A directory that is a version behind until it is refreshed."""

    def __init__(self, older: Directory, newer: Directory) -> None:
        self.held, self._newer, self.asked = Held(older), newer, 0

    async def refresh(self) -> bool:
        self.asked += 1
        taken = self.held.current() is not self._newer
        self.held.hold(self._newer)
        return taken

    def issuer(self, issuer: Issuer) -> Issuer:
        """The same issuer, going by this directory."""
        issuer._directories, issuer._refresh = self.held, self.refresh
        return issuer


async def test_an_agency_that_joined_a_moment_ago_is_known_once_the_version_is_taken(
    issuer: Issuer, directory: Directory, tax: Any, designate: Designate
) -> None:
    others = {code: entry for code, entry in directory.entries.items() if code != tax.code}
    behind = Behind(replace(directory, entries=others), directory)
    numbers = digits(await designate(2))
    results = (await behind.issuer(issuer).issue(tax.code, numbers, patient)).results
    assert not any(isinstance(result, Reason) for result in results)
    assert behind.asked == 1
    with pytest.raises(WarifuError) as refused:
        await issuer.issue(InstitutionCode("9999999999999999"), numbers, patient)
    assert (refused.value.reason, behind.asked) == (Reason.INSTITUTION_UNKNOWN, 2)


async def test_a_hub_that_signs_with_a_newer_key_is_believed_once_the_version_is_taken(
    issuer: Issuer, directory: Directory, hub: Any, tax: Any, designate: Designate
) -> None:
    behind = Behind(replace(directory, hub_signing_key=SigningKey.generate().verify_key), directory)
    numbers = digits(await designate(2))
    results = (await behind.issuer(issuer).issue(tax.code, numbers, patient)).results
    assert not any(isinstance(result, Reason) for result in results)
    hub.spoil = lambda answer: setattr(answer, "hub_signature", bytes(len(answer.hub_signature)))
    with pytest.raises(WarifuError) as refused:
        await issuer.issue(tax.code, numbers, patient)
    assert (refused.value.reason, behind.asked) == (Reason.HUB_ANSWER_INVALID, 2)
