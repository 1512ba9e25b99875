"""A copy of a log as plain files, laid out as C2SP ``tlog-tiles`` says, so that other tools read it too.

Decides file names, what each file holds, and that a copy is written only under a checkpoint it bears out::

    checkpoint                      the signed checkpoint, written last
    tile/<level>/<number>[.p/<w>]   up to 256 hashes of 32 bytes; level 0 holds leaf hashes
    tile/entries/<number>[.p/<w>]   up to 256 entries, each after its length in 2 bytes, big-endian

Only *published* entries belong in a copy: those *sequenced* (on disk) or *integrated* (in the tree) but not yet under
a signed checkpoint are left out. Files that the checkpoint does not need may lie beside those it does (partial tiles
of earlier sizes do); nothing vouches for them and nobody may read them.

Must never know: what an entry means, private keys, whether the reader trusts the checkpoint (see ``verify``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint, read_checkpoint_unverified
from warifu.tlog.merkle import HASH_LENGTH, leaf_hash
from warifu.tlog.note import MAX_NOTE_BYTES
from warifu.tlog.tiled_tree import TILE_WIDTH, TiledTree

__all__ = [
    "CHECKPOINT_FILE",
    "MAX_ENTRY_BYTES",
    "TILE_WIDTH",
    "CopyWriter",
    "Tile",
    "decode_entries",
    "encode_entries",
    "read_bundle",
    "read_entries",
    "read_file",
    "tiles_of",
    "write_copy",
]

CHECKPOINT_FILE: Final = "checkpoint"
MAX_ENTRY_BYTES: Final = 0xFFFF
_MAX_BUNDLE_BYTES: Final = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)


@dataclass(frozen=True, slots=True)
class Tile:
    """The place of one tile: level 0 to 63, number within the level, and how many hashes it holds, 1 to 256."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The name of its file of hashes, relative to the copy."""
        return f"tile/{self.level}/{self._number_path}"

    @property
    def entries_path(self) -> str:
        """The name of the file of the entries under a tile of level 0, relative to the copy."""
        return f"tile/entries/{self._number_path}"

    @property
    def first(self) -> int:
        """The number, within the level, of its first hash."""
        return self.number * TILE_WIDTH

    @property
    def _number_path(self) -> str:
        rest, last = divmod(self.number, 1000)
        parts = [f"{last:03d}"]
        while rest:
            rest, part = divmod(rest, 1000)
            parts.insert(0, f"x{part:03d}")
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return "/".join(parts) + partial


def tiles_of(size: int) -> Iterator[Tile]:
    """Give every tile of a log of ``size`` entries, level by level from 0, each level from the left."""
    level, hashes = 0, size
    while hashes:
        full, width = divmod(hashes, TILE_WIDTH)
        for number in range(full):
            yield Tile(level, number)
        if width:
            yield Tile(level, full, width)
        level, hashes = level + 1, full


def encode_entries(entries: Sequence[bytes], *, first: int = 0) -> bytes:
    """Give the bundle of some entries. ``first`` is the index of the first one, to say which is wrong.

    Raises LOG_INVALID for an entry over 65,535 bytes, which the format cannot carry.
    """
    bundle = bytearray()
    for index, entry in enumerate(entries, start=first):
        if len(entry) > MAX_ENTRY_BYTES:
            raise WarifuError(Reason.LOG_INVALID, where=f"entry {index}: longer than {MAX_ENTRY_BYTES} bytes")
        bundle += len(entry).to_bytes(2, "big")
        bundle += entry
    return bytes(bundle)


def decode_entries(bundle: bytes, count: int, *, where: str, first: int = 0) -> list[bytes]:
    """Give the ``count`` entries of a bundle, the first of which has index ``first``.

    Raises LOG_INVALID at ``where`` and the entry, when the bundle is cut short or holds more.
    """
    entries, offset = [], 0
    for index in range(first, first + count):
        start = offset + 2
        offset = start + int.from_bytes(bundle[offset:start], "big")
        if start > len(bundle) or offset > len(bundle):
            raise WarifuError(Reason.LOG_INVALID, where=f"{where}: cut short in entry {index}")
        entries.append(bundle[start:offset])
    if offset != len(bundle):
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}: goes on after entry {first + count - 1}")
    return entries


