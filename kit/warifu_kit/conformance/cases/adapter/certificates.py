"""Who may ask: the institution's own node, by the one URI in its certificate, and nobody else."""

from __future__ import annotations

from google.protobuf.message import Message

from warifu.api.adapter.v1.adapter_service_pb2 import GetReadinessRequest
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Check, Subject, Turn, expect, fail, skip, unknown
from warifu_kit.conformance.certificates import BAD_KINDS, BadKind
from warifu_kit.conformance.wire.calls import Pair, Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "certificates", "adapter.md")
_ANYBODY = "T-1"
_REFUSALS = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})
_MEND = (
    "Require a client certificate under root.pem, take all URIs of the certificate from TLS itself, and let in only one"
    " that has exactly one, equal to node_uri of adapter.json."
)
_RULE = "Exactly one URI, which is node_uri of adapter.json, in a certificate under the network's root and in date"


def _refused(reply: Reply, whom: str) -> None:
    """See that a call was not answered. A handshake that fails is told by gRPC as UNAVAILABLE."""
    if reply.ok:
        raise fail(f"{whom} was answered")
    if reply.status == "DEADLINE_EXCEEDED":
        raise unknown(f"{whom} had no answer in time, and was not refused either")
    expect(reply.status in {*_REFUSALS, "UNAVAILABLE"}, f"{whom} got {reply}, which is no refusal of a caller")


async def _asks_in_vain(adapter: CheckedAdapter, caller: Pair | None, whom: str) -> None:
    """See that a caller is refused each of the three calls, and that the node is answered as ever."""
    adapter.evidence.noted(f"the caller has {whom}")
    for method, request in _calls(adapter).items():
        _refused(await adapter.call(method, request, caller=caller), f"{method} of a caller with {whom}")
    await adapter.still_answers()


def _calls(adapter: CheckedAdapter) -> dict[str, Message]:
    """One of each call of the service."""
    number = _number(adapter)
    return {
        "LookUp": adapter.question(number),
        "GetReadiness": GetReadinessRequest(institution_code=str(adapter.about.system.institution)),
        "GetClerkDecision": adapter.decision_question(number),
    }


def _number(adapter: CheckedAdapter) -> str:
    return next((each.local_number for each in adapter.about.people.people), _ANYBODY)


def _bad(kind: BadKind) -> Check:
    async def check(adapter: CheckedAdapter) -> None:
        await _asks_in_vain(adapter, Pair(*kind.make(adapter.about.forge)), f"a certificate {kind.words}")

    return check


def _other(caller: str) -> Check:
    async def check(adapter: CheckedAdapter) -> None:
        pair = adapter.about.callers.get(caller)
        if pair is None:
            raise skip(f"the network's folder has no certificate of {caller}")
        await _asks_in_vain(adapter, pair, f"the certificate of {caller}")

    return check


@SUBJECT.case(
    "right",
    "A new certificate of its node is let in",
    rule="The own node is let in by the URI in its certificate, whichever certificate that is",
    at="who-may-ask",
    mend="Compare the URI, not the certificate, its serial number or its subject: the node's is renewed.",
    turn=Turn.BASIC,
)
async def right(adapter: CheckedAdapter) -> None:
    request = GetReadinessRequest(institution_code=str(adapter.about.system.institution))
    reply = await adapter.call("GetReadiness", request, caller=Pair(*adapter.about.forge.right()))
    adapter.answered("GetReadiness", reply)


@SUBJECT.case(
    "none",
    "A caller without a certificate is refused",
    rule="A client certificate under the network's root",
    at="who-may-ask",
    mend="Have TLS require a client certificate; asking for one is not enough.",
)
async def none(adapter: CheckedAdapter) -> None:
    await _asks_in_vain(adapter, None, "no certificate")


for _kind in BAD_KINDS:
    _title = f"A caller with a certificate {_kind.words} is refused"
    SUBJECT.add(_kind.name, _title, rule=_RULE, at="who-may-ask", mend=_MEND, check=_bad(_kind))
for _caller in ("another-agency", "hub", "authority", "supervisor", "own-business"):
    _title = f"{_caller.replace('-', ' ').capitalize()} of the same network is refused"
    SUBJECT.add(f"of-{_caller}", _title, rule=_RULE, at="who-may-ask", mend=_MEND, check=_other(_caller))


@SUBJECT.case(
    "every-call",
    "Nobody else is answered any of the three calls, whatever certificate they have",
    rule="Everybody else of the network is refused each of the three calls",
    at="who-may-ask",
    mend="Look at the caller in one place that every method goes through.",
)
async def every_call(adapter: CheckedAdapter) -> None:
    forge = adapter.about.forge
    strangers = {"no certificate": None, "one of another root": Pair(*forge.of_another_root())}
    others = {f"the certificate of {name}": pair for name, pair in adapter.about.callers.items()}
    for whom, caller in {**strangers, **others}.items():
        for method, request in _calls(adapter).items():
            _refused(await adapter.call(method, request, caller=caller), f"{method} of a caller with {whom}")
    await adapter.still_answers()


@SUBJECT.case(
    "told-as-refusal",
    "Another agency is told that it may not call, whoever is asked about",
    rule="They are refused with PERMISSION_DENIED or UNAUTHENTICATED, before anything is looked up",
    at="who-may-ask",
    mend="Refuse the caller first, with PERMISSION_DENIED, before the request is looked at.",
)
async def told_as_refusal(adapter: CheckedAdapter) -> None:
    caller = adapter.about.callers["another-agency"]
    known = await adapter.call("LookUp", adapter.question(_number(adapter)), caller=caller)
    nobody = await adapter.call("LookUp", adapter.question("NOBODY-0"), caller=caller)
    for reply in (known, nobody):
        if reply.status in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
            raise unknown(f"no end of its own: {reply}")
        expect(reply.status in _REFUSALS, f"it ended with {reply}")
    expect((known.status, known.words) == (nobody.status, nobody.words), "the refusal depends on who was asked about")
