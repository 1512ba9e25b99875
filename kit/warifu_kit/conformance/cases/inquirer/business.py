"""Who may have the node ask: the institution's own business system, by the one URI in its certificate, and nobody else."""

from __future__ import annotations

from google.protobuf.message import Message

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu_kit.conformance.case import Check, Subject, expect, fail, skip, unknown
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.certificates import BAD_KINDS, BadKind
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer
from warifu_kit.conformance.wire.calls import Pair, Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "business", "transport.md")
_AT = "certificates"
_RULE = "NodeService is for the business system of the node's own institution, by the one URI in its certificate, and for nobody else"
_MEND = (
    "Refuse whoever calls NodeService before anything is looked at, unless the one URI of the certificate is the whole identity"
    " of your own institution's business system: network, role and institution code."
)
_OTHERS = ("another-business", "another-agency", "hub", "authority", "supervisor", "the-node")
_REFUSALS = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED", "UNAVAILABLE"})  # a handshake that fails is the last


@SUBJECT.case(
    "right",
    "A new certificate of its own business system is let in",
    rule="The identity is the URI and nothing else",
    at=_AT,
    mend="Compare the URI, not the certificate, its serial number or its subject: the business system's is renewed.",
)
async def right(inquirer: CheckedInquirer) -> None:
    question = inquirer.question(KNOWN)
    request = node_pb2.InquireRequest(inquiry=question)
    reply = await inquirer.call_node("Inquire", request, Pair(*inquirer.about.business_forge.right()))
    if reply.status == "DEADLINE_EXCEEDED":
        raise unknown("it had no end in time")
    expect(reply.ok, f"it ended with {reply}")
    expect(len(inquirer.brought) > 0, "no inquiry came to the hub")


def _calls(inquirer: CheckedInquirer, asked: node_pb2.Inquiry) -> dict[str, Message]:
    """What a stranger would try, the answer to what the business system ``asked`` first."""
    return {
        "FetchAnswer": node_pb2.FetchAnswerRequest(request_id=asked.request_id),
        "Inquire": node_pb2.InquireRequest(inquiry=asked),
        "SubmitInquiry": node_pb2.SubmitInquiryRequest(inquiry=inquirer.question(KNOWN)),
        "BulkInquire": node_pb2.BulkInquireRequest(inquiries=[inquirer.question(KNOWN)]),
        "ListExchangeRecords": node_pb2.ListExchangeRecordsRequest(),
        "ListPendingProvisions": node_pb2.ListPendingProvisionsRequest(),
        "SetFlags": node_pb2.SetFlagsRequest(local_number=asked.local_number),
    }


async def _asks_in_vain(inquirer: CheckedInquirer, caller: Pair | None, whom: str) -> None:
    """See that a stranger is refused each call, asks nothing of the hub and is told of nobody. Raises: CaseEnd."""
    asked = inquirer.question(KNOWN)
    await inquirer.record_of(asked)
    before = len(inquirer.brought)
    inquirer.evidence.noted(f"the same is now called by somebody with {whom}")
    new = node_pb2.InquireRequest(inquiry=inquirer.question(KNOWN))
    for method, request in (*_calls(inquirer, asked).items(), ("Inquire", new)):
        _refused(method, await inquirer.call_node(method, request, caller), whom)
    expect(len(inquirer.brought) == before, f"an inquiry of a caller with {whom} came to the hub")
    await inquirer.record_of(inquirer.question(KNOWN))


def _refused(method: str, reply: Reply, whom: str) -> None:
    """See that a call was not answered; a node need not serve all of them. Raises: CaseEnd."""
    if reply.status == "DEADLINE_EXCEEDED":
        raise unknown(f"{method} of a caller with {whom} had no answer in time, and was not refused either")
    if reply.status == "UNIMPLEMENTED" and method != "Inquire":
        return
    if reply.status not in _REFUSALS:
        ended = "was answered" if reply.ok else f"ended with {reply}, which is no refusal of a caller"
        raise fail(f"{method} of a caller with {whom} {ended}")


def _bad(kind: BadKind) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        await _asks_in_vain(inquirer, Pair(*kind.make(inquirer.about.business_forge)), f"a certificate {kind.words}")

    return check


def _other(caller: str) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        pair = inquirer.about.others.get(caller)
        if pair is None:
            raise skip(f"the network's folder has no certificate of {caller}")
        await _asks_in_vain(inquirer, pair, f"the certificate of {caller}")

    return check


@SUBJECT.case("none", "A caller without a certificate is refused", rule=_RULE, at=_AT, mend=_MEND)
async def none(inquirer: CheckedInquirer) -> None:
    await _asks_in_vain(inquirer, None, "no certificate")


for _caller in _OTHERS:
    _title = f"{_caller.replace('-', ' ').capitalize()} of the same network may not have it ask"
    SUBJECT.add(f"of-{_caller}", _title, rule=_RULE, at=_AT, mend=_MEND, check=_other(_caller))
for _kind in BAD_KINDS:
    _words = _kind.words.replace("the node", "the business system")
    _title = f"A caller with a certificate {_words} may not have it ask"
    SUBJECT.add(_kind.name, _title, rule=_RULE, at=_AT, mend=_MEND, check=_bad(_kind))
