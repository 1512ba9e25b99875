"""Checking at a counter that a card is genuine, there, and what is printed on it: one service on the operator.

Decides by the three steps that a terminal takes: who certified the maker (the card-verifiable certificate), whether the maker signed
what the chip shows, and whether the chip that shows it is there (it signs the nonce). Then the print: what a machine can compare it compares,
and the clerk says what only eyes can. It sees no My Number and no hash of one: the contract says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from warifu.card.applications.records import certified_key, is_signed
from warifu.card.tlv import found, tlv
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.jpki.signature import check_signature
from warifu_services.verifier.verifying import Verification

__all__ = ["CHECKS", "LARGEST_CERTIFICATE", "LARGEST_FACE", "Counter", "ReadCard", "judge"]

LARGEST_CERTIFICATE: Final = 1_024
LARGEST_FACE: Final = 70_000
"""Bytes in what a terminal reads."""

CHECKS: Final = (
    "the nonce was open and is used up",
    "the office that issues cards certified the maker",
    "the maker signed what the chip shows",
    "the chip is there: it signed the nonce",
    "birth date and sex in print are the chip's",
    "the expiry in print is the chip's",
    "name and address in print are the chip's (clerk)",
    "portrait, print and holder are one person (clerk)",
)
"""What each step found when it found nothing amiss, in order, for people to read."""

_FACE: Final = 0xFF20
_BIRTH, _SEX, _KEY, _NAME, _ADDRESS, _PORTRAIT, _SIGNATURE, _EXPIRY = (
    0xDF22,
    0xDF23,
    0xDF24,
    0xDF25,
    0xDF26,
    0xDF27,
    0xDF28,
    0xDF29,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCard:
    """What a terminal read from a card, what the clerk read off it, and what the clerk found. Dates are YYYYMMDD."""

    nonce: bytes = field(repr=False)
    cv_certificate: bytes = field(repr=False)
    face_record: bytes = field(repr=False)
    presence: bytes = field(repr=False)
    printed_birth_date: str = field(repr=False)
    printed_sex: str = field(repr=False)
    printed_expiry: str = field(repr=False)
    texts_agree: bool
    faces_agree: bool


class Counter:
    """Judges cards for the counters of services. ``card_root`` is the public key of the office that issues cards."""

    def __init__(self, *, verification: Verification, card_root: bytes) -> None:
        self._verification = verification
        self._root = card_root

    async def check(self, service: InstitutionCode, card: ReadCard) -> tuple[str, ...]:
        """What was checked. Raises: NONCE_NOT_OPEN; as :func:`judge`; STORE_UNAVAILABLE."""
        await self._verification.use_nonce(service, card.nonce)
        judge(card, self._root)
        return CHECKS


def judge(card: ReadCard, root: bytes) -> None:
    """All steps but the nonce's.

    Raises: REQUEST_MALFORMED for what is no such record; SIGNATURE_INVALID, saying whose; ITEMS_DIFFER, saying which.
    """
    try:
        maker = certified_key(card.cv_certificate, root)
    except ValueError:
        raise WarifuError(Reason.SIGNATURE_INVALID, where="cv_certificate") from None
    face = _Face.read(card.face_record)
    if not is_signed(maker, face.signature, *face.signed):
        raise WarifuError(Reason.SIGNATURE_INVALID, where="face_record")
    check_signature(face.key, card.presence, card.nonce, where="presence")
    differing = {
        "birth_date": face.birth_date != card.printed_birth_date,
        "sex": face.sex != card.printed_sex,
        "expiry": face.expiry != card.printed_expiry,
        "texts": not card.texts_agree,
        "faces": not card.faces_agree,
    }
    if any(differing.values()):
        named = ", ".join(what for what, differs in differing.items() if differs)
        raise WarifuError(Reason.ITEMS_DIFFER, where=f"printed: {named}")


@dataclass(frozen=True, slots=True)
class _Face:
    """Face data, taken apart. ``signed`` are the three parts that the maker signed."""

    birth_date: str
    sex: str
    expiry: str
    key: rsa.RSAPublicKey
    signature: bytes
    signed: tuple[bytes, ...]

    @classmethod
    def read(cls, record: bytes) -> _Face:
        try:
            inside = found(record, _FACE)
            value = {tag: found(inside, tag) for tag in range(_BIRTH, _EXPIRY + 1)}
            modulus, exponent = (int.from_bytes(found(value[_KEY], tag), "big") for tag in (0x91, 0x90))
            return cls(
                birth_date=value[_BIRTH].decode("ascii"),
                sex=value[_SEX].decode("ascii"),
                expiry=value[_EXPIRY].decode("ascii"),
                key=rsa.RSAPublicNumbers(exponent, modulus).public_key(),
                signature=value[_SIGNATURE],
                signed=tuple(
                    b"".join(tlv(tag, value[tag]) for tag in part)
                    for part in ((_BIRTH, _SEX, _KEY), (_NAME, _ADDRESS), (_PORTRAIT,))
                ),
            )
        except (ValueError, IndexError):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="face_record") from None
