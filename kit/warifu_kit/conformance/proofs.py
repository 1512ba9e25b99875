"""Where conversions come with proofs, and wrong ones as a hub would make them that is not honest."""

from __future__ import annotations

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.exchange.proof_policy import PolicyKind
from warifu_kit.conformance.case import skip
from warifu_kit.conformance.cast import SECOND, CastPerson
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["must_come_with_proofs", "of_somebody_else"]


def must_come_with_proofs(node: CheckedNode) -> None:
    """By the network's policy a node answers what is not proven, so that these say nothing of it. Raises: CaseEnd."""
    policy = node.hands.policy
    if policy.kind is PolicyKind.SAMPLED:
        raise skip(f"permits of this network are sampled ({policy}): node.sampled looks at what is drawn")
    if policy.kind is PolicyKind.OFF:
        raise skip("proofs of this network are off: whatever the hub converts is answered")


def of_somebody_else(node: CheckedNode, person: CastPerson) -> ProvisionPermit:
    """A permit to ask about ``person``, signed by the hub, with another's code and the proof that belongs to that."""
    other = node.hands.permit(node.asked(SECOND))

    def spoil(permit: ProvisionPermit) -> None:
        permit.converted_code.CopyFrom(other.converted_code)
        permit.conversion_proof = other.conversion_proof

    return node.hands.spoilt(node.asked(person), spoil)
