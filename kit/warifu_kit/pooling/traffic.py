"""Traffic shaped like the shipped procedures: applicants come one after the other, and each is asked about at two providers.

Decides when an applicant comes (a seeded Poisson stream of ``rate`` a second) and how the office asks: it submits both
questions at once and fetches the answers later, or it waits for them.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from warifu.api.node.v1.node_service_pb2 import INQUIRY_STATE_SUBMITTED
from warifu.client import NodeClient
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ProcedureCode
from warifu_kit.demo.offices import Offices
from warifu_kit.demo.plan import Plan
from warifu_kit.demo.procedures import new_inquiry
from warifu_kit.demo.registrations import Case

__all__ = ["ask_about_everybody", "ask_in_bulk"]

_FETCH_WAIT_S = 10.0
_NOT_YET = frozenset({Reason.HUB_TIMED_OUT, Reason.HUB_UNREACHABLE, Reason.OVERLOADED})


async def ask_about_everybody(offices: Offices, plan: Plan, *, rate: float, seed: int, waiting: bool) -> int:
    """Ask about every applicant of every procedure; how many there were. ``waiting``: the office waits for each answer."""
    rng, asking = random.Random(seed), set[asyncio.Task[None]]()  # noqa: S311  # when applicants come is no secret
    cases = [(procedure, case) for procedure in plan.procedures for case in procedure.cases]
    rng.shuffle(cases)
    for procedure, case in cases:
        asking.add(asyncio.create_task(_ask(offices, procedure.procedure_code, case, waiting=waiting)))
        await asyncio.sleep(rng.expovariate(rate))
    await asyncio.gather(*asking)
    return len(cases)


async def ask_in_bulk(offices: Offices, plan: Plan) -> None:
    """Ask about every applicant at once, case after case, and leave it to the node in which order that goes."""
    for procedure in plan.procedures:
        for agency in procedure.agencies:
            asked = [
                new_inquiry(case.local_number, procedure.procedure_code, offices.institution(provider), item)
                for case in procedure.cases
                if case.agency == agency
                for provider, item in case.questions
            ]
            async for result in offices.nodes[agency].bulk_inquire(asked):
                if result.WhichOneof("end") == "failure":
                    raise WarifuError(Reason[result.failure.reason])


async def _ask(offices: Offices, procedure_code: ProcedureCode, case: Case, *, waiting: bool) -> None:
    node = offices.nodes[case.agency]
    inquiries = [
        new_inquiry(case.local_number, procedure_code, offices.institution(provider), item)
        for provider, item in case.questions
    ]
    if waiting:
        await asyncio.gather(*(node.inquire(inquiry) for inquiry in inquiries))
        return
    for inquiry in inquiries:
        await node.submit_inquiry(inquiry)
    await _all_ended(node, [inquiry.request_id for inquiry in inquiries])


async def _all_ended(node: NodeClient, request_ids: Sequence[bytes]) -> None:
    for request_id in request_ids:
        while not await _ended(node, request_id):
            pass


async def _ended(node: NodeClient, request_id: bytes) -> bool:
    try:
        result = await node.fetch_answer(request_id, wait=_FETCH_WAIT_S)
    except WarifuError as error:
        if error.reason not in _NOT_YET:
            raise
        return False
    return result.state != INQUIRY_STATE_SUBMITTED
