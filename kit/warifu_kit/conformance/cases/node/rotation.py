"""Keys that change: the newest version of the directory is gone by, what it retired is refused, and no version comes back."""

from __future__ import annotations

import asyncio

from warifu.agency import ProvidedRecord
from warifu.errors import Reason
from warifu.exchange.proof_policy import PolicyKind
from warifu_kit.conformance.case import Subject, Turn, expect, fail, skip
from warifu_kit.conformance.cast import KNOWN, SECOND
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.rotating import RETIRED
from warifu_kit.conformance.wire.calls import Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "rotation", "directory.md")
_AT = "epochs"
_FOLLOWS_S, _LOOK_S = 12.0, 0.2
_NEWER = "EPOCH_STALE: fetch the directory, and see again"
_NEWER_MEND = (
    "Of a permit that does not fit, take a newer version of the directory if there is one, and look once more."
)
_FORMER = "Good are the entry in force, or a former one if the context's issued_ms is not after its accepted_until_ms"


@SUBJECT.case(
    "new-key",
    "What the inquirer signs with a key of a newer version is answered",
    rule=_NEWER,
    at=_AT,
    mend=_NEWER_MEND,
    seconds=14,
    turn=Turn.LAST,
)
async def new_key(node: CheckedNode) -> None:
    await node.about.keys.change_inquirers_key()
    node.evidence.noted("the inquirer has another signing key, in a new version of the directory")
    await node.record(node.asked(KNOWN))


@SUBJECT.case(
    "begun-before",
    "What was begun under a key that was replaced meanwhile is answered",
    rule=_FORMER,
    at=_AT,
    mend="Keep former entries of the directory, and go by them for contexts issued before their time was over.",
    seconds=14,
    turn=Turn.LAST,
)
async def begun_before(node: CheckedNode) -> None:
    before, asked = node.hands, node.asked(SECOND)
    permit = before.permit(asked)
    await node.about.keys.change_inquirers_key()
    node.evidence.noted("an inquiry was signed; then the inquirer got another key")
    await node.record(node.asked(KNOWN))
    node.opened_by(before, permit, asked, await node.answer(permit))


@SUBJECT.case(
    "retired-key",
    "What is signed with a key that the directory has retired is refused",
    rule=_FORMER,
    at=_AT,
    mend="Compare issued_ms with accepted_until_ms of a former entry: a key that was stolen must end.",
    seconds=14,
    turn=Turn.LAST,
)
async def retired_key(node: CheckedNode) -> None:
    before = node.hands
    await node.about.keys.change_inquirers_key(RETIRED)
    node.evidence.noted("the inquirer has another signing key; the former one is retired")
    await node.record(node.asked(KNOWN))
    await node.refused(node.hands.permit(before.asked(node.code(KNOWN))), Reason.EPOCH_STALE)


@SUBJECT.case(
    "new-hub-key",
    "What the hub signs with a key of a newer version is answered, and with the retired one refused",
    rule="A statement of the hub is checked under the key in force, then under each former one whose time is not over",
    at=_AT,
    mend="Verify hub_signature with the header's key; with a former one only where permit_time is not after its accepted_until_ms.",
    seconds=14,
    turn=Turn.LAST,
)
async def new_hub_key(node: CheckedNode) -> None:
    before = node.hands
    await node.about.keys.change_hubs_key(RETIRED)
    node.evidence.noted("the hub has another signing key; the former one is retired")
    await node.record(node.asked(KNOWN))
    await node.refused(before.permit(node.asked(KNOWN)), Reason.SIGNATURE_INVALID)


@SUBJECT.case(
    "goes-back",
    "A hub that shows an older version of the directory brings no retired key back",
    rule="Each follows the one before: version one more, previous_digest the digest of it",
    at="taking-a-version",
    mend="Take only what follows the version held, link by link; whatever the hub says is the newest, the held one goes on.",
    seconds=14,
    turn=Turn.LAST,
)
async def goes_back(node: CheckedNode) -> None:
    before, versions = node.hands, node.about.versions
    await node.about.keys.change_inquirers_key(RETIRED)
    await node.record(node.asked(KNOWN))
    versions.shown = node.about.keys.version_before()
    node.evidence.noted("the hub shows the version before as the newest, in which the retired key is in force")
    try:
        permit = node.hands.permit(before.asked(node.code(KNOWN)))
        await node.refused(permit, Reason.EPOCH_STALE, Reason.DIRECTORY_INVALID, Reason.HUB_ANSWER_INVALID)
        await node.record(node.asked(KNOWN))
    finally:
        versions.rest()
    await node.still_answers(KNOWN)


@SUBJECT.case(
    "follows",
    "A key that is retired is refused soon, though nothing of the newer version ever came",
    rule="It then keeps a FollowVersions stream open, and takes what is newer",
    at="taking-a-version",
    mend="Keep FollowVersions open and take each version it tells of; what a permit does not fit is only the second occasion.",
    seconds=18,
    turn=Turn.LAST,
)
async def follows(node: CheckedNode) -> None:
    before = node.hands
    await node.about.keys.change_inquirers_key(RETIRED)
    node.evidence.noted("the inquirer's key was retired; the node is brought nothing but what that key signed")
    loop = asyncio.get_running_loop()
    end = loop.time() + _FOLLOWS_S
    while loop.time() < end:
        reply = await node.provide(before.permit(before.asked(node.code(KNOWN))))
        if not reply.ok and not _not_proven_any_more(node, reply):
            expect(reply.reason == Reason.EPOCH_STALE.value, f"it ended with {reply}")
            await node.record(node.asked(KNOWN))
            return
        await asyncio.sleep(_LOOK_S)
    raise fail(f"{_FOLLOWS_S:.0f} seconds after the directory retired it, a key is good here still")


def _not_proven_any_more(node: CheckedNode, reply: Reply) -> bool:
    """Whether a permit was drawn, and the hub, which goes by the newer version, proved it no more."""
    sampled = node.hands.policy.kind is PolicyKind.SAMPLED
    return sampled and reply.reason == Reason.CONVERSION_NOT_PROVEN.value


@SUBJECT.case(
    "own-keys",
    "Other keys of its own are taken up, and what was begun under the former ones is answered under them",
    rule="What was begun under replaced keys goes to its end: a party keeps former private keys for as long as such entries stand",
    at=_AT,
    mend="Load the keys of every entry of your own that the version has; open and sign with those of the context's epoch_to.",
    seconds=18,
    turn=Turn.LAST,
)
async def own_keys(node: CheckedNode) -> None:
    if not node.about.has_folder:
        raise skip("new keys of the node's own lie in its folder; start it with {dir}")
    before, asked = node.hands, node.asked(KNOWN)
    permit = before.permit(asked)
    await node.about.keys.change_own_keys()
    node.evidence.noted("an inquiry was made; then the node got other keys, all three")
    await node.record(node.asked(SECOND))
    opened = node.opened_by(before, permit, asked, await node.answer(permit)).found
    expect(isinstance(opened, ProvidedRecord), f"what was begun under the former keys brought {opened!r}")
    await node.record(node.asked(KNOWN))
