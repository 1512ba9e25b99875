"""The Merkle tree of the log: hashes in, roots and proofs out.

Decides which root a list of leaf hashes has, and whether a proof shows that a leaf is in a tree or that one tree
extends another. Hashing and proofs follow RFC 6962 §2.1; checking them follows RFC 9162 §2.1.3.2 and §2.1.4.2.

An entry in this tree is *integrated*. The tree cannot say whether the entry is *sequenced* (on disk for good) or
*published* (under a signed checkpoint); the caller MUST have sequenced an entry before appending it here.

Must never know: what an entry says, keys, files, the clock.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Final

from warifu.errors import Reason, WarifuError

__all__ = [
    "EMPTY_ROOT",
    "HASH_LENGTH",
    "MerkleTree",
    "ProvingTree",
    "implied_roots",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]

HASH_LENGTH: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Give the 32-byte hash of one log entry (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the 32-byte hash of an inner node from its two 32-byte children (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class ProvingTree(ABC):
    """An append-only tree that can prove things about itself at any size it ever had, wherever its hashes lie."""

    __slots__ = ()

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of leaves."""

    @abstractmethod
    def _node(self, height: int, number: int) -> bytes:
        """The 32-byte hash of the complete subtree ``number`` of ``2**height`` leaves, counted from the left."""

    def root(self, size: int | None = None) -> bytes:
        """Give the 32-byte root of the first ``size`` leaves, of all leaves by default.

        Raises REQUEST_MALFORMED when the tree never had that size.
        """
        wanted = self.size if size is None else size
        self._check_size(wanted, "size")
        return self._range_hash(0, wanted) if wanted else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Prove that leaf ``index`` is in the tree of the first ``size`` leaves (RFC 6962 §2.1.1).

        Gives at most 63 hashes, from the leaf's sibling upwards. Raises REQUEST_MALFORMED for an index or size that
        the tree does not have.
        """
        self._check_size(size, "size")
        if not 0 <= index < size:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="index")
        proof, height, position, last = [], 0, index, size - 1
        while last > 0:
            sibling = position ^ 1
            if sibling <= last:
                proof.append(self._range_hash(sibling << height, min((sibling + 1) << height, size)))
            height, position, last = height + 1, position >> 1, last >> 1
        return proof

    def consistency_proof(self, first: int, second: int) -> list[bytes]:
        """Prove that the tree of size ``second`` extends the tree of size ``first`` (RFC 6962 §2.1.2).

        The proof is empty when the sizes are equal, and when ``first`` is 0, since every tree extends the empty one.
        Raises REQUEST_MALFORMED when ``first`` exceeds ``second`` or the tree never had such a size.
        """
        self._check_size(second, "second")
        if not 0 <= first <= second:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="first")
        return self._subproof(first, second) if 0 < first < second else []

    def _subproof(self, first: int, second: int) -> list[bytes]:
        """Walk from the root to the edge of the older tree, collecting what lies beside the path."""
        proof: list[bytes] = []
        start, end = 0, second
        while end != first:
            middle = start + _largest_power_below(end - start)
            if first <= middle:
                proof.append(self._range_hash(middle, end))
                end = middle
            else:
                proof.append(self._range_hash(start, middle))
                start = middle
        if start:  # the older tree is not one complete subtree, so its last part cannot be derived from its root
            proof.append(self._range_hash(start, end))
        proof.reverse()
        return proof

    def _range_hash(self, start: int, end: int) -> bytes:
        """Hash the non-empty leaves ``start`` to ``end``; ``start`` is a place where RFC 6962 splits."""
        parts = []
        while start < end:
            height = (end - start).bit_length() - 1
            parts.append(self._node(height, start >> height))
            start += 1 << height
        joined = parts.pop()
        while parts:
            joined = node_hash(parts.pop(), joined)
        return joined

    def _check_size(self, size: int, where: str) -> None:
        if not 0 <= size <= self.size:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=where)


class MerkleTree(ProvingTree):
    """Such a tree in memory.

    It keeps the hash of every complete subtree, one ``bytearray`` per height: 64 bytes per leaf in all.

    One thread may append while others read sizes they have seen: the leaf itself is written last, so ``size`` never
    counts a leaf whose subtrees are not all there.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        self.extend(leaf_hashes)

    @classmethod
    def of_joined(cls, leaf_hashes: bytes) -> MerkleTree:
        """The tree of the leaf hashes that ``leaf_hashes`` is made of, 32 bytes each: height by height, at half the cost."""
        tree = cls()
        tree._levels = [bytearray(leaf_hashes)]
        while len(tree._levels[-1]) >= 2 * HASH_LENGTH:
            tree._levels.append(_parents(tree._levels[-1]))
        return tree

    def __repr__(self) -> str:
        return f"MerkleTree(size={self.size})"

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self._levels[0]) // HASH_LENGTH

    def append(self, leaf_hash: bytes) -> int:
        """Append one 32-byte leaf hash and give its index, counted from 0.

        Raises ValueError for any other length: that is a fault of the caller, not of a log.
        """
        if len(leaf_hash) != HASH_LENGTH:
            raise ValueError("a leaf hash has 32 bytes")
        levels = self._levels
        index = number = len(levels[0]) // HASH_LENGTH
        node, height = leaf_hash, 0
        while number & 1:  # the node is a right child, so its parent is complete now
            left = levels[height][(number - 1) * HASH_LENGTH : number * HASH_LENGTH]
            node, number, height = hashlib.sha256(b"\x01" + left + node).digest(), number >> 1, height + 1
            if height == len(levels):
                levels.append(bytearray())
            levels[height] += node
        levels[0] += leaf_hash
        return index

    def extend(self, leaf_hashes: Iterable[bytes]) -> int:
        """Append several 32-byte leaf hashes in order and give the new size. Raises ValueError as ``append`` does."""
        append = self.append
        for one in leaf_hashes:
            append(one)
        return self.size

    def subtree_hashes(self, height: int, first: int, count: int) -> bytes:
        """Give the hashes of ``count`` complete subtrees of ``2**height`` leaves, from number ``first``, concatenated.

        Raises REQUEST_MALFORMED when they are not all complete.
        """
        if min(height, first, count) < 0 or (first + count) << height > self.size:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="subtree")
        if not count:
            return b""
        return bytes(self._levels[height][first * HASH_LENGTH : (first + count) * HASH_LENGTH])

    def _node(self, height: int, number: int) -> bytes:
        return bytes(self._levels[height][number * HASH_LENGTH : (number + 1) * HASH_LENGTH])


