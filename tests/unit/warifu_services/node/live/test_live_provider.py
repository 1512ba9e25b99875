"""A provider that keeps no replicas: whom it asks, what it believes, and what the hub can tell from it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from warifu.agency import Absence, Decision, Pending, ProvidedRecord
from warifu.errors import Reason, WarifuError
from warifu.exchange.inquiry import OpenedAnswer, open_answer
from warifu.exchange.statements import inquiry_digest
from warifu_services.node.store import ClerkDecision, ExchangeOutcome, PersonFlags


class Asking:
    """An inquiry with its permit, and the key to the answer."""

    def __init__(self, two: Any, name: str, **changes: Any) -> None:
        self._two = two
        self.inquiry, self._answer_key = two.pair.inquiry(name.encode(), now=two.clock.now(), **changes)
        self.permit = two.pair.permit(self.inquiry, now=two.clock.now())

    async def answered(self, left: float | None = 10.0) -> OpenedAnswer:
        return open_answer(
            await self._two.provider.provide(self.permit, left),
            context=self.inquiry.context,
            asked=inquiry_digest(self.inquiry),
            processing_number=self.permit.processing_number,
            provider=self._two.pair.keys["tax"].own,
            answer_key=self._answer_key,
        )


def outcomes(two: Any) -> list[ExchangeOutcome]:
    return [record.outcome for _, record in two.tax.records(0, 1000)]


async def test_the_business_system_is_asked_by_local_number_and_its_record_is_given(two_live: Any) -> None:
    asking = Asking(two_live, "hanako", fiscal_year=2026)
    opened = await asking.answered()
    assert opened.found == two_live.told["record"]()
    (asked,) = two_live.live.asked
    assert (asked.local_number, asked.fiscal_year, asked.released) == ("T-hanako", 2026, False)
    assert asked.processing_number == asking.permit.processing_number
    assert asked.today.isoformat() == "2026-06-15"
    assert asked.seconds < 10  # what the hub waits, less what the node needs for itself


async def test_a_registered_replica_does_not_answer_for_a_business_system(two_live: Any) -> None:
    two_live.live.says = lambda _: Absence.NOT_HELD
    assert (await Asking(two_live, "hanako").answered()).found is Absence.NOT_HELD


async def test_somebody_who_is_not_here_is_looked_up_under_a_number_that_nobody_has(two_live: Any) -> None:
    await Asking(two_live, "hanako").answered()
    assert (await Asking(two_live, "nobody").answered()).found is Absence.NOT_HELD
    known, stand_in = (asked.local_number for asked in two_live.live.asked)
    assert known == "T-hanako"
    assert len(stand_in) == len(known)
    assert stand_in[1] == "-"
    assert two_live.tax.unknown_people([stand_in]) == {stand_in}


async def test_nobody_gets_no_record_whatever_the_business_system_says(two_live: Any) -> None:
    for said in (two_live.told["record"](), Pending.CLERK):
        two_live.live.says = lambda _, said=said: said
        assert (await Asking(two_live, "nobody").answered()).found is Absence.NOT_HELD
    assert set(outcomes(two_live)) == {ExchangeOutcome.ANSWERED}


async def test_a_system_may_have_somebody_of_its_own_under_the_number_that_is_looked_up_for_nobody(
    two_live: Any,
) -> None:
    """docs/limits.md: whose code the node never acquired, of them it does not know that they have that number."""
    systems_own: list[str] = []

    def say(asked: Any) -> ProvidedRecord:
        systems_own.append(asked.local_number)  # it has somebody under every number there is
        record: ProvidedRecord = two_live.told["record"]()
        return record

    two_live.live.says = say
    assert (await Asking(two_live, "nobody").answered()).found is Absence.NOT_HELD, (
        "and no one gets that person's record"
    )
    assert systems_own not in ([], ["T-hanako"])


async def test_a_system_that_is_at_fault_in_its_records_shows_by_the_reason_who_is_known(
    two_live: Any, refusal: Any
) -> None:
    """docs/limits.md: only those are failed of whom it has a record."""
    bad = ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", b"\xff")
    two_live.live.says = lambda asked: bad if asked.local_number == "T-hanako" else Absence.NOT_HELD
    assert await refusal(Asking(two_live, "hanako").answered()) is Reason.ADAPTER_ANSWER_INVALID
    assert (await Asking(two_live, "nobody").answered()).found is Absence.NOT_HELD


BAD: list[tuple[Any, str]] = [
    (ProvidedRecord("warifu.api.record.v1.ResidentRecord", b""), "record_type"),
    (ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", b"\xff"), "record does not fit"),
    (ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", b"\x08\x01"), "record.fiscal_year does not fit"),
    (ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", b"x" * 1_000_001), "record does not fit"),
    (None, "NoneType is no answer"),
    ("a record", "str is no answer"),
]


@pytest.mark.parametrize("name", ["hanako", "nobody"])
@pytest.mark.parametrize(("said", "told"), BAD, ids=[told for _, told in BAD])
async def test_what_is_no_answer_fails_the_exchange_for_known_and_unknown_alike(
    two_live: Any, name: str, said: Any, told: str
) -> None:
    two_live.live.says = lambda _: said
    with pytest.raises(WarifuError) as refused:
        await Asking(two_live, name).answered()
    assert refused.value.reason is Reason.ADAPTER_ANSWER_INVALID
    assert told in refused.value.where
    assert told in (two_live.provider.adapter_fault() or "")
    assert outcomes(two_live) == []


async def test_a_record_of_another_year_than_the_one_asked_for_is_no_answer(two_live: Any, refusal: Any) -> None:
    two_live.live.says = lambda _: two_live.told["record"](2025)
    assert await refusal(Asking(two_live, "hanako", fiscal_year=2026).answered()) is Reason.ADAPTER_ANSWER_INVALID


FAILING = [
    (ValueError("T-hanako"), Reason.ADAPTER_ANSWER_INVALID),
    (NotImplementedError(), Reason.ADAPTER_ANSWER_INVALID),
    (TimeoutError(), Reason.ADAPTER_TIMED_OUT),
    (WarifuError(Reason.RECORD_NOT_HELD), Reason.ADAPTER_ANSWER_INVALID),
    (WarifuError(Reason.ADAPTER_UNREACHABLE, where="adapter: nobody listens there"), Reason.ADAPTER_UNREACHABLE),
]


@pytest.mark.parametrize("name", ["hanako", "nobody"])
@pytest.mark.parametrize(("error", "reason"), FAILING, ids=[type(error).__name__ for error, _ in FAILING])
async def test_a_business_system_that_fails_has_a_reason_without_what_it_said(
    two_live: Any, name: str, error: Exception, reason: Reason
) -> None:
    two_live.live.says = two_live.told["raising"](error)
    with pytest.raises(WarifuError) as failed:
        await Asking(two_live, name).answered()
    assert failed.value.reason is reason
    assert failed.value.definite
    assert "hanako" not in f"{failed.value} {failed.value.debug}"


async def test_after_a_failure_the_same_permit_is_answered(two_live: Any, refusal: Any) -> None:
    asking = Asking(two_live, "hanako")
    two_live.live.says = two_live.told["raising"](OSError())
    assert await refusal(asking.answered()) is Reason.ADAPTER_ANSWER_INVALID
    assert two_live.provider.adapter_fault()
    two_live.live.says = lambda _: two_live.told["record"]()
    opened = await asking.answered()
    assert isinstance(opened.found, ProvidedRecord)
    assert two_live.provider.adapter_fault() is None
    assert len(two_live.live.asked) == 2
    assert await asking.answered() == opened  # from the node's own store: nobody is asked again
    assert len(two_live.live.asked) == 2


@pytest.mark.parametrize(
    ("error", "stands"),
    [
        (TimeoutError(), False),
        (WarifuError(Reason.ADAPTER_UNREACHABLE, where="adapter: it broke off"), False),
        (ValueError(), True),
    ],
    ids=["none came in time", "it was not reached", "it was wrong"],
)
async def test_an_answer_that_did_not_come_is_past_once_the_system_is_there_and_a_wrong_one_is_not(
    two_live: Any, refusal: Any, error: Exception, stands: bool
) -> None:
    two_live.live.says = two_live.told["raising"](error)
    await refusal(Asking(two_live, "hanako").answered())
    assert two_live.provider.adapter_fault()
    two_live.provider.adapter_reached()
    assert (two_live.provider.adapter_fault() is not None) == stands


async def test_no_more_than_the_hubs_patience_is_waited_and_then_it_is_said(two_live: Any, refusal: Any) -> None:
    two_live.live.says = lambda _: asyncio.sleep(3600)
    assert await refusal(Asking(two_live, "hanako").answered(0.25)) is Reason.ADAPTER_TIMED_OUT
    (asked,) = two_live.live.asked
    assert asked.seconds < 0.16


async def test_without_time_for_a_look_up_nobody_is_asked(two_live: Any, refusal: Any) -> None:
    assert await refusal(Asking(two_live, "hanako").answered(0.12)) is Reason.DEADLINE_TOO_SHORT
    assert two_live.live.asked == []
    assert two_live.provider.adapter_fault() is None


async def test_an_item_the_kind_does_not_provide_is_not_asked_for(two_live: Any) -> None:
    two_live.live.provides = {}
    assert (await Asking(two_live, "hanako").answered()).found is Absence.NOT_HELD
    assert two_live.live.asked == []


async def test_what_the_business_system_holds_for_a_clerk_is_pending_until_it_says_otherwise(two_live: Any) -> None:
    two_live.live.says = lambda asked: two_live.told["record"]() if asked.released else Pending.CLERK
    asking = Asking(two_live, "hanako")
    for _ in range(2):
        assert (await asking.answered()).found is None
    (held,) = two_live.live.held  # when it was asked again
    assert (held.local_number, held.processing_number) == ("T-hanako", asking.permit.processing_number)
    assert held.received.isoformat() == "2026-06-15T03:00:00+00:00"
    two_live.live.decides = lambda _: Decision.RELEASE
    assert isinstance((await asking.answered()).found, ProvidedRecord)
    assert two_live.live.asked[-1].released
    assert outcomes(two_live) == [ExchangeOutcome.ANSWERED]


async def test_a_clerk_at_the_node_releases_it_as_well(two_live: Any, refusal: Any) -> None:
    two_live.live.says = lambda asked: two_live.told["record"]() if asked.released else Pending.CLERK
    asking = Asking(two_live, "hanako")
    await asking.answered()
    await two_live.provider.decide(asking.permit.processing_number, ClerkDecision.RELEASE)
    assert isinstance((await asking.answered()).found, ProvidedRecord)
    assert two_live.live.held == []


async def test_a_refusal_of_the_business_system_reaches_the_inquirer_as_one(two_live: Any) -> None:
    two_live.live.says = lambda _: Pending.CLERK
    asking = Asking(two_live, "hanako")
    await asking.answered()
    two_live.live.decides = lambda _: Decision.REFUSE
    await asking.answered()
    assert outcomes(two_live) == [ExchangeOutcome.REFUSED]


async def test_pending_is_no_answer_once_a_clerk_has_released_it(two_live: Any, refusal: Any) -> None:
    two_live.live.says = lambda _: Pending.CLERK
    two_live.live.decides = lambda _: Decision.RELEASE
    asking = Asking(two_live, "hanako")
    await asking.answered()
    assert await refusal(asking.answered()) is Reason.ADAPTER_ANSWER_INVALID


async def test_for_a_flagged_person_the_business_system_is_asked_for_the_decision_first(two_live: Any) -> None:
    await two_live.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    held, released, refused = (Asking(two_live, "hanako") for _ in range(3))
    assert (await held.answered()).found is None
    assert two_live.live.asked == []
    two_live.live.decides = lambda _: Decision.RELEASE
    assert isinstance((await released.answered()).found, ProvidedRecord)
    assert two_live.live.asked[-1].released
    two_live.live.decides = lambda _: Decision.REFUSE
    await refused.answered()
    assert outcomes(two_live) == [ExchangeOutcome.PENDING, ExchangeOutcome.ANSWERED, ExchangeOutcome.REFUSED]


async def test_a_business_system_that_cannot_say_leaves_a_pending_provision_pending(two_live: Any) -> None:
    two_live.live.says = lambda _: Pending.CLERK
    asking = Asking(two_live, "hanako")
    await asking.answered()
    for said in (two_live.told["raising"](OSError()), lambda _: "yes"):
        two_live.live.decides = said
        assert (await asking.answered()).found is None
        assert "ADAPTER_ANSWER_INVALID" in (two_live.provider.adapter_fault() or "")
    assert outcomes(two_live) == [ExchangeOutcome.PENDING]


async def test_other_bytes_under_a_pending_request_are_refused_before_anybody_is_asked(
    two_live: Any, refusal: Any
) -> None:
    two_live.live.says = lambda _: Pending.CLERK
    asking = Asking(two_live, "hanako")
    await asking.answered()
    request_id = asking.inquiry.context[2:18]
    other = Asking(two_live, "hanako", request_id=request_id)
    assert await refusal(other.answered()) is Reason.PERMIT_REUSED
    assert two_live.live.held == []


async def test_an_agency_with_replicas_is_never_asked_live(two: Any) -> None:
    assert two.provider.adapter_fault() is None
    assert isinstance((await Asking(two, "hanako").answered()).found, ProvidedRecord)
