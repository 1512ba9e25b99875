"""log.json: leaves, the tree over them with every proof, checkpoints as signed notes, a cosignature, and gossip."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf import json_format

from vectors.contexts import CHILDCARE, HUB, ISSUED, ISSUED_MS, TAX, exchange_context
from vectors.drawn import Drawn
from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.errors import Reason
from warifu.exchange.context import ExchangeFlags
from warifu.exchange.directory_header import header_digest
from warifu.exchange.gossip import write_gossip
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.tlog.checkpoint import Checkpoint, log_origin, sign_checkpoint
from warifu.tlog.continuation import Continuation
from warifu.tlog.cosignature import Witness, cosign
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu.tlog.note import Verifier
from warifu_hub import leaves
from warifu_hub.leaves import ReceivedInquiry
from warifu_hub.store import ExchangeState, StoredExchange

__all__ = ["log"]

_NOW = datetime(2026, 6, 15, 3, 1, 7, 250_000, tzinfo=UTC)
_ORIGIN = log_origin("vectors")


def log() -> dict[str, Any]:
    """The whole file."""
    drawn = Drawn("log")
    entries = _leaves(drawn)
    tree = MerkleTree(leaf_hash(entry) for entry in entries)
    sizes = range(len(entries) + 1)
    return {
        "about": "SIMULATED. fields are the leaf as protobuf JSON; proofs are lists of hashes, in the order in which they travel.",
        "leaves": [
            {
                "fields": json_format.MessageToDict(ExchangeLeaf.FromString(entry), preserving_proto_field_name=True),
                "leaf": entry.hex(),
                "hash": leaf_hash(entry).hex(),
            }
            for entry in entries
        ],
        "roots": [tree.root(size).hex() for size in sizes],
        "inclusion": [
            {"position": at, "size": size, "hashes": [each.hex() for each in tree.inclusion_proof(at, size)]}
            for size in sizes
            for at in range(size)
        ],
        "consistency": [
            {"first": first, "second": second, "hashes": [each.hex() for each in tree.consistency_proof(first, second)]}
            for second in sizes
            for first in range(second + 1)
        ],
        **_notes(drawn, tree),
    }


def _leaves(drawn: Drawn) -> list[bytes]:
    """A leaf of each event, in an order that could be."""
    header = DirectoryHeader(network="vectors", suite=2, version=1, entries_digest=drawn(32))
    context = exchange_context(2, drawn(16), drawn(8), flags=ExchangeFlags.NON_DISCLOSURE)
    asked = ReceivedInquiry(caller=CHILDCARE, context=context, digest=drawn(32), citizen_tag=drawn(16))
    unread = ReceivedInquiry(caller=CHILDCARE, context=None, digest=drawn(32))
    stored = StoredExchange(
        inquirer=CHILDCARE,
        request_id=context.request_id,
        inquiry_digest=asked.digest,
        processing_number="20260615123456789012",
        permission_row="R01",
        permit_ms=ISSUED_MS + 60_000,
    )
    issued = exchange_context(2, drawn(16), drawn(8), **ISSUED)
    supervisor = InstitutionCode("9970000000000002")
    changed: dict[str, Any] = {"institution": TAX, "item_code": ItemCode("TM00000000000002"), "now": _NOW}
    return [
        leaves.directory_leaf(HUB, header, _NOW),
        leaves.conversion_leaf(issued, 250, _NOW),
        leaves.permitted_leaf(asked, stored, _NOW),
        leaves.closing_leaf(
            asked, _in(stored, ExchangeState.PENDING), _NOW, answer_digest=drawn(32), provider_tag=drawn(16)
        ),
        leaves.refused_leaf(unread, Reason.REQUEST_MALFORMED, _NOW),
        leaves.closing_leaf(
            asked, _in(stored, ExchangeState.ANSWERED), _NOW, answer_digest=drawn(32), provider_tag=drawn(16)
        ),
        leaves.closing_leaf(asked, _in(stored, ExchangeState.FAILED), _NOW, reason=Reason.PROVIDER_TIMED_OUT),
        leaves.assessment_leaf(supervisor, withdrawn=True, **changed),
        leaves.assessment_leaf(supervisor, withdrawn=False, **changed),
        leaves.continuation_leaf(HUB, 4711, drawn(32), 1, _NOW + timedelta(minutes=1)),
    ]


def _in(stored: StoredExchange, state: ExchangeState) -> StoredExchange:
    return StoredExchange(**{name: getattr(stored, name) for name in stored.__slots__} | {"state": state})


def _notes(drawn: Drawn, tree: MerkleTree) -> dict[str, Any]:
    log_seed, witness_seed = drawn(32), drawn(32)
    verifier = Verifier(_ORIGIN, SigningKey(log_seed).verify_key)
    witness = Witness("vectors.test/witness", SigningKey(witness_seed).verify_key)
    plain = Checkpoint(origin=_ORIGIN, size=tree.size - 1, root_hash=tree.root(tree.size - 1))
    continued = Continuation(1, tree.size - 1)
    went_on = Checkpoint(origin=_ORIGIN, size=tree.size, root_hash=tree.root(), extensions=continued.lines)
    time_s = ISSUED_MS // 1000 + 90
    note, note_on = (sign_checkpoint(each, log_seed) for each in (plain, went_on))
    header = DirectoryHeader(network="vectors", suite=2, version=7, entries_digest=drawn(32))
    return {
        "origin": _ORIGIN,
        "log_key": {"seed": log_seed.hex(), "key_id": verifier.key_id.hex(), "vkey": verifier.vkey},
        "witness_key": {
            "seed": witness_seed.hex(),
            "name": witness.name,
            "key_id": witness.key_id.hex(),
            "vkey": witness.vkey,
        },
        "checkpoint": {"size": plain.size, "root": plain.root_hash.hex(), "note": note.decode()},
        "continued_checkpoint": {
            "size": went_on.size,
            "root": went_on.root_hash.hex(),
            "number": continued.number,
            "position": continued.position,
            "note": note_on.decode(),
        },
        "cosigned": {"time": time_s, "note": cosign(note, witness, witness_seed, time_s).decode()},
        "gossip": {
            "directory_version": header.version,
            "directory_digest": header_digest(header).hex(),
            "before_any_checkpoint": write_gossip(None, header, header.version).SerializeToString().hex(),
            "of_checkpoint": write_gossip(note, header, header.version).SerializeToString().hex(),
            "of_continued_checkpoint": write_gossip(note_on, header, header.version).SerializeToString().hex(),
        },
    }
