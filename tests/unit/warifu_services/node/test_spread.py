"""What nobody waits for is sent at a random moment within the spread, and stays so when the node is started again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.record.v1 import sealed_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.clock import MINUTE_MS, whole_minute
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeContext
from warifu_services.node.gossip import SILENT, Gossip
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.spread import AT_ONCE, Spread
from warifu_services.node.store import ExchangeOutcome

SEED = 20261128
FIRST, MIDDLE, LAST = b"\0" * 8, b"\x80" + b"\0" * 7, b"\xff" * 8


def _drawing(*drawn: bytes) -> Callable[[int], bytes]:
    draws = iter(drawn)
    return lambda count: next(draws)


class Telling(Gossip):
    """Counts how often it is asked what to tell."""

    def __init__(self) -> None:
        self.asked = 0

    def telling(self) -> sealed_pb2.Gossip | None:
        self.asked += 1
        return None


def _inquirer(two: Any, spread: Spread, gossip: Gossip = SILENT) -> Inquirer:
    pair = two.pair
    return Inquirer(
        keys=pair.keys["childcare"],
        directory=pair.directory,
        store=two.childcare,
        hub=two.hub,
        clock=two.clock,
        spread=spread,
        gossip=gossip,
    )


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  # what is waited for tells nobody
            await asyncio.sleep(0)


def _dated_ms(sent: bytes) -> int:
    return ExchangeContext.decode(SignedInquiry.FromString(sent).context).issued_ms


@pytest.mark.parametrize(("drawn", "later_ms"), [(FIRST, 0), (MIDDLE, 30_000), (LAST, 59_999)])
def test_each_moment_of_the_spread_is_as_likely(drawn: bytes, later_ms: int) -> None:
    assert Spread(60, _drawing(drawn)).send_ms(1_000) == 1_000 + later_ms


def test_without_a_spread_it_is_sent_at_once() -> None:
    assert (AT_ONCE.send_ms(5), bool(AT_ONCE)) == (5, False)
    assert AT_ONCE.resumed_ms(0, 5) == 5


@pytest.mark.parametrize("seconds", [-1, 601, float("nan"), float("inf")])
def test_a_spread_that_outlasts_an_inquiry_is_refused(seconds: float) -> None:
    with pytest.raises(WarifuError) as refused:
        Spread(seconds)
    assert refused.value.reason is Reason.CONFIG_INVALID


def test_after_a_restart_it_is_sent_within_its_minute_and_later_within_the_spread_as_long_as_it_is_good() -> None:
    spread = Spread(300, _drawing(LAST, LAST, LAST, LAST))
    assert spread.resumed_ms(5 * MINUTE_MS, MINUTE_MS) == 6 * MINUTE_MS - 1
    assert spread.resumed_ms(MINUTE_MS, MINUTE_MS + 30_000) == 2 * MINUTE_MS - 1
    assert spread.resumed_ms(0, 2 * MINUTE_MS) == 7 * MINUTE_MS - 1
    assert spread.resumed_ms(0, 8 * MINUTE_MS) == 9 * MINUTE_MS - 1
    assert Spread(300).resumed_ms(0, 20 * MINUTE_MS) == 20 * MINUTE_MS, "it is refused as stale, and that is its end"


async def test_what_is_submitted_is_not_sent_before_its_moment_and_is_dated_to_it(two: Any) -> None:
    inquirer, asked = _inquirer(two, Spread(600, _drawing(MIDDLE))), two.ask("hanako")
    await inquirer.submit(asked)
    results = [await inquirer.fetch(asked.question.request_id, wait=0.0, left=None) for _ in range(3)]
    assert {result.kept.record.outcome for result in results} == {ExchangeOutcome.OPEN}
    assert two.hub.seen == []
    assert results[0].kept.record.requested_ms == whole_minute(two.clock.unix_ms() + 300_000)
    await inquirer.close()


@pytest.mark.parametrize(("spread", "told"), [(Spread(600, _drawing(MIDDLE)), 0), (AT_ONCE, 1)])
async def test_what_is_sent_later_tells_nothing_of_the_hub_that_would_date_its_submission(
    two: Any, spread: Spread, told: int
) -> None:
    gossip = Telling()
    inquirer = _inquirer(two, spread, gossip)
    await inquirer.submit(two.ask("hanako"))
    assert gossip.asked == told
    await inquirer.close()


async def test_what_was_submitted_together_and_is_sent_apart_shares_no_signature(two: Any) -> None:
    inquirer = _inquirer(two, Spread(0.05))
    asked = [two.ask("hanako") for _ in range(4)]
    await asyncio.gather(*map(inquirer.submit, asked))
    await _until(lambda: len(two.hub.seen) == len(asked))
    signatures = [SignedInquiry.FromString(sent).inquirer_signature for sent in two.hub.seen]
    assert {len(signature) for signature in signatures} == {64}, "each the plain one of a single statement"
    await inquirer.close()


async def test_one_who_waits_is_not_delayed(two: Any) -> None:
    inquirer = _inquirer(two, Spread(600, _drawing(MIDDLE)))
    assert (await inquirer.inquire(two.ask("hanako"), 5.0)).found is not None
    await inquirer.close()


async def test_what_was_spread_when_the_node_stopped_is_sent_when_it_is_started_again(two: Any) -> None:
    before, asked = _inquirer(two, Spread(600, _drawing(MIDDLE))), two.ask("hanako")
    await before.submit(asked)
    await before.close()
    assert two.hub.seen == []
    two.clock.advance(timedelta(minutes=5))
    after = _inquirer(two, Spread(600, _drawing(FIRST)))
    after.resume()
    await _until(lambda: bool(two.hub.seen))
    result = await after.fetch(asked.question.request_id, wait=5.0, left=None)
    assert result.found is not None
    assert _dated_ms(two.hub.seen[0]) == result.kept.record.requested_ms
    await after.close()


async def test_whoever_asks_about_it_right_after_the_restart_does_not_hurry_it(two: Any) -> None:
    before, asked = _inquirer(two, Spread(600, _drawing(MIDDLE))), two.ask("hanako")
    await before.submit(asked)
    await before.close()
    two.clock.advance(timedelta(minutes=6))
    after = _inquirer(two, Spread(600, _drawing(MIDDLE)))
    after.resume()
    await asyncio.sleep(0)
    result = await after.fetch(asked.question.request_id, wait=0.0, left=None)
    assert result.kept.record.outcome is ExchangeOutcome.OPEN
    assert two.hub.seen == []
    await after.close()


async def test_a_node_without_a_spread_sends_what_was_dated_ahead_no_earlier_than_that(two: Any) -> None:
    before, asked = _inquirer(two, Spread(600, _drawing(MIDDLE))), two.ask("hanako")
    await before.submit(asked)
    await before.close()
    after = _inquirer(two, AT_ONCE)
    after.resume()
    await asyncio.sleep(0)
    await after.fetch(asked.question.request_id, wait=0.0, left=None)
    assert two.hub.seen == []
    await after.close()


async def test_many_are_sent_in_another_order_than_they_were_asked_in(two: Any) -> None:
    rng = random.Random(SEED)
    print("seed", SEED)  # noqa: T201  # shown when a test fails
    inquirer, asked = _inquirer(two, Spread(0.2, rng.randbytes)), [two.ask("hanako") for _ in range(20)]
    for each in asked:
        await inquirer.submit(each)
    for each in asked:
        await inquirer.fetch(each.question.request_id, wait=10.0, left=None)
    sent = [ExchangeContext.decode(SignedInquiry.FromString(seen).context).request_id for seen in two.hub.seen]
    wanted = [each.question.request_id for each in asked]
    assert sorted(sent) == sorted(wanted)
    assert sent != wanted
    await inquirer.close()
