"""Verify the exchange log from outside, offline, with nothing but its public key.

Decides whether a copy on disk, one entry with its proof, or a pair of checkpoints is what the log's key signed for.
The steps of ``verify_copy``, each numbered where it is done:

1. the checkpoint is signed by the given key, its origin is that key's name, and as many of the given witnesses as are
   wanted cosigned it;
2. every entry hashes to its place in its level 0 tile;
3. every tile above holds the hashes that the entries give;
4. the root over all entries is the checkpoint's;
5. if the reader kept an earlier checkpoint, this log extends it.

What passes was *published*. A log may hold more that is *sequenced* or *integrated* and not published yet; nothing
here can see it. Without step 5 nobody can tell a full copy from one rolled back to an earlier checkpoint.

Must never know: private keys, what an entry means, the network, the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint, open_checkpoint
from warifu.tlog.cosignature import Cosignature, Witness, check_cosigned, cosignatures
from warifu.tlog.merkle import HASH_LENGTH, MerkleTree, leaf_hash, verify_consistency, verify_inclusion
from warifu.tlog.note import Verifier
from warifu.tlog.tiles import CHECKPOINT_FILE, Tile, read_bundle, read_file, tiles_of

__all__ = ["VerifiedLog", "verify_copy", "verify_entry", "verify_extends"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedLog:
    """A copy that verified: its checkpoint, its whole Merkle tree, and its entries on demand.

    ``cosignatures`` are those of the witnesses that were asked for.
    """

    checkpoint: Checkpoint
    tree: MerkleTree = field(repr=False)
    cosignatures: tuple[Cosignature, ...] = ()
    directory: Path

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.checkpoint.size

    @property
    def root_hash(self) -> bytes:
        """The 32-byte root over all entries."""
        return self.checkpoint.root_hash

    def leaves(self) -> Iterator[bytes]:
        """Give every entry in order, read from the copy again.

        Each one is held against the hash that verified, so a file changed since then raises LOG_INVALID and never
        passes as verified.
        """
        for tile in _bundles_of(self.size):
            entries = read_bundle(self.directory, tile)
            verified = self.tree.subtree_hashes(0, tile.first, tile.width)
            _require_hashes(tile, entries, verified, "changed since it was verified")
            yield from entries


def verify_copy(
    directory: Path,
    vkey: str,
    progress: Callable[[int, int], None] | None = None,
    *,
    seen: bytes | None = None,
    witnesses: Sequence[Witness] = (),
    least_cosignatures: int = 0,
) -> VerifiedLog:
    """Verify a copy of the log in ``directory`` against the public key ``vkey`` (C2SP verifier key text).

    ``progress`` is called with (entries done, entries in all), at most once per 256 entries. ``seen`` is a signed
    checkpoint the reader kept from earlier, which the copy must extend. The copy's checkpoint must bear the cosignatures of
    ``least_cosignatures`` of ``witnesses``.

    Raises KEY_INVALID for a malformed ``vkey``; LOG_INVALID naming the file, and the entry or line, that is wrong.
    """
    verifier = Verifier.parse(vkey)
    note = read_file(directory, CHECKPOINT_FILE)
    checkpoint = _opened(note, verifier, witnesses, least_cosignatures, CHECKPOINT_FILE)  # 1
    tree = MerkleTree()
    for tile in _bundles_of(checkpoint.size):
        _take_bundle(directory, tile, tree)  # 2
        if progress is not None:
            progress(tree.size, checkpoint.size)
    _check_upper_tiles(directory, tree)  # 3
    if tree.root() != checkpoint.root_hash:  # 4
        raise WarifuError(Reason.LOG_INVALID, where=f"{CHECKPOINT_FILE} line 3: the entries give another root")
    if seen is not None:
        _check_extends_seen(tree, open_checkpoint(seen, verifier, where="earlier checkpoint"))  # 5
    found = tuple(cosignatures(note, witnesses, where=CHECKPOINT_FILE))
    return VerifiedLog(checkpoint=checkpoint, tree=tree, directory=directory, cosignatures=found)


def verify_entry(
    *,
    leaf: bytes,
    index: int,
    proof: Sequence[bytes],
    signed_checkpoint: bytes,
    vkey: str,
    witnesses: Sequence[Witness] = (),
    least_cosignatures: int = 0,
) -> Checkpoint:
    """Verify that ``leaf`` is entry ``index`` (from 0) of the log, and give the checkpoint that covers it.

    ``leaf`` is the entry as logged; ``proof`` is its inclusion proof at the checkpoint's size, 32 bytes each. The
    checkpoint must bear the cosignatures of ``least_cosignatures`` of ``witnesses``.
    Raises KEY_INVALID for a malformed ``vkey``, LOG_INVALID otherwise.
    """
    checkpoint = _opened(signed_checkpoint, Verifier.parse(vkey), witnesses, least_cosignatures, "checkpoint")
    verify_inclusion(
        leaf_hash=leaf_hash(leaf),
        index=index,
        size=checkpoint.size,
        proof=proof,
        root=checkpoint.root_hash,
        where=f"inclusion proof of entry {index}",
    )
    return checkpoint


def verify_extends(
    *,
    old_checkpoint: bytes,
    new_checkpoint: bytes,
    proof: Sequence[bytes],
    vkey: str,
    witnesses: Sequence[Witness] = (),
    least_cosignatures: int = 0,
) -> Checkpoint:
    """Verify that the newer signed checkpoint only adds to the older one, and give the newer.

    ``proof`` is the consistency proof between their sizes, 32 bytes each. The newer one must bear the cosignatures of
    ``least_cosignatures`` of ``witnesses``. A newer checkpoint with fewer entries is a
    log rolled back, and refused. Raises KEY_INVALID for a malformed ``vkey``, LOG_INVALID otherwise.
    """
    verifier = Verifier.parse(vkey)
    old = open_checkpoint(old_checkpoint, verifier, where="old checkpoint")
    new = _opened(new_checkpoint, verifier, witnesses, least_cosignatures, "new checkpoint")
    if new.size < old.size:
        raise _rolled_back("new checkpoint", old, new.size)
    verify_consistency(
        first=old.size,
        second=new.size,
        first_root=old.root_hash,
        second_root=new.root_hash,
        proof=proof,
        where=f"consistency proof from {old.size} to {new.size}",
    )
    return new


def _opened(note: bytes, verifier: Verifier, witnesses: Sequence[Witness], least: int, where: str) -> Checkpoint:
    checkpoint = open_checkpoint(note, verifier, where=where)
    if least > 0:
        check_cosigned(note, witnesses, least, where=where)
    return checkpoint


def _bundles_of(size: int) -> Iterator[Tile]:
    """Give the tiles of level 0, one for each bundle of entries."""
    for tile in tiles_of(size):
        if tile.level:
            return
        yield tile


def _take_bundle(directory: Path, tile: Tile, tree: MerkleTree) -> None:
    """Hold one bundle against its tile and append it to the tree."""
    entries = read_bundle(directory, tile)
    hashes = _read_tile(directory, tile)
    _require_hashes(tile, entries, hashes, f"differs from {tile.path}")
    tree.extend(hashes[at : at + HASH_LENGTH] for at in range(0, len(hashes), HASH_LENGTH))


def _require_hashes(tile: Tile, entries: Sequence[bytes], hashes: bytes, what: str) -> None:
    """Check each entry of a bundle against its 32 bytes of ``hashes``."""
    for number, entry in enumerate(entries):
        if leaf_hash(entry) != hashes[number * HASH_LENGTH : (number + 1) * HASH_LENGTH]:
            where = f"{tile.entries_path} entry {tile.first + number}: {what}"
            raise WarifuError(Reason.LOG_INVALID, where=where)


def _check_upper_tiles(directory: Path, tree: MerkleTree) -> None:
    for tile in tiles_of(tree.size):
        if not tile.level:
            continue
        expected = tree.subtree_hashes(8 * tile.level, tile.first, tile.width)
        if _read_tile(directory, tile) != expected:
            raise WarifuError(Reason.LOG_INVALID, where=f"{tile.path}: differs from what the entries give")


def _read_tile(directory: Path, tile: Tile) -> bytes:
    content = read_file(directory, tile.path)
    if len(content) != tile.width * HASH_LENGTH:
        raise WarifuError(Reason.LOG_INVALID, where=f"{tile.path}: not {tile.width} hashes")
    return content


def _check_extends_seen(tree: MerkleTree, seen: Checkpoint) -> None:
    if seen.size > tree.size:
        raise _rolled_back(CHECKPOINT_FILE, seen, tree.size)
    if tree.root(seen.size) != seen.root_hash:
        where = f"{CHECKPOINT_FILE}: another history than the earlier checkpoint of {seen.size} entries"
        raise WarifuError(Reason.LOG_INVALID, where=where)


def _rolled_back(where: str, earlier: Checkpoint, size: int) -> WarifuError:
    return WarifuError(Reason.LOG_INVALID, where=f"{where} line 2: {size} entries, {earlier.size} earlier")
