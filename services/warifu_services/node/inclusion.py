"""Whether one exchange of this node is in the hub's log, as the node knows it.

Decides what the leaves must say, with the digests that the node has, and verifies that they are under a checkpoint that was
verified before. Pure: messages and values in, yes or no out.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import WarifuError
from warifu.tlog.checkpoint import Checkpoint
from warifu.tlog.merkle import leaf_hash, verify_inclusion
from warifu_services.node.proving_store import Unproven

__all__ = ["is_in_log"]

_ROUNDED_NS = 2 * 10**6  # a permit's time is in whole milliseconds
_SAME = (
    "request_id",
    "inquirer",
    "provider",
    "procedure_code",
    "item_code",
    "inquiry_digest",
    "processing_number",
)


def is_in_log(unproven: Unproven, told: log_pb2.ProvenExchange, checkpoint: Checkpoint) -> bool:
    """Whether ``told`` shows that the exchange is under ``checkpoint``: permitted, and answered as this node knows."""
    leaves = [leaf for each in told.leaves if (leaf := _proven(each, checkpoint)) is not None]
    if not leaves or len(leaves) != len(told.leaves) or not all(_is_of(unproven, leaf) for leaf in leaves):
        return False
    if leaves[0].event != log_pb2.LEAF_EVENT_PERMITTED or not _is_dated(unproven, leaves[0]):
        return False
    return not unproven.answer_digest or leaves[-1].answer_digest == unproven.answer_digest


def _proven(told: log_pb2.ProvenLeaf, checkpoint: Checkpoint) -> ExchangeLeaf | None:
    try:
        verify_inclusion(
            leaf_hash=leaf_hash(told.leaf),
            index=told.position,
            size=checkpoint.size,
            proof=list(told.hashes),
            root=checkpoint.root_hash,
        )
        return ExchangeLeaf.FromString(told.leaf)
    except (WarifuError, DecodeError):
        return None


def _is_dated(unproven: Unproven, permitted: ExchangeLeaf) -> bool:
    """Whether the log says that it was permitted when the permit says so; an inquirer has no permit."""
    if not unproven.permit:
        return True
    stated, told = ProvisionPermit.FromString(unproven.permit).permit_time, permitted.event_time
    return abs((stated.seconds - told.seconds) * 10**9 + stated.nanos - told.nanos) < _ROUNDED_NS


def _is_of(unproven: Unproven, leaf: ExchangeLeaf) -> bool:
    return all(getattr(leaf, name) == getattr(unproven, name) for name in _SAME)
