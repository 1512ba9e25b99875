"""An inquiry that is sent again: what a business system is told holds for the inquiry, not for one sending of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from warifu.agency import ProvidedRecord
from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.store import ExchangeOutcome, PersonFlags

AT_THE_DOOR = [
    Reason.CALLER_REVOKED,
    Reason.CALLER_NOT_IN_DATE,
    Reason.CALLER_NOT_ALLOWED,
    Reason.CALLER_NOT_IDENTIFIED,
    Reason.OVERLOADED,
]


async def failed(awaited: Any) -> WarifuError:
    with pytest.raises(WarifuError) as caught:
        await awaited
    return caught.value


def kept(two: Any, asked: Any) -> Any:
    return two.childcare.inquiry(asked.question.request_id)


@pytest.mark.parametrize("reason", AT_THE_DOOR)
async def test_a_door_that_lets_the_first_sending_not_in_is_definite(two: Any, reason: Reason) -> None:
    two.hub.failures = [WarifuError(reason)]
    error = await failed(two.inquirer.inquire(two.ask("hanako"), 10.0))
    assert (error.reason, error.definite) == (reason, True)


@pytest.mark.parametrize("restarted", [False, True], ids=["in one call", "after a restart"])
@pytest.mark.parametrize("reason", AT_THE_DOOR)
async def test_a_door_that_lets_a_later_sending_not_in_says_nothing_of_the_first(
    two: Any, reason: Reason, *, restarted: bool
) -> None:
    asked, inquirer = two.ask("hanako"), two.inquirer
    two.hub.failures = [WarifuError(Reason.HUB_UNREACHABLE if not restarted else Reason.HUB_TIMED_OUT)]
    if restarted:
        await failed(inquirer.inquire(asked, 10.0))
        inquirer = two.new_inquirer()
    two.hub.failures.append(WarifuError(reason, where="certificate"))
    error = await failed(inquirer.inquire(asked, 10.0))
    assert (error.reason, error.definite, error.where) == (Reason.ASKED_BEFORE, False, f"{reason.value} certificate")
    assert kept(two, asked).record.outcome is ExchangeOutcome.OPEN
    assert isinstance((await inquirer.inquire(asked, 10.0)).found, ProvidedRecord), "it can still be asked for"


async def test_a_pending_inquiry_stays_so_when_the_door_does_not_let_it_in(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asked = two.ask("hanako")
    await two.inquirer.inquire(asked, 10.0)
    two.hub.failures = [WarifuError(Reason.CALLER_REVOKED)]
    error = await failed(two.inquirer.fetch(asked.question.request_id, 5.0, 10.0))
    assert error.reason is Reason.ASKED_BEFORE
    assert kept(two, asked).record.outcome is ExchangeOutcome.PENDING
    assert kept(two, asked).sealed_secrets


async def test_a_hub_that_refuses_what_it_had_permitted_is_not_believed(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asked = two.ask("hanako")
    await two.inquirer.inquire(asked, 10.0)
    two.hub.failures = [WarifuError(Reason.ASSESSMENT_NOT_IN_FORCE)]
    error = await failed(two.inquirer.fetch(asked.question.request_id, 5.0, 10.0))
    assert (error.reason, error.where) == (Reason.HUB_ANSWER_INVALID, "the hub: ASSESSMENT_NOT_IN_FORCE after a permit")
    record = kept(two, asked).record
    assert (record.outcome, record.reason) == (ExchangeOutcome.FAILED, Reason.HUB_ANSWER_INVALID)
    assert kept(two, asked).sealed_secrets, "the answer can still be fetched"


async def test_too_short_a_deadline_says_nothing_of_the_time_before(two: Any) -> None:
    asked = two.ask("hanako")
    first = await failed(two.inquirer.inquire(asked, 0.05))
    assert (first.reason, first.definite) == (Reason.DEADLINE_TOO_SHORT, True)
    two.hub.failures = [WarifuError(Reason.HUB_TIMED_OUT)]
    await failed(two.inquirer.inquire(asked, 10.0))
    for again in (two.inquirer.inquire(asked, 0.05), two.inquirer.fetch(asked.question.request_id, 1.0, 0.01)):
        error = await failed(again)
        assert (error.reason, error.definite, error.where) == (
            Reason.ASKED_BEFORE,
            False,
            "DEADLINE_TOO_SHORT deadline",
        )


async def test_too_short_a_deadline_is_definite_where_nothing_was_provided(two: Any) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(Reason.EXCHANGE_NOT_PERMITTED)]
    await failed(two.inquirer.inquire(asked, 10.0))
    assert (await failed(two.inquirer.inquire(asked, 0.05))).reason is Reason.DEADLINE_TOO_SHORT


async def test_what_the_hub_could_not_ask_again_may_be_fetched_later(two: Any) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [
        WarifuError(Reason.HUB_TIMED_OUT),
        WarifuError(Reason.ASKED_BEFORE, where="PROVIDER_UNREACHABLE"),
    ]
    await failed(two.inquirer.inquire(asked, 10.0))
    assert (await failed(two.inquirer.inquire(asked, 10.0))).reason is Reason.ASKED_BEFORE
    record = kept(two, asked).record
    assert (record.outcome, record.reason) == (ExchangeOutcome.FAILED, Reason.ASKED_BEFORE)
    assert isinstance((await two.inquirer.inquire(asked, 10.0)).found, ProvidedRecord)


async def test_keys_that_went_while_an_answer_was_on_its_way_make_no_refusal_of_it(
    two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: bytes) -> Any:
        raise WarifuError(Reason.EPOCH_STALE, where="inquiry.provider")

    asked = two.ask("hanako")
    with monkeypatch.context() as patch:
        patch.setattr(two.inquirer._book, "_provider", gone)
        error = await failed(two.inquirer.inquire(asked, 10.0))
    assert (error.reason, error.definite) == (Reason.HUB_ANSWER_INVALID, False)
    assert kept(two, asked).sealed_secrets
    assert isinstance((await two.inquirer.inquire(asked, 10.0)).found, ProvidedRecord)


OF_WHAT_WAS_SENT = [Reason.POINT_INVALID, Reason.REQUEST_MALFORMED, Reason.SUITE_UNKNOWN, Reason.SIGNATURE_INVALID]


@pytest.mark.parametrize("reason", OF_WHAT_WAS_SENT)
async def test_what_the_hub_finds_wrong_with_what_a_node_made_is_not_the_business_systems_fault(
    two: Any, reason: Reason
) -> None:
    """Its record says what the hub said, so that both sides' records agree."""
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(reason, where="inquiry.encrypted_code")]
    error = await failed(two.inquirer.inquire(asked, 10.0))
    assert (error.reason, error.where) == (
        Reason.HUB_ANSWER_INVALID,
        f"the hub: {reason.value} inquiry.encrypted_code",
    )
    assert kept(two, asked).record.reason is reason
    for again in (two.inquirer.inquire(asked, 10.0), two.inquirer.fetch(asked.question.request_id, 1.0, 10.0)):
        assert (await failed(again)).reason is Reason.HUB_ANSWER_INVALID


