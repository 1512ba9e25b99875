"""Keys that change: the newest version of the directory is gone by, what it retired is refused, and no version comes back."""

from __future__ import annotations

from warifu.errors import Reason
from warifu_kit.conformance.case import Subject, Turn
from warifu_kit.conformance.cast import KNOWN, SECOND
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.rotating import RETIRED

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "rotation", "directory.md")
_AT = "epochs"
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
