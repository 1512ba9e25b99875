"""After a question that could not be answered, the next is answered as if that had not been."""

from __future__ import annotations

from warifu.api.adapter.v1.adapter_service_pb2 import LookUpRequest
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, fail
from warifu_kit.conformance.cases.adapter.errors import faulty

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "afterwards", "adapter.md")


@SUBJECT.case(
    "as-ever",
    "After a question with a fault, about whomever, others are answered as ever",
    rule="A question that could not be answered leaves nothing behind: the next is answered as if it had not been",
    at="errors",
    mend="Keep what belongs to a call in that call; let nothing that was found for one that failed stand where the next one reads.",
)
async def as_ever(adapter: CheckedAdapter) -> None:
    person = adapter.anybody()
    known, nobody = adapter.question(person.local_number), adapter.question("NOBODY-0")
    usual = {each.local_number: await adapter.look_up(each) for each in (known, nobody)}
    others = [each.local_number for each in adapter.about.people.people if each is not person]
    next_asked = {person.local_number: nobody, "NOBODY-1": known} | dict.fromkeys(others[:1], known)
    for number, question in next_asked.items():
        for what, (method, request) in faulty(adapter, number).items():
            await adapter.unseen(method, request)
            await _as_usual(adapter, question, usual[question.local_number], f"after {what} about {number}")


async def _as_usual(adapter: CheckedAdapter, question: LookUpRequest, usual: object, after: str) -> None:
    reply = await adapter.unseen("LookUp", question)
    if adapter.answered("LookUp", reply) == usual:
        return
    adapter.show("LookUp", question, reply)
    raise fail(f"{after} it answered otherwise about {question.local_number}")