class CopyWriter:
    """Writes the published log into ``directory``, some entries at a time; last the tiles at its edge, and the checkpoint.

    It holds no more entries than one tile has, and some tiles, however long the log is. A directory that holds an earlier copy of the same log is brought up to
    date: until the checkpoint is replaced the earlier copy stays whole. The files are not forced to disk one by one; after
    a power failure verify the copy, or write it again elsewhere.

    The checkpoint held is evidence: if the log is later cut back or forked, it shows that. So only a checkpoint that
    extends it takes its place.

    Raises LOG_INVALID when the entries do not give the checkpoint's size and root, when one is over 65,535 bytes, when
    the checkpoint does not extend the one held, or when a tile is there already with other bytes (then the directory
    holds another log); STORE_UNAVAILABLE when a file cannot be written. In each case the checkpoint is left as it was.
    """

    def __init__(self, directory: Path, signed_checkpoint: bytes) -> None:
        """Raises: LOG_INVALID when the checkpoint is none, or does not extend the one held."""
        self._directory = directory
        self._signed = signed_checkpoint
        self._checkpoint = read_checkpoint_unverified(signed_checkpoint)
        self._held = _held_checkpoint(directory, self._checkpoint)
        self._tree = TiledTree(self._read_tile)
        self._batch: list[bytes] = []

    def add(self, leaves: Iterable[bytes]) -> None:
        """Write the next entries. Raises: as the class says."""
        for leaf in leaves:
            self._batch.append(leaf)
            if len(self._batch) == TILE_WIDTH:
                self._write_batch()

    def finish(self) -> None:
        """Write what is left, and the checkpoint if the entries are what it counts. Raises: as the class says."""
        if self._batch:
            self._write_batch()
        tree, checkpoint = self._tree, self._checkpoint
        if tree.size != checkpoint.size:
            where = f"{CHECKPOINT_FILE} line 2: the log given has {tree.size} entries"
            raise WarifuError(Reason.LOG_INVALID, where=where)
        if tree.root() != checkpoint.root_hash:
            raise WarifuError(Reason.LOG_INVALID, where=f"{CHECKPOINT_FILE} line 3: the log given has another root")
        for edge in tree.edges():
            width = len(edge.hashes) // HASH_LENGTH
            _put(self._directory, Tile(edge.level, edge.number, width).path, edge.hashes)
        _replace(self._directory, CHECKPOINT_FILE, self._signed)

    def _write_batch(self) -> None:
        _write_bundle(self._directory, self._tree, self._batch, self._held)
        for tile in self._tree.whole():
            _put(self._directory, Tile(tile.level, tile.number).path, tile.hashes)
        self._tree.stored(self._tree.size)
        self._batch = []

    def _read_tile(self, level: int, number: int) -> bytes:
        return read_file(self._directory, Tile(level, number).path)


def write_copy(directory: Path, leaves: Iterable[bytes], signed_checkpoint: bytes) -> None:
    """Write the published log with a :class:`CopyWriter`, which says what is raised.

    ``leaves`` are the entries, in order, exactly as many as the checkpoint counts.
    """
    writer = CopyWriter(directory, signed_checkpoint)
    writer.add(leaves)
    writer.finish()


def read_entries(directory: Path, size: int) -> Iterator[bytes]:
    """Give the first ``size`` entries of a copy whose checkpoint has that size, as they are in the files.

    Nothing is verified; ``verify.verify_copy`` does that. Raises LOG_INVALID at a bundle that is missing or misshapen.
    """
    for tile in tiles_of(size):
        if tile.level:
            return
        yield from read_bundle(directory, tile)


def read_bundle(directory: Path, tile: Tile) -> list[bytes]:
    """Give the entries under one tile of level 0. Raises LOG_INVALID at a bundle that is missing or misshapen."""
    bundle = read_file(directory, tile.entries_path, _MAX_BUNDLE_BYTES)
    return decode_entries(bundle, tile.width, where=tile.entries_path, first=tile.first)


def read_file(directory: Path, name: str, limit: int = max(MAX_NOTE_BYTES, TILE_WIDTH * HASH_LENGTH)) -> bytes:
    """Give one file of a copy, of at most ``limit`` bytes. Raises LOG_INVALID when it is missing or larger."""
    try:
        with (directory / name).open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        what = "missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise WarifuError(Reason.LOG_INVALID, where=f"{name}: {what}", debug=type(error).__name__) from error
    if len(content) > limit:
        raise WarifuError(Reason.LOG_INVALID, where=f"{name}: larger than {limit} bytes")
    return content


def _held_checkpoint(directory: Path, offered: Checkpoint) -> Checkpoint | None:
    """The checkpoint that is in the directory, if any. Raises LOG_INVALID when the one offered cannot extend it."""
    if not (directory / CHECKPOINT_FILE).exists():
        return None
    held = read_checkpoint_unverified(read_file(directory, CHECKPOINT_FILE))
    if held.origin != offered.origin:
        raise WarifuError(Reason.LOG_INVALID, where=f"{CHECKPOINT_FILE} line 1: the copy held is of another log")
    if offered.size < held.size:
        fault = f"the log has {offered.size} entries and the copy held has {held.size}: it was cut back"
        raise WarifuError(Reason.LOG_INVALID, where=f"{CHECKPOINT_FILE} line 2: {fault}")
    return held


def _write_bundle(directory: Path, tree: TiledTree, entries: list[bytes], held: Checkpoint | None) -> None:
    """Append up to 256 entries to the tree and write their file; the tree is at a multiple of 256."""
    tile = Tile(0, tree.size // TILE_WIDTH, len(entries))
    bundle = encode_entries(entries, first=tile.first)
    for entry in entries:
        tree.append(leaf_hash(entry))
    # Looked at before the file is written: a file of another log would keep the true one out for good.
    if held is not None and tile.first < held.size <= tree.size and tree.root(held.size) != held.root_hash:
        fault = f"the log given does not extend the {held.size} entries of the copy held"
        raise WarifuError(Reason.LOG_INVALID, where=f"{CHECKPOINT_FILE} line 3: {fault}")
    _put(directory, tile.entries_path, bundle)


def _put(directory: Path, name: str, content: bytes) -> None:
    """Write a file that never changes: if it is there it must hold the same bytes."""
    if not (directory / name).exists():
        _replace(directory, name, content)
    elif read_file(directory, name, _MAX_BUNDLE_BYTES) != content:
        raise WarifuError(Reason.LOG_INVALID, where=f"{name}: already there with other bytes")


def _replace(directory: Path, name: str, content: bytes) -> None:
    """Put a whole file in place in one step, so that a reader sees the old one or the new one."""
    target = directory / name
    passing = target.with_name(f".{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        passing.write_bytes(content)
        passing.replace(target)
    except OSError as error:
        raise WarifuError(Reason.STORE_UNAVAILABLE, where=name, debug=type(error).__name__) from error
