"""Cosignatures: what a witness says of a checkpoint that it held against every one it saw before.

Decides how a cosignature is made, read and counted. The form is C2SP ``tlog-cosignature``, Ed25519 (type byte 0x04): a
line in the signed note beside the log's own, over the note's text and the time of the witness. That the witness may sign, it
does not decide (``witnessing``).

Must never know: files, the clock, the network.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import nacl.exceptions
import nacl.signing

from warifu.errors import Reason, WarifuError
from warifu.tlog.note import Verifier, decode_base64, note_of, read_text_unverified, signatures_of

__all__ = ["Cosignature", "Witness", "check_cosigned", "cosign", "cosignatures", "merged"]

_TYPE: Final = b"\x04"
_TIME_SIZE: Final = 8
_SIGNATURE_SIZE: Final = 64
_KEY_ID_SIZE: Final = 4
_LATEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness's public key (32 bytes, RFC 8032) with the name it signs under: no spaces, no plus. Public."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        Verifier(self.name, self.public_key)  # raises ValueError for a name or key that is none

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which a signature line refers to this key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _TYPE + self.public_key).digest()[:_KEY_ID_SIZE]

    @property
    def vkey(self) -> str:
        """The text form: name, key id in hex, and base64 of type byte and key, joined by plus signs."""
        encoded = base64.b64encode(_TYPE + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, vkey: str, *, where: str = "witness key") -> Witness:
        """Read the text form. Raises KEY_INVALID at ``where`` when it is malformed or its id is not its key's."""
        name, _, rest = vkey.partition("+")
        hex_id, _, encoded = rest.partition("+")
        raw = decode_base64(encoded)
        if raw is None or raw[:1] != _TYPE:
            raise WarifuError(Reason.KEY_INVALID, where=where)
        try:
            witness = cls(name, raw[1:])
        except ValueError:
            raise WarifuError(Reason.KEY_INVALID, where=where) from None
        if hex_id != witness.key_id.hex():
            raise WarifuError(Reason.KEY_INVALID, where=where)
        return witness


@dataclass(frozen=True, slots=True)
class Cosignature:
    """That a witness saw this checkpoint, and none that it does not extend, at ``time`` (Unix seconds, by its clock)."""

    witness: Witness
    time: int


def cosign(note: bytes, witness: Witness, signing_key: bytes | nacl.signing.SigningKey, time: int) -> bytes:
    """The note with one more line: the cosignature of ``witness`` at ``time`` (Unix seconds). Nothing is checked.

    ``signing_key`` is a 32-byte Ed25519 seed or a PyNaCl key. Raises LOG_INVALID for what is no note; ValueError for a
    time out of range.
    """
    if not 0 <= time <= _LATEST:
        raise ValueError("a cosignature's time is below 2**63 seconds")
    text = read_text_unverified(note)
    key = nacl.signing.SigningKey(signing_key) if isinstance(signing_key, bytes) else signing_key
    signature = key.sign(_message(text, time)).signature
    line = (witness.name, witness.key_id + time.to_bytes(_TIME_SIZE, "big") + signature)
    return note_of(text, [*signatures_of(note), line])


def cosignatures(note: bytes, witnesses: Iterable[Witness], *, where: str = "checkpoint") -> list[Cosignature]:
    """The cosignatures of these witnesses, one for each that cosigned (its newest), in the order of ``witnesses``.

    Lines of others are passed over. Raises LOG_INVALID at the line of a witness whose signature does not verify.
    """
    text, known = read_text_unverified(note, where=where), {(each.name, each.key_id): each for each in witnesses}
    newest: dict[Witness, int] = {}
    for name, signed in signatures_of(note, where=where):
        witness = known.get((name, signed[:_KEY_ID_SIZE]))
        if witness is not None:
            time = _verified(text, witness, signed[_KEY_ID_SIZE:], where)
            newest[witness] = max(time, newest.get(witness, 0))
    return [Cosignature(witness, newest[witness]) for witness in known.values() if witness in newest]


def check_cosigned(
    note: bytes, witnesses: Sequence[Witness], least: int, *, where: str = "checkpoint"
) -> list[Cosignature]:
    """The cosignatures of a note that must bear those of ``least`` different witnesses.

    Raises LOG_INVALID at ``where``, saying how many there are, when there are fewer or one does not verify.
    """
    found = cosignatures(note, witnesses, where=where)
    if len({each.witness.public_key for each in found}) < least:
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}: {len(found)} of {least} cosignatures wanted")
    return found


def merged(note: bytes, other: bytes) -> bytes:
    """``note`` with the lines of ``other`` that it lacks, of the same text; of one key's lines those of ``note`` stay.

    Raises LOG_INVALID when the texts differ or either is no note.
    """
    text = read_text_unverified(note)
    if read_text_unverified(other) != text:
        raise WarifuError(Reason.LOG_INVALID, where="note: of another text")
    lines = signatures_of(note)
    known = {(name, signed[:_KEY_ID_SIZE]) for name, signed in lines}
    return note_of(text, [*lines, *(each for each in signatures_of(other) if (each[0], each[1][:4]) not in known)])


def _verified(text: str, witness: Witness, signed: bytes, where: str) -> int:
    """The time of a cosignature that verifies."""
    time, signature = int.from_bytes(signed[:_TIME_SIZE], "big"), signed[_TIME_SIZE:]
    try:
        if len(signature) != _SIGNATURE_SIZE or time > _LATEST:
            raise ValueError("not a timestamped signature")
        nacl.signing.VerifyKey(witness.public_key).verify(_message(text, time), signature)
    except (nacl.exceptions.CryptoError, ValueError):
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}: bad cosignature of {witness.name}") from None
    return time


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