def verify_inclusion(
    *, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes, where: str = "inclusion proof"
) -> None:
    """Check that the leaf is number ``index`` of the tree of ``size`` leaves with that root (RFC 9162 §2.1.3.2).

    All hashes have 32 bytes. Raises LOG_INVALID at ``where`` unless the proof shows exactly that.
    """
    _require(0 <= index < size, where)
    _require_hashes([leaf_hash, root, *proof], where)
    node, last, running = index, size - 1, leaf_hash
    for sibling in proof:
        _require(last > 0, where)
        if node & 1 or node == last:
            running = node_hash(sibling, running)
            node, last = _skip_lone_levels(node, last)
        else:
            running = node_hash(running, sibling)
        node, last = node >> 1, last >> 1
    _require(last == 0 and running == root, where)


def verify_consistency(
    *,
    first: int,
    second: int,
    first_root: bytes,
    second_root: bytes,
    proof: Sequence[bytes],
    where: str = "consistency proof",
) -> None:
    """Check that the tree (``second``, ``second_root``) extends (``first``, ``first_root``) (RFC 9162 §2.1.4.2).

    Sizes are leaves, hashes have 32 bytes. The RFC leaves an empty first tree open: here it is extended by every
    tree, with an empty proof. Raises LOG_INVALID at ``where`` unless the proof shows exactly that.
    """
    _require(0 <= first <= second, where)
    _require_hashes([first_root, second_root, *proof], where)
    if first == second:
        _require(not proof and first_root == second_root, where)
    elif first == 0:
        _require(not proof and first_root == EMPTY_ROOT, where)
    else:
        _require(implied_roots(first, second, first_root, proof, where=where) == (first_root, second_root), where)


def implied_roots(
    first: int, second: int, first_root: bytes, proof: Sequence[bytes], *, where: str = "consistency proof"
) -> tuple[bytes, bytes]:
    """The two roots that a proof implies for sizes ``0 < first < second``, whether or not it shows anything.

    Where ``first`` is a power of two the proof says nothing of the first root, and ``first_root`` is taken for it. A proof
    that implies the second root as it was signed implies the one and only root of the first size below it: hashes do not
    collide. Raises LOG_INVALID at ``where`` for what is no proof between such sizes.
    """
    _require(0 < first < second, where)
    _require_hashes([first_root, *proof], where)
    _require(bool(proof), where)
    path = [first_root, *proof] if first & (first - 1) == 0 else proof
    return _rebuild_roots(first, second, path, where)


def _rebuild_roots(first: int, second: int, path: Sequence[bytes], where: str) -> tuple[bytes, bytes]:
    """Give the roots that a path implies for sizes ``0 < first < second``."""
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = path[0]
    for part in path[1:]:
        _require(last > 0, where)
        if node & 1 or node == last:
            older, newer = node_hash(part, older), node_hash(part, newer)
            node, last = _skip_lone_levels(node, last)
        else:
            newer = node_hash(newer, part)
        node, last = node >> 1, last >> 1
    _require(last == 0, where)
    return older, newer


def _skip_lone_levels(node: int, last: int) -> tuple[int, int]:
    """Go up past the levels at which a rightmost node has no sibling and is its own parent."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _largest_power_below(count: int) -> int:
    """The largest power of two smaller than ``count``, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _parents(hashes: bytearray) -> bytearray:
    """The hashes of the complete pairs of ``hashes``."""
    pairs = range(0, len(hashes) - HASH_LENGTH, 2 * HASH_LENGTH)
    sha256 = hashlib.sha256
    return bytearray().join(sha256(b"\x01" + hashes[at : at + 2 * HASH_LENGTH]).digest() for at in pairs)


def _require(holds: bool, where: str) -> None:
    if not holds:
        raise WarifuError(Reason.LOG_INVALID, where=where)


def _require_hashes(hashes: Iterable[bytes], where: str) -> None:
    _require(all(len(one) == HASH_LENGTH for one in hashes), where)
