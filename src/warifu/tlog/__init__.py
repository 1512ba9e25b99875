"""The exchange log as anyone can check it: hashing, signed checkpoints, a copy on disk, offline verification.

Three words are used here as Tessera uses them, and mean three different promises about an entry:

- *sequenced*: the entry is on disk and has its index for good. It will be in the tree; nobody can prove it yet.
- *integrated*: the log's own Merkle tree covers it, so its root and proofs can be computed.
- *published*: a checkpoint that covers it is signed and can be fetched. From here on the log is bound to it.

The package decides whether bytes are what a signed checkpoint says they are. It must never know what an entry
means, who took part in an exchange, or which process calls it. Read ``merkle``, then ``note``, ``checkpoint``,
``cosignature``, ``tiles``, ``verify``.
"""

from warifu.tlog.checkpoint import Checkpoint, log_origin, open_checkpoint, sign_checkpoint
from warifu.tlog.cosignature import Cosignature, Witness, check_cosigned, cosignatures
from warifu.tlog.merkle import EMPTY_ROOT, MerkleTree, leaf_hash, verify_consistency, verify_inclusion
from warifu.tlog.note import Verifier, open_note, sign
from warifu.tlog.tiles import read_entries, write_copy
from warifu.tlog.verify import VerifiedLog, verify_copy, verify_entry, verify_extends

__all__ = [
    "EMPTY_ROOT",
    "Checkpoint",
    "Cosignature",
    "MerkleTree",
    "VerifiedLog",
    "Verifier",
    "Witness",
    "check_cosigned",
    "cosignatures",
    "leaf_hash",
    "log_origin",
    "open_checkpoint",
    "open_note",
    "read_entries",
    "sign",
    "sign_checkpoint",
    "verify_consistency",
    "verify_copy",
    "verify_entry",
    "verify_extends",
    "verify_inclusion",
    "write_copy",
]
