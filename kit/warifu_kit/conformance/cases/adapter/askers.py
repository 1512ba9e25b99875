"""Whoever asks, for whatever: hub and node have decided that they may, and the answer is the same."""

from __future__ import annotations

from collections.abc import Sequence

from warifu.api.adapter.v1.adapter_service_pb2 import LookUpRequest
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.asking import Asking
from warifu_kit.conformance.case import Subject, expect, skip

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "askers", "adapter.md")
_RULE = "No answer depends on inquirer or procedure_code: whether they may ask was decided before"
_MEND = "Keep inquirer and procedure_code for your own record; look up by person, item, year and day alone."


@SUBJECT.case(
    "institution",
    "Whichever institution asks, the answer is the same",
    rule=_RULE,
    at="looking-somebody-up",
    mend=_MEND,
)
async def institution(adapter: CheckedAdapter) -> None:
    own = adapter.about.asking
    others = [each for each in adapter.about.also_asking if each.procedure_code == own.procedure_code]
    await _same_for_all(adapter, others)


@SUBJECT.case(
    "procedure",
    "In whichever procedure it is asked, the answer is the same",
    rule=_RULE,
    at="looking-somebody-up",
    mend=_MEND,
)
async def procedure(adapter: CheckedAdapter) -> None:
    own = adapter.about.asking
    others = [each for each in adapter.about.also_asking if each.procedure_code != own.procedure_code]
    if not others:
        raise skip("the permission table lets nobody ask for this item in another procedure")
    await _same_for_all(adapter, others)


async def _same_for_all(adapter: CheckedAdapter, others: Sequence[Asking]) -> None:
    """See that everybody's answer, and nobody's, is the same whoever of them asks. Raises: CaseEnd."""
    adapter.anybody()
    for question in _questions(adapter):
        usual = await adapter.look_up(question)
        for other in others:
            asked = LookUpRequest()
            asked.CopyFrom(question)
            asked.inquirer, asked.procedure_code = other.inquirer, other.procedure_code
            told = await adapter.look_up(asked)
            whom = f"asked by {other.inquirer} in {other.procedure_code} about {question.local_number}"
            expect(told == usual, f"{whom} it gave another answer than to {question.inquirer}")


def _questions(adapter: CheckedAdapter) -> list[LookUpRequest]:
    """About each known person, also where a clerk has not released it, and about nobody."""
    people = adapter.about.people.people
    held_back = [adapter.question_found(each, released=False) for each in people if each.clerk]
    return [*(adapter.question_found(each) for each in people), *held_back, adapter.question("NOBODY-0")]
