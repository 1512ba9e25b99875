"""Three refusals made on purpose: no permission row, an assessment withdrawn, an answer that waits for a clerk.

Decides what is asked, what must come of it, and in which order the supervisor and the clerk act. The clerk releases
with the same command a person types.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu.api.node.v1.node_service_pb2 import Inquiry, InquiryState
from warifu.client import NodeClient
from warifu.errors import Reason, WarifuError
from warifu.printable import shell_command
from warifu_kit.demo.offices import Offices
from warifu_kit.demo.plan import Plan
from warifu_kit.demo.population import flags_of
from warifu_kit.demo.procedures import Ended, ask, new_inquiry
from warifu_kit.demo.progress import Teller
from warifu_kit.demo.registrations import Case
from warifu_kit.demo.result import Outcome, RefusalResult
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE
from warifu_services.agencies.insurance import INSURANCE_QUALIFICATION
from warifu_services.agencies.residence import RESIDENT_RECORD
from warifu_services.agencies.tax import LOCAL_TAX

__all__ = ["run_refusals"]

_WITHDRAWN = supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN
_IN_FORCE = supervision_pb2.ASSESSMENT_STATUS_IN_FORCE
_COMMAND_SECONDS = 30.0
_FETCH_SECONDS = 10.0


async def run_refusals(offices: Offices, plan: Plan, folder: Path, teller: Teller) -> list[RefusalResult]:
    """Make the three, one after the other, about people the child allowance office knows."""
    with teller.phase("refusals on purpose", 3) as phase:
        results = [await _no_permission(offices, plan)]
        phase.advance()
        results.append(await _assessment_withdrawn(offices, plan.open_case))
        phase.advance()
        results.append(await _clerk_needed(offices, plan, folder))
        phase.advance()
    return results


async def _no_permission(offices: Offices, plan: Plan) -> RefusalResult:
    case, insurer = plan.open_case, plan.of_kind("insurance")[0].agency
    inquiry = new_inquiry(
        case.local_number, CHILD_ALLOWANCE_PROCEDURE, offices.institution(insurer), INSURANCE_QUALIFICATION
    )
    ended = await ask(offices.nodes[case.agency], inquiry, offices.patience)
    return RefusalResult(
        name="no permission row",
        expected=Reason.EXCHANGE_NOT_PERMITTED.value,
        got=_came_to(ended),
        steps=[f"{case.agency} asks {insurer} for qualification information: {_came_to(ended)}"],
    )


async def _assessment_withdrawn(offices: Offices, case: Case) -> RefusalResult:
    """The supervisor withdraws the assessment of the tax office's file, and reinstates it whatever happens."""
    tax, node = offices.institution(case.tax_office), offices.nodes[case.agency]

    def question() -> Inquiry:
        return new_inquiry(case.local_number, CHILD_ALLOWANCE_PROCEDURE, tax, LOCAL_TAX)

    await _set_assessment(offices, tax, _WITHDRAWN)
    try:
        refused = await ask(node, question(), offices.patience)
    finally:
        await _set_assessment(offices, tax, _IN_FORCE)
    again = await ask(node, question(), offices.patience)
    awaited = Outcome.PENDING if case.clerk_needed else Outcome.ANSWERED
    return RefusalResult(
        name="assessment (PIA) withdrawn",
        expected=f"{Reason.ASSESSMENT_NOT_IN_FORCE.value}, then {awaited.value}",
        got=f"{_came_to(refused)}, then {_came_to(again)}",
        steps=[
            f"the supervisor withdraws the assessment of the local-tax file of {case.tax_office}",
            f"{case.agency} asks {case.tax_office} for local-tax information: {_came_to(refused)}",
            "the supervisor reinstates it",
            f"{case.agency} asks the same again: {_came_to(again)}",
        ],
    )


async def _set_assessment(offices: Offices, institution: str, status: supervision_pb2.AssessmentStatus) -> None:
    await offices.patience.of(lambda: offices.supervision.set_assessment(institution, LOCAL_TAX, status))


async def _clerk_needed(offices: Offices, plan: Plan, folder: Path) -> RefusalResult:
    """An answer waits for the registry's clerk, who releases it; the inquirer fetches it then."""
    case = plan.clerk_case
    flagged = await _flag(offices, plan, case)
    registry, node = offices.institution(case.registry), offices.nodes[case.agency]
    inquiry = new_inquiry(case.local_number, CHILD_ALLOWANCE_PROCEDURE, registry, RESIDENT_RECORD)
    ended = await ask(node, inquiry, offices.patience)
    steps = [*flagged, f"{case.agency} asks {case.registry} for resident-record information: {_came_to(ended)}"]
    got = _came_to(ended)
    if ended.outcome is Outcome.PENDING and ended.result is not None:
        steps.append(await _release(folder, case.registry, ended.result.processing_number))
        fetched = await _fetched(offices, node, inquiry.request_id)
        steps.append(f"{case.agency} fetches the answer: {fetched}")
        got = f"{got}, then {fetched}"
    if flagged:
        await _unflag(offices, plan, case)
    expected = f"{Outcome.PENDING.value}, then {Outcome.ANSWERED.value}"
    return RefusalResult(name="auto-response-disabled", expected=expected, got=got, steps=steps)


async def _flag(offices: Offices, plan: Plan, case: Case) -> list[str]:
    """Have the registry answer about this person through a clerk alone, if it does not already; what was done."""
    if case.clerk_needed:
        return []
    held = plan.agencies[case.registry].people[case.resident.resident_number]
    flags = flags_of(replace(case.resident, auto_response_disabled=True), held.local_number)
    await offices.patience.of(lambda: offices.nodes[case.registry].set_flags(flags))
    return [f"{case.registry} sets the person's auto-response-disabled flag (自動応答不可)"]


async def _unflag(offices: Offices, plan: Plan, case: Case) -> None:
    held = plan.agencies[case.registry].people[case.resident.resident_number]
    flags = flags_of(case.resident, held.local_number)
    await offices.patience.of(lambda: offices.nodes[case.registry].set_flags(flags))


async def _release(folder: Path, registry: str, processing_number: str) -> str:
    """Run the command a clerk types; the command line, and what went wrong with it if anything did."""
    words = ["clerk", "release", str(folder), registry, processing_number]
    command = [sys.executable, "-m", "warifu_kit.cli", *words]
    typed = f"the clerk types: {shell_command('warifu', *words)}"
    try:
        ended = await asyncio.to_thread(_run, command)
    except subprocess.TimeoutExpired:
        return f"{typed}: did not end"
    return typed if ended.returncode == 0 else f"{typed}: {ended.stderr.strip()}"


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
    )


async def _fetched(offices: Offices, node: NodeClient, request_id: bytes) -> str:
    try:
        result = await offices.patience.of(lambda: node.fetch_answer(request_id, wait=_FETCH_SECONDS))
    except WarifuError as error:
        return error.reason.value
    return InquiryState.Name(result.state).removeprefix("INQUIRY_STATE_").lower()


def _came_to(ended: Ended) -> str:
    return ended.reason or ended.outcome.value
