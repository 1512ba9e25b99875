"""Faults of what a hub sends to a provider's node, which need not be of the kit: here the real tax office's."""

from __future__ import annotations

from typing import Any

import pytest

PROVIDE = "AgencyService.Provide"


def about(inquiry: Any) -> str:
    return str(inquiry.context[2:18].hex())


def seen(calm: Any, inquiry: Any) -> int:
    """How often the tax office's node was called about an exchange."""
    return sum(line.exchange == about(inquiry) and line.rpc == PROVIDE for line in calm.ledger("tax"))


@pytest.fixture
def inquiry(calm: Any, insurer: Any) -> Any:
    made = insurer.inquiry()
    calm.ask("tax", PROVIDE, "delay:1ms", times=0, exchange=about(made))  # so that each call stands in its ledger
    return made


@pytest.mark.parametrize(
    ("fault", "times", "reason"),
    [
        ("delay:20ms", 1, ""),
        ("duplicate", 2, ""),
        ("unknown_field", 1, ""),
        ("unavailable_before", 0, "PROVIDER_FAILED"),
        ("unavailable_after", 1, "PROVIDER_FAILED"),
        ("refuse:STORE_UNAVAILABLE", 0, "PROVIDER_FAILED"),
        ("tamper", 1, "PROVIDER_FAILED"),
        ("drop_request", 0, "PROVIDER_TIMED_OUT"),
        ("drop_reply", 1, "PROVIDER_TIMED_OUT"),
    ],
)
async def test_what_becomes_of_a_permit_that_meets_it(
    calm: Any, insurer: Any, inquiry: Any, fault: str, times: int, reason: str
) -> None:
    rule = calm.ask("hub", PROVIDE, fault, exchange=about(inquiry))
    ended = await insurer.alone(inquiry, timeout=2 if "drop" in fault else 20)
    assert (seen(calm, inquiry), ended.reason) == (times, reason)
    assert [line.faults for line in calm.ledger("hub") if line.by == f"rule {rule.number}"] == [fault]
    answered = await insurer.alone(inquiry)
    assert answered.response is not None


async def test_a_changed_permit_is_not_answered_and_the_true_one_is(calm: Any, insurer: Any, inquiry: Any) -> None:
    calm.ask("hub", PROVIDE, "tamper", exchange=about(inquiry))
    refused, answered = await insurer.alone(inquiry), await insurer.alone(inquiry)
    assert refused.error.where == "provider: SIGNATURE_INVALID"
    assert answered.reason == ""


async def test_other_permits_on_the_same_stream_notice_nothing(calm: Any, insurer: Any) -> None:
    inquiries = [insurer.inquiry() for _ in range(12)]
    for inquiry in inquiries[::3]:
        calm.ask("hub", PROVIDE, "unavailable_before", exchange=about(inquiry))
    ended = await insurer.on_one_stream(inquiries)
    assert [each.reason for each in ended] == ["PROVIDER_FAILED", "", ""] * 4


async def test_a_node_that_calls_its_hub_can_be_made_to_try_again(calm: Any) -> None:
    from warifu.client import NetworkDescription, NodeClient

    inquiry = next(calm.inquiries(9))
    calm.ask("childcare", "HubService.Exchange", "unavailable_after", exchange=inquiry.request_id.hex())
    async with NodeClient(NetworkDescription.load(calm.path).to_node("childcare")) as node:
        assert (await node.inquire(inquiry)).processing_number
    assert calm.ledger("childcare")[-1].faults == "unavailable_after"
