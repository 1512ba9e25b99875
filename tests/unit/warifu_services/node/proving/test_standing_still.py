"""What only time shows: a log that does not go on, and a permit that another time is logged for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu_services.node.proving import MISSING_AFTER

PERMITTED, ANSWERED = log_pb2.LEAF_EVENT_PERMITTED, log_pb2.LEAF_EVENT_ANSWERED


def overdue(both: Any) -> None:
    both.two.clock.advance(MISSING_AFTER)


async def test_a_log_that_says_another_time_than_the_permit_does_not_have_it(both: Any) -> None:
    """A hub that held a permit back cannot date it later."""
    record = await both.exchange()
    both.log.write(record, PERMITTED, at_ms=record.requested_ms - 2)
    both.log.write(record, ANSWERED)
    overdue(both)
    await both.tax.look()
    assert both.tax.prover.missing() is not None


async def test_a_checkpoint_that_is_as_before_an_exchange_a_minute_later_stands_still(both: Any) -> None:
    both.log.write(await both.exchange(), PERMITTED)
    await both.tax.look()
    both.two.clock.advance(timedelta(seconds=1))
    hidden = await both.exchange()
    overdue(both)
    await both.tax.look()
    assert both.tax.prover.standing_still(None) == (
        f"the hub's checkpoint is as it was before exchange {hidden.processing_number}"
    )
    assert both.tax.prover.missing() is None
    both.log.write(hidden, PERMITTED)
    await both.tax.look()
    assert both.tax.prover.standing_still(None) is None


async def test_a_log_in_which_nothing_happens_stands_still_for_a_good_reason(both: Any) -> None:
    both.log.write(await both.exchange(), PERMITTED)
    await both.tax.look()
    both.two.clock.advance(timedelta(days=1))
    await both.tax.look()
    both.tax.prover.compared()
    assert both.tax.prover.standing_still(both.two.clock.unix_ms() - 10**9) is None


async def test_a_hub_that_is_there_and_shows_no_checkpoint_for_a_minute_is_noticed(both: Any) -> None:
    prover, clock = both.tax.prover, both.two.clock
    since_ms = clock.unix_ms()
    clock.advance(MISSING_AFTER - timedelta(seconds=1))
    assert prover.standing_still(since_ms) is None
    clock.advance(timedelta(seconds=1))
    assert prover.standing_still(since_ms) == "the hub shows no checkpoint since 2026-06-15 03:00:00 UTC"
    assert prover.standing_still(None) is None, "it is away"
    prover.compared()
    assert prover.standing_still(since_ms) is None
