"""What the maker of a card is given to put into one: the input of personalisation.

Decides what must be known before a chip can be written, and which of it may be left out: somebody under 15 has no signing
certificate, a phone has certificates and nothing else. Where the values come from (certificate authority, application,
collection) it must never know; nor where they lie: ``personalisation_file`` says how they are saved.

Sources: the field layout of the card as ``warifu.card.applications`` writes it; JPKI Act, Articles 3 and 22 (two certificates);
what a real maker is handed was not found.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date

from warifu.card.secrets import Pin, PrivateKey
from warifu.identifiers import MunicipalityCode, MyNumber

__all__ = ["CardKey", "CardKind", "FaceData", "FourItems", "Personalisation", "Pins", "RecordSigner", "Sex"]


class CardKind(enum.Enum):
    """What the chip is in. A phone's secure element holds the certificates' application alone."""

    CARD = "card"
    ANDROID = "android"
    IPHONE = "iphone"


class Sex(enum.IntEnum):
    """As the chip writes it (DF25)."""

    MALE = 1
    FEMALE = 2
    OTHER = 3


@dataclass(frozen=True, slots=True, repr=False)
class FourItems:
    """Name, address, date of birth and sex (基本4情報), as they are printed. Personal: masked when printed by a program."""

    name: str
    address: str
    born: date
    sex: Sex

    def __repr__(self) -> str:
        return "FourItems(…)"


@dataclass(frozen=True, slots=True, repr=False)
class FaceData:
    """Pictures of what is printed on the card, for a terminal to show beside it. Masked when printed by a program.

    ``portrait`` is JPEG 2000 in grey, the others PNG of one bit a pixel. They are only stored; nobody opens them here.
    """

    portrait: bytes
    name: bytes
    address: bytes
    my_number: bytes
    security_code: bytes

    def __repr__(self) -> str:
        return "FaceData(…)"


@dataclass(frozen=True, slots=True)
class CardKey:
    """One of the two pairs: its private key, its certificate and that of the authority that issued it, all in DER.

    Certificates must be 256 to 65,535 bytes: terminals read the length from bytes 2 and 3.
    """

    private_key: PrivateKey
    certificate: bytes
    issuer_certificate: bytes


@dataclass(frozen=True, slots=True)
class Pins:
    """What the holder chose when she collected the card. ``signing`` is left out where the signing key is.

    ``authentication``, ``input_support`` and ``resident_register`` are four digits; ``signing`` is 6 to 16 upper-case letters and
    digits.
    """

    authentication: Pin
    input_support: Pin
    resident_register: Pin
    signing: Pin | None = None


@dataclass(frozen=True, slots=True)
class RecordSigner:
    """Who signs the records on the chip, so that a terminal can tell them from made-up ones.

    ``key`` signs; ``cv_certificate`` is the card-verifiable certificate over its public half (file 0004) that
    ``warifu.card.applications.records.cv_certificate`` makes.
    """

    key: PrivateKey
    cv_certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Personalisation:
    """All that goes into one chip.

    ``serial`` is 15 printable ASCII characters, ``security_code`` four digits, ``expires`` the day the card ends.
    ``signing`` is None for somebody under 15. ``presence_key`` signs a terminal's challenge without any PIN and so shows that this
    chip is there; the card's own, or a batch's. ``my_number``, ``items`` and ``face`` are None on a phone, and only there.
    """

    kind: CardKind = CardKind.CARD
    serial: str
    municipality: MunicipalityCode
    expires: date
    security_code: Pin
    authentication: CardKey
    signing: CardKey | None
    presence_key: PrivateKey
    pins: Pins
    records: RecordSigner
    my_number: MyNumber | None
    items: FourItems | None
    face: FaceData | None
