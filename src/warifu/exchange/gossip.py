"""What parties tell each other of the hub, inside sealed queries and answers: the newest checkpoint, the directory.

Decides how it is written, in 168 bytes whatever it says, and read: the lines of a checkpoint's signed note that everybody
knows are left out and put back, so that what was signed is whole again. Whether it is believed, and what follows, is decided
by whoever reads it. Pure. The hub must never see it: it would know what to show to whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.api.record.v1 import sealed_pb2
from warifu.canonical import DIGEST_SIZE
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_header import header_digest
from warifu.tlog.checkpoint import Checkpoint, read_checkpoint_unverified
from warifu.tlog.continuation import NEVER_CONTINUED, Continuation
from warifu.tlog.merkle import HASH_LENGTH
from warifu.tlog.note import note_of, signatures_of

__all__ = ["GOSSIP_SIZE", "Told", "has_known_lines", "read_gossip", "write_gossip"]

GOSSIP_SIZE: Final = 168
"""Bytes of all gossip, as it is serialized."""

_KEY_ID_SIZE: Final = 4
_SIGNATURE_SIZE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one party tells. ``note`` is a signed note that nobody has verified; None while the party saw none.

    ``key_id`` (4 bytes) says which key of the log signed it. ``directory_digest`` stands for the header of its version.
    """

    note: bytes | None
    key_id: bytes
    directory_version: int
    directory_digest: bytes


def has_known_lines(note: bytes, checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint's note has nothing but what gossip can carry: this network's logs write no other lines.

    Raises: LOG_INVALID for what is no note, or says out of range that the log went on.
    """
    return checkpoint.extensions == Continuation.of(checkpoint).lines and len(signatures_of(note)) == 1


def write_gossip(note: bytes | None, header: DirectoryHeader, version: int) -> sealed_pb2.Gossip:
    """What to tell: ``note`` was verified, and has one signature line. Raises: LOG_INVALID for one with other lines."""
    size, root, continuation, signed = 0, bytes(HASH_LENGTH), NEVER_CONTINUED, bytes(_KEY_ID_SIZE + _SIGNATURE_SIZE)
    if note is not None:
        checkpoint, ((_, signed),) = read_checkpoint_unverified(note), signatures_of(note)[:1]
        size, root, continuation = checkpoint.size, checkpoint.root_hash, Continuation.of(checkpoint)
        if not has_known_lines(note, checkpoint) or len(signed) != _KEY_ID_SIZE + _SIGNATURE_SIZE:
            raise WarifuError(Reason.LOG_INVALID, where="checkpoint: with lines of another kind")
    return sealed_pb2.Gossip(
        size=size,
        root_hash=root,
        continuation=continuation.number,
        continued_at=max(continuation.position, 0),
        key_id=signed[:_KEY_ID_SIZE],
        log_signature=signed[_KEY_ID_SIZE:],
        directory_version=version,
        directory_digest=header_digest(header),
    )


def read_gossip(gossip: sealed_pb2.Gossip, origin: str, *, where: str = "gossip") -> Told:
    """What is told, of the log called ``origin``. Raises: LOG_INVALID at the field that makes no sense."""
    for name, length in (
        ("root_hash", HASH_LENGTH),
        ("key_id", _KEY_ID_SIZE),
        ("log_signature", _SIGNATURE_SIZE),
        ("directory_digest", DIGEST_SIZE),
    ):
        if len(getattr(gossip, name)) != length:
            raise WarifuError(Reason.LOG_INVALID, where=f"{where}.{name}")
    if not gossip.directory_version:
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}.directory_version")
    return Told(
        note=_note(gossip, origin, where) if any(gossip.log_signature) else None,
        key_id=gossip.key_id,
        directory_version=gossip.directory_version,
        directory_digest=gossip.directory_digest,
    )


def _note(gossip: sealed_pb2.Gossip, origin: str, where: str) -> bytes:
    number = gossip.continuation
    continuation = Continuation(number, gossip.continued_at) if number else NEVER_CONTINUED
    try:
        told = Checkpoint(
            origin=origin, size=gossip.size, root_hash=gossip.root_hash, extensions=continuation.lines
        ).to_text()
    except ValueError:
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}.size") from None
    return note_of(told, [(origin, gossip.key_id + gossip.log_signature)])
