"""Who may call what beside Provide: streams are the hub's, NodeService is the own business system's, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from warifu.api.node.v1.node_service_pb2 import DESCRIPTOR
from warifu_kit.conformance.case import Check, Subject, expect, fail, skip, unknown
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.certificates import BAD_KINDS
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.streams import PROVIDE_BULK, PROVIDE_STREAM, StreamKind, message
from warifu_kit.conformance.wire.calls import Pair, Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "callers", "checks.md")
_AT = "at-the-edge-of-every-server"
_REFUSALS = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED", "UNAVAILABLE"})
_RULE = "The role may call this RPC: every RPC, streams too"
_MEND = "Look at the caller before anything of a call is read, for every method that the port serves, streams as well."
_NODE = "/warifu.api.node.v1.NodeService"
_METHODS = tuple(method.name for method in DESCRIPTOR.services_by_name["NodeService"].methods)

Caller = Callable[[CheckedNode], Pair]


def _of(name: str) -> Caller:
    def pair(node: CheckedNode) -> Pair:
        if name not in node.about.callers:
            raise skip(f"the network's folder has no certificate of {name}")
        return node.about.callers[name]

    return pair


def _without_role(node: CheckedNode) -> Pair:
    """Under the network's root, of a member, in a role that there is not."""
    forge = node.about.forge
    uri = forge.other.uri.replace(f"/{forge.other.role.value}/", "/visitor/")
    return Pair(*forge.signed(forge.leaf(uri)))


_WRONG: dict[str, tuple[str, Caller]] = {
    "another-agency": ("another agency", _of("another-agency")),
    "another-business": ("another agency's business system", _of("another-business")),
    "authority": ("the numbering authority", _of("authority")),
    "the-node": ("the node itself", _of("the-node")),
    "no-role": ("whoever has a certificate of the network and no role in it", _without_role),
}


def _turned_away(status: str, whom: str) -> None:
    if status == "DEADLINE_EXCEEDED":
        raise unknown(f"{whom} had no end in time, and was not refused either")
    expect(status in _REFUSALS, f"{whom} got {status or 'no end'}, which is no refusal of a caller")


def _on(kind: StreamKind, whom: str, caller: Caller) -> Check:
    async def check(node: CheckedNode) -> None:
        await node.must_serve(kind)
        permit = node.hands.permit(node.asked(KNOWN))
        node.evidence.noted(f"the caller is {whom}")
        made = [message([permit], kind=kind)]
        replies, status = await node.on_a_stream(made, replies=1, kind=kind, caller=caller(node))
        expect(not replies, f"{whom} had a reply on {kind.method}")
        _turned_away(status, whom)
        await node.still_answers(KNOWN)

    return check


for _kind, _named in ((PROVIDE_STREAM, "stream"), (PROVIDE_BULK, "bulk")):
    for _name, (_words, _caller) in {
        **_WRONG,
        "own-business": ("its own business system", _of("own-business")),
    }.items():
        SUBJECT.add(
            f"{_named}-of-{_name}",
            f"Permits that {_words} brings on {_kind.method} are refused",
            rule=_RULE,
            at=_AT,
            mend=_MEND,
            check=_on(_kind, _words, _caller),
        )


async def _no_role_alone(node: CheckedNode) -> None:
    reply = await node.provide(node.hands.permit(node.asked(KNOWN)), caller=_without_role(node))
    _refused(reply, "a certificate of the network without a role", "Provide")
    await node.still_answers(KNOWN)


SUBJECT.add(
    "alone-of-no-role",
    "A permit that comes with a certificate of the network and no role in it is refused",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    check=_no_role_alone,
)


def _refused(reply: Reply, whom: str, method: str) -> None:
    if reply.ok:
        raise fail(f"{whom} was answered by {method}")
    _turned_away(reply.status, f"{whom}, calling {method},")


async def _no_method_for(node: CheckedNode, caller: Pair, whom: str) -> None:
    """See that no method of NodeService is that caller's. Raises: CaseEnd."""
    for method in _METHODS:
        reply = await node.call_as(caller, f"{_NODE}/{method}", b"")
        if reply.status != "UNIMPLEMENTED":  # a node serves as much of it as its business system needs
            _refused(reply, whom, method)


def _must_serve_business(node: CheckedNode) -> None:
    if node.about.business is None:
        raise skip("the node serves no NodeService")


def _of_node_service(whom: str, caller: Caller) -> Check:
    async def check(node: CheckedNode) -> None:
        _must_serve_business(node)
        await _no_method_for(node, caller(node), whom)
        await node.still_answers(KNOWN)

    return check


for _name, (_words, _caller) in {**_WRONG, "hub": ("the hub", _of("hub"))}.items():
    SUBJECT.add(
        f"node-service-of-{_name}",
        f"NodeService is not for {_words}",
        rule="NodeService: callers of every method: the business system of the same institution",
        at="transport.md#certificates",
        mend="Let in the one URI of the own business system: its role and its institution, both, at every method.",
        check=_of_node_service(_words, _caller),
        seconds=14,
    )


@SUBJECT.case(
    "node-service-certificates",
    "NodeService lets nobody in with a bad certificate of its business system",
    rule="A client certificate under the network's root, in date, with exactly one URI",
    at=_AT,
    mend="Have TLS require a client certificate under root.pem, and compare the one URI, whole.",
    seconds=18,
)
async def node_service_certificates(node: CheckedNode) -> None:
    _must_serve_business(node)
    forge = replace(node.about.forge, own=node.about.own_business)
    for kind in BAD_KINDS:
        reply = await node.call_as(Pair(*kind.make(forge)), f"{_NODE}/ListExchangeRecords", b"")
        _refused(reply, f"a certificate {kind.words.replace('the node', 'its business system')}", "ListExchangeRecords")
    await node.still_answers(KNOWN)
