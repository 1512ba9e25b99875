"""What the hub is asked in bulk is, call by call, what it is asked alone; a provider that serves no bulk answers all the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from warifu.api.hub.v1 import hub_service_pb2 as hub_pb2
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.errors import Reason


def calls_of(inquiries: Any, timeout_ms: int = 20_000) -> hub_pb2.ExchangeBulkRequest:
    return hub_pb2.ExchangeBulkRequest(
        calls=[
            hub_pb2.ExchangeCall(
                call_number=number, timeout_ms=timeout_ms, request=hub_pb2.ExchangeRequest(inquiry=inquiry)
            )
            for number, inquiry in enumerate(inquiries)
        ]
    )


async def asked(asker: Any, *messages: hub_pb2.ExchangeBulkRequest) -> dict[int, Any]:
    replies = asker.hub.ExchangeBulk(iter(messages), timeout=30)
    return {reply.call_number: reply async for message in replies for reply in message.replies}


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_provider_that_serves_no_bulk_gets_each_permit_as_ever(
    asker: Any, tax_office: Any, log_of: Any, lone_hub: Any, streamed: bool
) -> None:
    inquiries = [asker.inquiry() for _ in range(40)]
    ends = await asked(asker, calls_of(inquiries))
    assert Counter(end.WhichOneof("end") for end in ends.values()) == {"response": 40}
    assert len(tax_office.permits) == 40
    numbers = {end.response.processing_number for end in ends.values()}
    assert len(numbers) == 40
    assert {permit.processing_number for permit in tax_office.permits} == numbers
    leaves = [log_pb2.ExchangeLeaf.FromString(leaf) for leaf in await log_of(lone_hub).leaves()]
    request_ids = {inquiry.context[2:18] for inquiry in inquiries}
    events = Counter((leaf.request_id in request_ids, leaf.event) for leaf in leaves)
    assert events[True, log_pb2.LEAF_EVENT_PERMITTED] == events[True, log_pb2.LEAF_EVENT_ANSWERED] == 40


async def test_a_row_that_is_refused_and_one_that_is_repeated_end_in_their_own_way(asker: Any, tax_office: Any) -> None:
    good, twice = asker.inquiry(), asker.inquiry()
    unsigned = asker.inquiry()
    unsigned.inquirer_signature = bytes(64)
    ends = await asked(asker, calls_of([good, unsigned, twice, twice]))
    assert [ends[number].WhichOneof("end") for number in range(4)] == ["response", "failure", "response", "response"]
    assert ends[1].failure.reason == "SIGNATURE_INVALID"
    assert ends[2].response == ends[3].response
    assert await asker.send(good) == ends[0].response, "asked alone, it is the same exchange"


@pytest.mark.parametrize("count", [0, 257])
async def test_an_empty_or_overfull_message_ends_the_stream(asker: Any, count: int) -> None:
    message = hub_pb2.ExchangeBulkRequest(calls=[hub_pb2.ExchangeCall(timeout_ms=1000)] * count)
    refused = await asker.calls.failed(asked(asker, message))
    assert (refused.reason, refused.where) == (Reason.REQUEST_MALFORMED, "calls")
