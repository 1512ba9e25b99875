"""A node finds out that an exchange of its own is not in the hub's log, or not as the node knows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError
from warifu.exchange.statements import check_permit
from warifu.party.alarms import AlarmKind
from warifu_services.node.proving import MISSING_AFTER
from warifu_services.node.standing_store import LogBreak
from warifu_services.node.store import ClerkDecision, PersonFlags

NOT_IN_LOG = AlarmKind.EXCHANGE_NOT_IN_LOG
PERMITTED, ANSWERED = log_pb2.LEAF_EVENT_PERMITTED, log_pb2.LEAF_EVENT_ANSWERED


def overdue(both: Any) -> None:
    both.two.clock.advance(MISSING_AFTER)


async def test_what_the_log_has_is_proven_once_by_either_side_and_not_asked_for_again(both: Any) -> None:
    record = await both.exchange()
    both.log.write(record, PERMITTED)
    both.log.write(record, ANSWERED)
    for node in (both.tax, both.childcare):
        assert len(node.unproven) == 1
        await node.look()
        assert node.unproven == []
        await node.look()
        assert node.prover.missing() is None
    assert both.log.asked == [1, 1]


async def test_an_exchange_that_is_left_out_is_missing_a_minute_later_and_the_permit_is_kept(both: Any) -> None:
    left_out, other = await both.exchange(), await both.exchange()
    both.log.write(other, PERMITTED)
    both.log.write(other, ANSWERED)
    for node in (both.tax, both.childcare):
        await node.look()
        assert node.prover.missing() is None
        assert node.evidence.found == []
    overdue(both)
    for node in (both.tax, both.childcare):
        await node.look()
        assert node.prover.missing() == (
            f"the hub's log lacks 1 exchanges of this node, such as {left_out.processing_number}"
        )
        ((kind, kept, _),) = node.evidence.found
        assert (kind, kept.processing_number) == (NOT_IN_LOG, left_out.processing_number)
        assert kept.inquiry_digest == left_out.inquiry_digest
    permit = ProvisionPermit.FromString(both.tax.evidence.found[0][1].permit)
    check_permit(both.two.pair.directory.hub_signing_key, permit, left_out.inquiry_digest)
    assert both.childcare.evidence.found[0][1].permit == b""


async def test_it_is_missing_still_when_the_node_starts_again_and_not_any_more_when_the_hub_shows_it(
    both: Any,
) -> None:
    record = await both.exchange()
    both.log.write(replace(record, request_id=bytes(16)), PERMITTED)
    overdue(both)
    await both.tax.look()
    both.tax.begin()
    assert str(both.tax.prover.missing()).startswith("the hub's log lacks 1 exchanges")
    both.log.write(record, PERMITTED)
    await both.tax.look()
    assert both.tax.prover.missing() is None
    assert both.tax.unproven == []


@pytest.mark.parametrize("name", ["inquiry_digest", "procedure_code", "item_code", "processing_number", "provider"])
async def test_a_log_that_says_something_else_of_it_does_not_have_it(both: Any, name: str) -> None:
    record = await both.exchange()
    changed = bytes(32) if name == "inquiry_digest" else "9020110020000009"
    both.log.write(record, PERMITTED, **{name: changed})
    both.log.write(record, ANSWERED)
    overdue(both)
    for node in (both.tax, both.childcare):
        await node.look()
        assert node.prover.missing() is not None


async def test_an_inquirer_holds_the_log_to_the_answer_that_it_got_and_a_provider_does_not(both: Any) -> None:
    """The provider's answer may not have reached the hub."""
    record = await both.exchange()
    both.log.write(record, PERMITTED)
    both.log.write(record, log_pb2.LEAF_EVENT_FAILED, answer_digest=b"", reason="PROVIDER_TIMED_OUT")
    overdue(both)
    await both.tax.look()
    await both.childcare.look()
    assert both.tax.prover.missing() is None
    assert both.childcare.prover.missing() is not None


async def test_an_answer_that_waited_for_a_clerk_is_proven_twice(both: Any) -> None:
    await both.tax.file.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asked = both.two.ask("hanako")
    await both.inquirer.inquire(asked, 5.0)
    both.log.write(both.record(asked), PERMITTED)
    both.log.write(both.record(asked), log_pb2.LEAF_EVENT_PENDING)
    await both.childcare.look()
    assert both.childcare.unproven == []
    await both.provider.decide(both.record(asked).processing_number, ClerkDecision.RELEASE)
    both.two.clock.advance(timedelta(seconds=1))
    with pytest.raises(WarifuError):
        await both.inquirer.fetch(asked.question.request_id, 5.0, 5.0)
    (unproven,) = both.childcare.unproven
    assert unproven.answer_digest == both.record(asked).answer_digest
    both.log.write(both.record(asked), ANSWERED)
    await both.childcare.look()
    assert both.childcare.unproven == []


@pytest.mark.parametrize(
    "refusal", [WarifuError(Reason.INTERNAL), WarifuError(Reason.HUB_TIMED_OUT), WarifuError(Reason.HUB_ANSWER_INVALID)]
)
async def test_a_hub_that_compares_and_proves_nothing_is_noticed(both: Any, refusal: WarifuError) -> None:
    record = await both.exchange()
    both.log.write(record, PERMITTED)
    both.log.refuse = refusal
    await both.tax.look()
    assert both.tax.prover.missing() is None
    overdue(both)
    await both.exchange()
    await both.tax.look()
    assert both.tax.prover.missing() is not None
    assert len(both.log.asked) == 2, "one that refuses is not asked again before the next look"


async def test_a_hub_that_is_away_is_blamed_for_nothing(both: Any) -> None:
    await both.exchange()
    both.log.write(await both.exchange(), PERMITTED)
    overdue(both)
    both.log.refuse = WarifuError(Reason.HUB_UNREACHABLE)
    with pytest.raises(WarifuError):
        await both.tax.look()
    assert both.tax.prover.missing() is None


async def test_what_the_log_says_that_it_lost_is_nobodys_fault(both: Any) -> None:
    await both.exchange()
    both.log.write(replace(await both.exchange(), request_id=bytes(16)), PERMITTED)
    overdue(both)
    await both.tax.look(LogBreak(1, b"seen", b"continued"))
    assert both.tax.prover.missing() is None
    assert both.tax.unproven == []
    assert both.tax.evidence.found == []


async def test_a_node_that_is_told_to_go_on_goes_on_without_what_is_missing(both: Any) -> None:
    await both.exchange()
    both.log.write(replace(await both.exchange(), request_id=bytes(16)), PERMITTED)
    overdue(both)
    await both.tax.look()
    assert both.tax.prover.missing() is not None
    both.tax.store.excuse_now()
    both.tax.begin()
    await both.tax.look()
    assert both.tax.prover.missing() is None
    assert both.tax.unproven == []


async def test_many_are_asked_for_in_batches_and_what_came_since_the_comparison_is_not(both: Any) -> None:
    for _ in range(230):
        both.log.write(await both.exchange(), PERMITTED)
    both.two.clock.advance(timedelta(milliseconds=1))
    await both.tax.seen.put_seen(both.log.note())
    began_ms = both.two.clock.unix_ms()
    both.two.clock.advance(timedelta(milliseconds=1))
    await both.exchange()
    await both.tax.prover.prove(both.log, began_ms)
    assert both.log.asked == [100, 100, 30]
    assert len(both.tax.unproven) == 1
