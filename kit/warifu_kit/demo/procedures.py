"""The two procedures, end to end, for every applicant: ask the registry and the tax office, decide, say what it spared.

Decides how many inquiries are under way at once and what the ends of all of them come to. The decisions themselves are
the agencies' own pure functions. An applicant is known here by the asking agency's local number alone.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2 import Inquiry, InquiryResult
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.client import NodeClient
from warifu.errors import WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu_kit.demo.offices import Offices
from warifu_kit.demo.patience import Patience
from warifu_kit.demo.progress import Phase, Teller
from warifu_kit.demo.registrations import Case, ProcedurePlan
from warifu_kit.demo.result import AnswerCounts, InquirerCounts, Outcome, ProcedureResult, count_answers
from warifu_kit.people.residents import Application
from warifu_services.agencies.childcare import decide_child_allowance
from warifu_services.agencies.insurance import copayment_limit_category

__all__ = ["Ended", "ask", "decision_of", "new_inquiry", "run_procedure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one inquiry ended, and when. ``reason`` is of the catalogue, empty where there is none."""

    outcome: Outcome
    reason: str
    seconds: float
    unix_s: float
    result: InquiryResult | None = field(repr=False)


def new_inquiry(
    local_number: str, procedure_code: ProcedureCode, provider: InstitutionCode, item_code: ItemCode
) -> Inquiry:
    """A question about one person, under a fresh request_id."""
    return Inquiry(
        request_id=secrets.token_bytes(16),
        local_number=local_number,
        procedure_code=procedure_code,
        provider=provider,
        item_code=item_code,
    )


async def ask(node: NodeClient, inquiry: Inquiry, patience: Patience) -> Ended:
    """Inquire, again and again under the same request_id while it is not known what came of it."""
    begun = time.monotonic()
    try:
        result = await patience.of(lambda: node.inquire(inquiry))
    except WarifuError as error:
        return _ended(_outcome_of(error), begun, reason=error.reason.value)
    answered = result.state == node_pb2.INQUIRY_STATE_ANSWERED
    return _ended(Outcome.ANSWERED if answered else Outcome.PENDING, begun, result=result)


def _ended(outcome: Outcome, begun: float, *, reason: str = "", result: InquiryResult | None = None) -> Ended:
    seconds = time.monotonic() - begun
    return Ended(outcome=outcome, reason=reason, seconds=seconds, unix_s=time.time(), result=result)


def _outcome_of(error: WarifuError) -> Outcome:
    return Outcome.REFUSED if error.definite else Outcome.FAILED


async def run_procedure(
    offices: Offices, procedure: ProcedurePlan, teller: Teller, *, concurrency: int
) -> ProcedureResult:
    """Run one procedure for every applicant, with at most ``concurrency`` inquiries under way."""
    begun = time.monotonic()
    limit = asyncio.Semaphore(concurrency)
    count = sum(len(case.questions) for case in procedure.cases)
    with teller.phase(f"{procedure.name}: inquiries", count) as phase:
        cases = [_answers(offices, procedure, case, limit, phase) for case in procedure.cases]
        answers = await asyncio.gather(*cases)
    return _summed_up(procedure, answers, time.monotonic() - begun)


async def _answers(
    offices: Offices, procedure: ProcedurePlan, case: Case, limit: asyncio.Semaphore, phase: Phase
) -> list[Ended]:
    """What came of one applicant's questions, which are asked at the same time."""

    async def question(provider: str, item_code: ItemCode) -> Ended:
        inquiry = new_inquiry(case.local_number, procedure.procedure_code, offices.institution(provider), item_code)
        async with limit:
            ended = await ask(offices.nodes[case.agency], inquiry, offices.patience)
        phase.advance()
        return ended

    return list(await asyncio.gather(*(question(*each) for each in case.questions)))


def _summed_up(procedure: ProcedurePlan, answers: Sequence[Sequence[Ended]], seconds: float) -> ProcedureResult:
    everything = [each for ended in answers for each in ended]
    decided = [_decided(procedure.application, *each) for each in zip(procedure.cases, answers, strict=True)]
    return ProcedureResult(
        procedure=procedure.name,
        procedure_code=procedure.procedure_code,
        inquirer=procedure.kind,
        applications=len(procedure.cases),
        decided=sum(what is not None for what in decided),
        decisions=dict(sorted(Counter(what for what in decided if what is not None).items())),
        certificates=_certificates(ended for ended, what in zip(answers, decided, strict=True) if what is not None),
        expected_pending=sum(len(case.questions) for case in procedure.cases if case.clerk_needed),
        first_answer_unix_s=min((each.unix_s for each in everything if each.outcome is Outcome.ANSWERED), default=None),
        seconds=round(seconds, 3),
        inquirers=[_of_inquirer(agency, procedure, answers, decided) for agency in procedure.agencies],
        questions=[_of_provider(provider, item, procedure, answers) for provider, item in procedure.providers],
        total=count_answers("", "", [_counted(each) for each in everything]),
    )


def _of_inquirer(
    agency: str, procedure: ProcedurePlan, answers: Sequence[Sequence[Ended]], decided: Sequence[str | None]
) -> InquirerCounts:
    """What one of the agencies that ask came to."""
    own = [place for place, case in enumerate(procedure.cases) if case.agency == agency]
    return InquirerCounts(
        inquirer=agency,
        applications=len(own),
        decided=sum(decided[place] is not None for place in own),
        total=count_answers("", "", [_counted(each) for place in own for each in answers[place]]),
    )


def _of_provider(
    provider: str, item: ItemCode, procedure: ProcedurePlan, answers: Sequence[Sequence[Ended]]
) -> AnswerCounts:
    asked = [
        _counted(each)
        for case, ended in zip(procedure.cases, answers, strict=True)
        for question, each in zip(case.questions, ended, strict=True)
        if question == (provider, item)
    ]
    return count_answers(provider, item, asked)


def _certificates(decided: Iterable[Sequence[Ended]]) -> list[str]:
    """What decided applicants no longer needed to bring, each once."""
    results = (each.result for ended in decided for each in ended if each.result is not None)
    return list(dict.fromkeys(result.replaced_certificate for result in results))


def _counted(ended: Ended) -> tuple[Outcome, str, float]:
    return ended.outcome, ended.reason, ended.seconds


def _decided(application: Application, case: Case, ended: Sequence[Ended]) -> str | None:
    """What the agency decides; None while a record is missing."""
    results = [each.result for each in ended if each.outcome is Outcome.ANSWERED and each.result is not None]
    return decision_of(application, case, results) if len(results) == len(case.questions) else None


def decision_of(application: Application, case: Case, results: Sequence[InquiryResult]) -> str:
    """The agency's decision in a few words, from the two records and the application form."""
    resident = ResidentRecord.FromString(results[0].record)
    tax = LocalTaxRecord.FromString(results[1].record)
    if application is Application.CHILD_ALLOWANCE:
        allowance = decide_child_allowance(resident, tax, children_under_three=case.children_under_three)
        confirm = " (to confirm: a date of birth is unknown in part)" if case.birth_date_open else ""
        return f"{allowance.monthly_amount_yen:,} yen a month{confirm}"
    return f"category {copayment_limit_category(resident, tax).category.name}"
