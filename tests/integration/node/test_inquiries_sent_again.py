"""A hub that dies between a provision and its log, a provider that is away, an assessment withdrawn: the same inquiry again."""

from __future__ import annotations

import asyncio
from typing import Any

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import Reason
from warifu.identifiers import InstitutionCode, ItemCode
from warifu_kit.audit.reconciliation import Reconciliation, reconcile

ANSWERED = node_pb2.INQUIRY_STATE_ANSWERED


async def die_after_the_provision(town: Any, asking: Any, refused: Any) -> None:
    """The hub ends when tax has answered and before that is in the log; it starts again. Tax goes away meanwhile."""
    provided, never = asyncio.Event(), asyncio.Event()

    async def stand_still(*_: object, **__: object) -> int:
        provided.set()
        await never.wait()
        raise AssertionError

    town.hub.store.close_exchange = stand_still
    call = asyncio.create_task(refused(town.client("childcare").inquire(asking, timeout=2)))
    await provided.wait()
    await town.stop_hub()
    await town.stop_node("tax")
    await town.start_hub()
    error = await call
    assert not error.definite


async def compared(town: Any) -> Reconciliation:
    records = {town.code(party): list(await town.client(party).exchange_records()) for party in ("childcare", "tax")}
    return reconcile(town.hub.store.leaves(0, 1000), records)


async def test_what_was_provided_before_the_hub_died_is_never_said_to_be_surely_unasked(
    town: Any, refused: Any
) -> None:
    asking = town.inquiry(0)
    await die_after_the_provision(town, asking, refused)
    error = await refused(town.client("childcare").inquire(asking, timeout=10))
    assert (error.reason, error.definite) == (Reason.ASKED_BEFORE, False)
    assert error.where.startswith("PROVIDER_UNREACHABLE")
    await town.start_node("tax")
    assert (await compared(town)).agrees, "the failure is on record at both, and tax provided"
    assert (await town.client("childcare").inquire(asking, timeout=10)).state == ANSWERED
    assert (await compared(town)).agrees


async def test_an_assessment_withdrawn_meanwhile_takes_no_answer_that_was_provided(town: Any, refused: Any) -> None:
    asking = town.inquiry(0)
    await die_after_the_provision(town, asking, refused)
    await town.start_node("tax")
    tax, item = InstitutionCode(town.code("tax")), ItemCode(asking.item_code)
    await town.hub.store.set_assessment(tax, item, withdrawn=True, leaf=b"")
    error = await refused(town.client("childcare").inquire(town.inquiry(1), timeout=10))
    assert error.reason is Reason.ASSESSMENT_NOT_IN_FORCE
    assert (await town.client("childcare").inquire(asking, timeout=10)).state == ANSWERED
    found = await compared(town)
    assert {difference.what for difference in found.differences} == {"event"}, "only the leaf that this test put in"