async def test_no_reason_of_an_inquirys_end_reaches_a_business_system_as_its_own_invalid_argument(two: Any) -> None:
    faults = [reason for reason in Reason if CATALOGUE[reason].status == "INVALID_ARGUMENT"]
    assert len(faults) > 5
    for reason in faults:
        two.hub.failures = [WarifuError(reason)]
        error = await failed(two.inquirer.inquire(two.ask("hanako"), 10.0))
        assert error.entry.status != "INVALID_ARGUMENT", reason


@pytest.mark.parametrize("position", [2**63, 2**64 - 1])
async def test_a_position_that_no_store_can_hold_loses_no_answer(two: Any, position: int) -> None:
    asked, set_to = two.ask("hanako"), [position]
    two.hub.change = lambda response: setattr(response, "permitted_position", set_to[0])
    error = await failed(two.inquirer.inquire(asked, 10.0))
    assert (error.reason, error.where) == (Reason.HUB_ANSWER_INVALID, "permitted_position")
    assert kept(two, asked).record.outcome is ExchangeOutcome.FAILED
    set_to[0] = 2**63 - 1
    assert isinstance((await two.inquirer.inquire(asked, 10.0)).found, ProvidedRecord)


async def test_an_inquiry_that_fails_as_nobody_foresaw_keeps_no_other_from_going_on(
    two: Any,
) -> None:
    asked = [two.ask("hanako") for _ in range(3)]
    two.hub.failures = [WarifuError(Reason.HUB_TIMED_OUT)] * 3
    for each in asked:
        await failed(two.inquirer.inquire(each, 10.0))
    two.hub.failures = [OverflowError()]
    resumed: Inquirer = two.new_inquirer()
    resumed.resume()
    await asyncio.gather(*resumed._background)
    outcomes = [kept(two, each).record.outcome for each in asked]
    assert sorted(outcomes) == [ExchangeOutcome.OPEN, ExchangeOutcome.ANSWERED, ExchangeOutcome.ANSWERED]
