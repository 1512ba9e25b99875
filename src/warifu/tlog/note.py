"""Signed notes: a short text and, under it, lines of signatures, readable by people and by other logs' tools.

Decides whether a note is well formed and signed by a key the reader already trusts. The form is C2SP
``signed-note``; the only signature type is Ed25519 (type byte 0x01), made over the text itself as that document
asks, not over a labelled digest as the rest of the network signs. Lines of other types, such as a witness's
(``cosignature``), are read and passed over.

A note says nothing by itself about *sequenced*, *integrated* or *published*: a checkpoint in it does. The text of a
note MUST NOT be used before ``open_note`` has returned it.

Must never know: what the text means, files, the clock.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import nacl.exceptions
import nacl.signing

from warifu.errors import Reason, WarifuError

__all__ = [
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "Verifier",
    "decode_base64",
    "key_id",
    "note_of",
    "open_note",
    "read_text_unverified",
    "sign",
    "signatures_of",
]

MAX_NOTE_BYTES: Final = 1 << 14
"""Room for a text and as many signatures as there may be; whoever shows a note makes its reader look at every byte."""

MAX_SIGNATURES: Final = 64
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f]")
_NOT_IN_A_NAME: Final = re.compile("[+\\s\x00-\x1f\ud800-\udfff]")
"""Half a character, as of a command line that is not UTF-8, is not in a name either: nothing could be hashed over it."""

_ED25519: Final = b"\x01"
_DASH: Final = "\u2014 "  # em dash and space open every signature line


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key together with the name it signs under. Public; its text form is called a *vkey*.

    ``name`` is not empty and has no space or plus; ``public_key`` is 32 bytes (RFC 8032).
    """

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name) or len(self.public_key) != 32:
            raise ValueError("a verifier needs a key name and a 32-byte key")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which a signature line refers to this key."""
        return key_id(self.name, self.public_key)

    @property
    def vkey(self) -> str:
        """The text form: name, key id in hex, and base64 of type byte and key, joined by plus signs."""
        return f"{self.name}+{self.key_id.hex()}+{_encode_base64(_ED25519 + self.public_key)}"

    @classmethod
    def parse(cls, vkey: str, *, where: str = "verifier key") -> Verifier:
        """Read the text form. Raises KEY_INVALID at ``where`` when it is malformed or its id is not its key's."""
        name, _, rest = vkey.partition("+")
        hex_id, _, encoded = rest.partition("+")
        raw = decode_base64(encoded)
        if not _is_name(name) or raw is None or len(raw) != 33 or raw[:1] != _ED25519:
            raise WarifuError(Reason.KEY_INVALID, where=where)
        verifier = cls(name, raw[1:])
        if hex_id != verifier.key_id.hex():
            raise WarifuError(Reason.KEY_INVALID, where=where)
        return verifier

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Say whether ``signature`` is this key's Ed25519 signature over exactly ``text``."""
        try:
            nacl.signing.VerifyKey(self.public_key).verify(text, signature)
        except (nacl.exceptions.CryptoError, ValueError):  # ValueError: a signature that has not 64 bytes
            return False
        return True


def key_id(name: str, public_key: bytes) -> bytes:
    """Give the 4-byte id of an Ed25519 key under a name (C2SP signed-note). It identifies; it does not protect."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def sign(text: str, name: str, signing_key: bytes | nacl.signing.SigningKey) -> bytes:
    """Give the note with one signature under ``text`` by the key called ``name``.

    ``text`` ends in a newline and has no other control characters; ``signing_key`` is a 32-byte Ed25519 seed or a
    PyNaCl key. Raises ValueError for a text or name that no reader would accept.
    """
    if not _is_name(name) or not text.endswith("\n") or _has_control(text):
        raise ValueError("a note needs a text of whole lines and a key name without spaces or plus")
    key = nacl.signing.SigningKey(signing_key) if isinstance(signing_key, bytes) else signing_key
    return note_of(text, [(name, key_id(name, bytes(key.verify_key)) + key.sign(text.encode()).signature)])


def open_note(note: bytes, verifiers: Iterable[Verifier], *, where: str = "note") -> str:
    """Give the text of a note that at least one of the verifiers has signed.

    Signatures by other keys are ignored. A bad signature under a known name and id refuses the whole note.
    Raises LOG_INVALID at ``where`` (with the line, where one is at fault), and KEY_INVALID when two different
    verifiers share name and id.
    """
    text, first_line, signature_lines = _split(note, where)
    known = _by_name_and_id(verifiers)
    accepted = False
    for number, line in enumerate(signature_lines, start=first_line):
        at = f"{where} line {number}"
        name, signed = _parse_signature(line, at)
        verifier = known.get((name, signed[:4]))
        if verifier is None:
            continue
        if not verifier.accepts(text.encode(), signed[4:]):
            raise WarifuError(Reason.LOG_INVALID, where=f"{at}: bad signature")
        accepted = True
    if not accepted:
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}: no signature by a trusted key")
    return text


def read_text_unverified(note: bytes, *, where: str = "note") -> str:
    """Give the text of a well-formed note without looking at who signed it.

    MUST NOT be used to believe a note: it serves the one who holds the log and is about to hand the note on.
    Raises LOG_INVALID at ``where``.
    """
    return _split(note, where)[0]


def signatures_of(note: bytes, *, where: str = "note") -> list[tuple[str, bytes]]:
    """Each signature line of a well-formed note: the key's name, and 4 bytes of key id with what follows them.

    None of them is verified. Raises LOG_INVALID at ``where``.
    """
    _, first_line, lines = _split(note, where)
    return [_parse_signature(line, f"{where} line {number}") for number, line in enumerate(lines, start=first_line)]


def note_of(text: str, signatures: Iterable[tuple[str, bytes]]) -> bytes:
    """The note with these signature lines, as :func:`signatures_of` gives them, under a text of whole lines."""
    lines = [f"{_DASH}{name} {_encode_base64(signed)}\n" for name, signed in signatures]
    return f"{text}\n{''.join(lines)}".encode()


def decode_base64(text: str) -> bytes | None:
    """Decode standard base64 (RFC 4648 §4) of the one canonical spelling; None for anything else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if _encode_base64(raw) == text else None


def _encode_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _split(note: bytes, where: str) -> tuple[str, int, list[str]]:
    """Take a note apart into its text, the line number of its first signature, and its signature lines."""
    if len(note) > MAX_NOTE_BYTES:
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}: longer than {MAX_NOTE_BYTES} bytes")
    try:
        decoded = note.decode()
    except UnicodeDecodeError:
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}: not UTF-8") from None
    text, blank, signatures = decoded.rpartition("\n\n")
    if _has_control(decoded) or not blank or not signatures.endswith("\n"):
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}: not a signed note")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise WarifuError(Reason.LOG_INVALID, where=f"{where}: more than {MAX_SIGNATURES} signatures")
    return text + "\n", text.count("\n") + 3, lines


def _parse_signature(line: str, at: str) -> tuple[str, bytes]:
    """Read one signature line into the key's name and the signed bytes: 4 of key id, then the signature."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    signed = decode_base64(encoded)
    if not line.startswith(_DASH) or not _is_name(name) or signed is None or len(signed) < 5:
        raise WarifuError(Reason.LOG_INVALID, where=f"{at}: not a signature line")
    return name, signed


def _by_name_and_id(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise WarifuError(Reason.KEY_INVALID, where="verifier keys")
    return known


def _is_name(name: str) -> bool:
    return bool(name) and _NOT_IN_A_NAME.search(name) is None


def _has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None
