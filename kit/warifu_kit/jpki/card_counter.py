"""A municipality's counter: it has a card made for an applicant, and hands it over.

Decides in which order: apply, order, have the chip written at the maker, send the notice; then, when the holder comes, check her
identity, let her set PINs, hand the card over. Which step may follow which, the office decides (``warifu_services.jpki.card_life``). Private
keys are drawn for the chip and leave it nowhere; the office sees public halves and proofs. The maker writes PINs that nobody learns.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from warifu.api.jpki.v1 import card_service_pb2 as cards
from warifu.api.jpki.v1 import certificate_service_pb2 as pb
from warifu.card.applications import input_support, jpki, resident_register
from warifu.card.chip_state import Chip
from warifu.card.making import made, unblocked
from warifu.card.personalisation import CardKey, Personalisation, Pins
from warifu.card.secrets import Pin, PrivateKey
from warifu.client import BlockingCardClient
from warifu.jpki.profile import CertificateUse
from warifu.jpki.statements import possession_statement
from warifu_kit.card.pictures import face_of
from warifu_kit.jpki.applicant import Applicant, ApplicationOnFile, place_of
from warifu_services.jpki.card_root import read_maker
from warifu_services.jpki.validity import LEAST_AGE_TO_SIGN, age_on

__all__ = ["CardCounter", "ChosenPins", "with_pins"]

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_FIELDS: Final = {CertificateUse.SIGNING: "signing_key", CertificateUse.AUTHENTICATION: "authentication_key"}
Step: TypeAlias = "cards.CardStep"


@dataclass(frozen=True, slots=True)
class ChosenPins:
    """What a holder chooses at the counter: one PIN of four digits for three applications, and a password for signing."""

    four_digits: Pin
    password: Pin | None


class CardCounter:
    """Works with the office behind ``client``; ``maker`` is the folder of the authority, where the maker's key lies."""

    def __init__(self, client: BlockingCardClient, maker: Path) -> None:
        self._client = client
        self._maker = maker

    def apply(self, applicant: Applicant, predecessor: str = "") -> ApplicationOnFile:
        """Apply and order. Raises: what the office refuses with."""
        prefecture, municipality = place_of(applicant)
        code = Pin.of(f"{secrets.randbelow(10**4):04}")
        request = cards.ApplyForCardRequest(
            request_id=secrets.token_bytes(16),
            four_items=_items(applicant),
            prefecture=prefecture,
            municipality=municipality,
            portrait=face_of(applicant.items, applicant.my_number, code).portrait,
            predecessor_application_id=predecessor,
        )
        applied = self._client.apply(request)
        self._step(applied.application_id, cards.CARD_STEP_ORDER)
        return ApplicationOnFile(
            applicant=applicant,
            application_id=applied.application_id,
            last_day=date.fromisoformat(applied.last_day),
            security_code=code,
        )

    def make(self, kept: ApplicationOnFile, today: date) -> Chip:
        """Have the maker write the chip, and send the notice. Its PINs are known to nobody. Raises: what the office refuses with."""
        uses = [use for use in CertificateUse if use is not CertificateUse.SIGNING or _may_sign(kept, today)]
        keys = {use: PrivateKey.generate() for use in uses}
        request_id = secrets.token_bytes(16)
        told = {_FIELDS[use]: _card_key(request_id, use, key) for use, key in keys.items()}
        issued = self._client.issue(
            pb.IssueCertificatesRequest(request_id=request_id, application_id=kept.application_id, **told)
        )
        chip = made(self._personalisation(kept, keys, issued))
        self._step(kept.application_id, cards.CARD_STEP_NOTIFY)
        return chip

    def collect(self, kept: ApplicationOnFile, chip: Chip, check: int, pins: ChosenPins) -> Chip:
        """Hand the card over to whom it is for, PINs set. ``check`` is the contract's. Raises: what the office refuses with; REQUEST_MALFORMED for a PIN."""
        set_up = with_pins(chip, pins)  # before anything is on record: a PIN of the wrong shape changes nothing
        self._step(kept.application_id, cards.CARD_STEP_COLLECT, check)
        self._step(kept.application_id, cards.CARD_STEP_ACTIVATE)
        return set_up

    def suspend(self, application_id: str) -> None:
        """Report a card lost. Raises: what the office refuses with."""
        self._step(application_id, cards.CARD_STEP_SUSPEND)

    def resume(self, application_id: str) -> None:
        """Report it found. Raises: what the office refuses with."""
        self._step(application_id, cards.CARD_STEP_RESUME)

    def history(self, application_id: str) -> cards.GetCardResponse:
        """How far a card is, and every step that it took. Raises: what the office refuses with."""
        return self._client.card(application_id)

    def _step(self, application_id: str, step: Step, check: int = 0) -> None:
        request = cards.AdvanceCardRequest(application_id=application_id, step=step)
        request.identity_check = check  # type: ignore[assignment]
        self._client.advance(request)

    def _personalisation(
        self, kept: ApplicationOnFile, keys: dict[CertificateUse, PrivateKey], issued: pb.IssueCertificatesResponse
    ) -> Personalisation:
        trust, applicant = self._client.trust(), kept.applicant
        signing = keys.get(CertificateUse.SIGNING)
        return Personalisation(
            serial=f"SIM{secrets.randbelow(10**12):012}",
            municipality=applicant.municipality,
            expires=kept.last_day,
            security_code=kept.security_code,
            authentication=CardKey(
                keys[CertificateUse.AUTHENTICATION], issued.authentication_certificate, trust.authentication_roots[0]
            ),
            signing=None if signing is None else CardKey(signing, issued.signing_certificate, trust.signing_roots[0]),
            presence_key=PrivateKey.generate(),
            pins=_unknown_pins(can_sign=signing is not None),
            records=read_maker(self._maker),
            my_number=applicant.my_number,
            items=applicant.items,
            face=face_of(applicant.items, applicant.my_number, kept.security_code),
        )


