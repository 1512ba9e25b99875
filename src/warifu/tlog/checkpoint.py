"""Checkpoints: the few lines a log signs to bind itself to everything it holds so far.

Decides how (origin, size, root) is written and read (C2SP ``tlog-checkpoint``), and that only the key named like
the origin may speak for it. Entries below ``size`` are *published* once the signed checkpoint can be fetched; before
that they are only *sequenced* (on disk, index fixed) or *integrated* (in the tree).

A log MUST NOT sign two checkpoints of which neither extends the other; nothing here can know that, so whoever holds
the key must see to it. Must never know: entries, files, the clock.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

import nacl.signing

from warifu.errors import Reason, WarifuError
from warifu.tlog.merkle import HASH_LENGTH
from warifu.tlog.note import Verifier, decode_base64, open_note, read_text_unverified, sign

__all__ = ["Checkpoint", "is_signed", "log_origin", "open_checkpoint", "read_checkpoint_unverified", "sign_checkpoint"]

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_MAX_SIZE: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says it is: its identity, its number of entries, and its 32-byte Merkle root.

    ``extensions`` are further lines other logs may add. They are carried and never read; this network writes none.
    """

    origin: str
    size: int
    root_hash: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = [self.origin, *self.extensions]
        if not all(line and not any(letter < " " for letter in line) for line in lines):
            raise ValueError("origin and extensions are non-empty lines without control characters")
        if not 0 <= self.size <= _MAX_SIZE or len(self.root_hash) != HASH_LENGTH:
            raise ValueError("a checkpoint needs a size below 2**63 and a 32-byte root")

    def to_text(self) -> str:
        """Give the text a log signs: one line each for origin, size in decimal, root in base64, and extensions."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root_hash).decode(), *self.extensions]
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str, *, where: str = "checkpoint") -> Checkpoint:
        """Read the text of a checkpoint. Raises LOG_INVALID at ``where``, naming the line at fault."""
        *lines, rest = text.split("\n")
        if rest or len(lines) < 3:
            raise WarifuError(Reason.LOG_INVALID, where=f"{where}: fewer than three whole lines")
        for number, line in enumerate(lines, start=1):
            if not line or any(letter < " " for letter in line):
                raise _bad_line(where, number)
        root = decode_base64(lines[2])
        if not _SIZE.fullmatch(lines[1]) or int(lines[1]) > _MAX_SIZE:
            raise _bad_line(where, 2)
        if root is None or len(root) != HASH_LENGTH:
            raise _bad_line(where, 3)
        return cls(origin=lines[0], size=int(lines[1]), root_hash=root, extensions=tuple(lines[3:]))


def log_origin(network: str) -> str:
    """Give the origin of a network's exchange log; it is also the name of the key that signs for it."""
    return f"warifu.test/{network}/exchange-log"


def sign_checkpoint(checkpoint: Checkpoint, signing_key: bytes | nacl.signing.SigningKey) -> bytes:
    """Give the checkpoint as a signed note. The key signs under the origin as its name.

    ``signing_key`` is a 32-byte Ed25519 seed or a PyNaCl key. Raises ValueError when the origin has spaces or plus.
    """
    return sign(checkpoint.to_text(), checkpoint.origin, signing_key)


def open_checkpoint(note: bytes, verifier: Verifier, *, where: str = "checkpoint") -> Checkpoint:
    """Give the checkpoint of a note signed by ``verifier``, whose name must be the origin.

    Without the second condition a key trusted for one log could speak for another. Raises LOG_INVALID at ``where``.
    """
    checkpoint = Checkpoint.parse(open_note(note, [verifier], where=where), where=where)
    if checkpoint.origin != verifier.name:
        raise _bad_line(where, 1)
    return checkpoint


def is_signed(note: bytes, verifier: Verifier) -> bool:
    """Whether :func:`open_checkpoint` gives one."""
    try:
        open_checkpoint(note, verifier)
    except WarifuError:
        return False
    return True


def read_checkpoint_unverified(note: bytes, *, where: str = "checkpoint") -> Checkpoint:
    """Give the checkpoint of a note without looking at who signed it.

    MUST NOT be used to believe a checkpoint: it serves the one who holds the log. Raises LOG_INVALID at ``where``.
    """
    return Checkpoint.parse(read_text_unverified(note, where=where), where=where)


def _bad_line(where: str, number: int) -> WarifuError:
    return WarifuError(Reason.LOG_INVALID, where=f"{where} line {number}")
