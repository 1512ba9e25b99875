"""How a node tells its business system that an inquiry failed: by the catalogue, and nothing of who was asked about."""

from __future__ import annotations

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import Reason
from warifu_kit.conformance.case import Subject, expect, unknown
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer
from warifu_kit.conformance.wire.calls import Pair, Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "errors", "transport.md")
_NO_END = frozenset({"DEADLINE_EXCEEDED", "UNAVAILABLE"})


@SUBJECT.case(
    "nothing-personal",
    "No error tells anything of the inquiry, or of whom it was about",
    rule="Never put anything of a request into an error",
    at="errors",
    mend="Say the field at fault in where, not what stands in it; keep exceptions and their texts in your own log.",
)
async def nothing_personal(inquirer: CheckedInquirer) -> None:
    caller = Pair(*inquirer.about.business_forge.right())
    refused = inquirer.question(KNOWN)
    inquirer.hub_does(inquirer.failing(Reason.EXCHANGE_NOT_PERMITTED))
    for words, question in (
        ("that the hub refuses", refused),
        ("that was refused before", refused),
        ("of other content under its request_id", _changed(refused, fiscal_year=2024)),
        ("about somebody whose code was not acquired", inquirer.question(KNOWN, local_number="NOBODY-8815")),
        ("of an item that is none", inquirer.question(KNOWN, item_code="TM-8815")),
        ("of a procedure that is none", inquirer.question(KNOWN, procedure_code="JT-8815")),
        ("to an institution that is none", inquirer.question(KNOWN, provider="88150000")),
        ("under a request_id that is too short", inquirer.question(KNOWN, request_id=b"\x88\x15\x88\x15")),
    ):
        reply = await inquirer.call_node("Inquire", node_pb2.InquireRequest(inquiry=question), caller)
        _tells_nothing(reply, question, words)


def _changed(question: node_pb2.Inquiry, *, fiscal_year: int) -> node_pb2.Inquiry:
    made = node_pb2.Inquiry()
    made.CopyFrom(question)
    made.fiscal_year = fiscal_year
    return made


def _tells_nothing(reply: Reply, question: node_pb2.Inquiry, words: str) -> None:
    """See that an error has nothing of the question in it. Raises: CaseEnd."""
    if reply.status in _NO_END and not reply.reason:
        raise unknown(f"an inquiry {words} had no end of its own: {reply}")
    expect(not reply.ok, f"an inquiry {words} was answered")
    said = {
        "local_number": question.local_number.encode(),
        "request_id": question.request_id,
        "request_id in hexadecimal": question.request_id.hex().encode(),
        "provider": question.provider.encode(),
        "item_code": question.item_code.encode(),
        "procedure_code": question.procedure_code.encode(),
    }
    found = [name for name, value in said.items() if value in reply.everything]
    expect(not found, f"the error for an inquiry {words} tells {', '.join(found)}")