def _items(applicant: Applicant) -> pb.FourItems:
    items = applicant.items
    return pb.FourItems(
        name=items.name, address=items.address, birth_date=f"{items.born:%Y%m%d}", sex=str(int(items.sex))
    )


def _may_sign(kept: ApplicationOnFile, today: date) -> bool:
    return age_on(kept.applicant.items.born, today) >= LEAST_AGE_TO_SIGN


def _card_key(request_id: bytes, use: CertificateUse, key: PrivateKey) -> pb.CardKey:
    """The public half, and the proof that the chip has the other."""
    public = key.loaded().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    statement = possession_statement(request_id, use, public)
    return pb.CardKey(public_key=public, possession=key.loaded().sign(statement, padding.PKCS1v15(), SHA256()))


def _unknown_pins(*, can_sign: bool) -> Pins:
    """PINs that nobody learns: the holder sets hers at the counter."""

    def drawn(alphabet: str, count: int) -> Pin:
        return Pin.of("".join(secrets.choice(alphabet) for _ in range(count)))

    digits: Callable[[], Pin] = lambda: drawn("0123456789", 4)  # noqa: E731
    return Pins(digits(), digits(), digits(), drawn(_ALPHABET, 16) if can_sign else None)


def with_pins(chip: Chip, pins: ChosenPins) -> Chip:
    """The chip with the holder's PINs. Raises: REQUEST_MALFORMED."""
    for aid, identifier in (
        (jpki.AID, jpki.AUTHENTICATION_PIN),
        (input_support.AID, input_support.PIN),
        (resident_register.AID, resident_register.PIN),
    ):
        chip = unblocked(chip, aid, identifier, pins.four_digits)
    if pins.password is not None:
        chip = unblocked(chip, jpki.AID, jpki.SIGNING_PIN, pins.password)
    return chip
