"""Protection assessments (特定個人情報保護評価): what was assessed no more is not provided, whatever the hub permits."""

from __future__ import annotations

from warifu.errors import Reason
from warifu_kit.conformance.case import Subject, Turn, skip
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "assessments", "directory.md")


@SUBJECT.case(
    "withdrawn",
    "An inquirer whose assessment is withdrawn is not answered, though a row would let it ask",
    rule="The assessment of the item's file is in_force at the provider, then at the inquirer: the file's own line for the institution if there is one, else for its kind",
    at="the-permission-table",
    mend="Look for a line of the institution before the line of its kind, on both sides, and take withdrawn and no line for no.",
    seconds=14,
    turn=Turn.LAST,
)
async def withdrawn(node: CheckedNode) -> None:
    found = await node.about.keys.withdrawn()
    if found is None:
        raise skip(
            "the network's permission table withdraws no assessment of anybody whom a row would let ask this node"
        )
    hands, code = found
    node.evidence.noted(
        "somebody joined the network whose assessment the table withdraws; the hub permits it all the same"
    )
    await node.refused(hands.permit(hands.asked(code)), Reason.ASSESSMENT_NOT_IN_FORCE)
    await node.still_answers(KNOWN)
