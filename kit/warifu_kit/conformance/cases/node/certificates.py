"""Who may bring a permit: the hub, by the one URI in its certificate, and nobody else."""

from __future__ import annotations

from warifu_kit.conformance.case import Check, Subject, expect, fail, skip, unknown
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.certificates import BAD_KINDS, BadKind
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.wire.calls import Pair, Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "certificates", "checks.md")
_AT = "at-the-edge-of-every-server"
_REFUSALS = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED", "UNAVAILABLE"})
_RULE = "A client certificate under the network's root, in date, with exactly one URI; Provide is the hub's to call"
_MEND = (
    "Require a client certificate under root.pem, take all URIs of it from TLS itself, and let in only one that has exactly"
    " one, the hub's, whole."
)


def _refused(reply: Reply, whom: str) -> None:
    if reply.ok:
        raise fail(f"{whom} was answered")
    if reply.status == "DEADLINE_EXCEEDED":
        raise unknown(f"{whom} had no answer in time, and was not refused either")
    expect(reply.status in _REFUSALS, f"{whom} got {reply}, which is no refusal of a caller")


def _bad(kind: BadKind) -> Check:
    async def check(node: CheckedNode) -> None:
        permit = node.hands.permit(node.asked(KNOWN))
        node.evidence.noted(f"the caller has a certificate {kind.words}")
        _refused(await node.provide(permit, caller=Pair(*kind.make(node.about.forge))), f"a certificate {kind.words}")
        await node.still_answers(KNOWN)

    return check


def _other(caller: str) -> Check:
    async def check(node: CheckedNode) -> None:
        if caller not in node.about.callers:
            raise skip(f"the network's folder has no certificate of {caller}")
        permit = node.hands.permit(node.asked(KNOWN))
        node.evidence.noted(f"the caller is {caller}")
        _refused(await node.provide(permit, caller=node.about.callers[caller]), f"the certificate of {caller}")
        await node.still_answers(KNOWN)

    return check


@SUBJECT.case(
    "right",
    "A new certificate of the hub is let in",
    rule="The hub is let in by the URI in its certificate, whichever certificate that is",
    at=_AT,
    mend="Compare the URI, not the certificate: the hub's is renewed.",
)
async def right(node: CheckedNode) -> None:
    permit = node.hands.permit(node.asked(KNOWN))
    node.answered(await node.provide(permit, caller=Pair(*node.about.forge.right())))


@SUBJECT.case(
    "none",
    "A caller without a certificate is refused",
    rule="TLS: a client certificate under the network's root",
    at=_AT,
    mend="Have TLS require a client certificate; asking for one is not enough.",
)
async def none(node: CheckedNode) -> None:
    reply = await node.provide_without_certificate(node.hands.permit(node.asked(KNOWN)))
    _refused(reply, "a caller without a certificate")
    await node.still_answers(KNOWN)


for _kind in BAD_KINDS:
    _title = f"A caller with a certificate {_kind.words.replace('the node', 'the hub')} is refused"
    SUBJECT.add(_kind.name, _title, rule=_RULE, at=_AT, mend=_MEND, check=_bad(_kind))
for _caller in ("another-agency", "authority", "the-node", "own-business"):
    _words = _caller.replace("-", " ")
    SUBJECT.add(
        f"of-{_caller}",
        f"A permit that {_words} brings is refused",
        rule=_RULE,
        at=_AT,
        mend=_MEND,
        check=_other(_caller),
    )
